//! Money that a person vouches for: the attempt is made and proven in one commit, by the decision that takes a
//! channel's word too.

use crate::audit::{Act, Origin};
use crate::channel_account::{ChannelAccount, Method};
use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::exception::{Exception, ExceptionKind};
use crate::id::{AttemptId, ChannelAccountId, TypedId};
use crate::moment::Moment;
use crate::payment::start_attempt::ATTEMPTS_MAX;
use crate::payment::{Attempt, Payment, close, take_report};
use crate::product::Product;
use crate::refusal::Refusal;
use crate::report::PaidEvidence;
use crate::snapshot::Snapshot;
use crate::transfer::{self, Part};
use serde_json::json;

/// What vouched for money is decided by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vouched<'a> {
    /// The contract.
    pub account: &'a ChannelAccount,
    /// What is paid for.
    pub product: &'a Product,
    /// What the person says.
    pub evidence: &'a PaidEvidence,
}

/// An earlier attempt that is now being closed at its channel.
#[derive(Debug, Clone)]
pub(crate) struct ClosingEarlier {
    /// The attempt.
    pub attempt: Attempt,
}

/// Takes the money for a payment that has no open attempt. What the payment then is, the road of every success says:
/// the one that counts, a duplicate or late.
pub(crate) fn vouch(
    (payment, attempt): (&Payment, Attempt),
    vouched: Vouched<'_>,
    (snapshot, changes): (&Snapshot, &mut Changes),
    moment: &mut Moment<'_>,
) -> Result<Payment, Refusal> {
    if payment.attempts_count >= ATTEMPTS_MAX {
        return Err(Refusal::TooManyAttempts { max: ATTEMPTS_MAX });
    }
    let mut payment = payment.clone();
    payment.latest_attempt_id = Some(attempt.id);
    payment.attempts_count = payment.attempts_count.saturating_add(1);
    payment.updated_at_us = moment.now_us;
    if !payment.status.terminal() {
        payment.open_attempt_id = Some(attempt.id);
    }
    let (payment, attempt, made) = take_report::vouched((payment, attempt), vouched, snapshot, moment);
    if attempt.disposition.is_none() {
        return Err(Refusal::SlipUsed);
    }
    for change in made.into_vec() {
        changes.put_change(change);
    }
    changes.put(attempt);
    changes.put(payment.clone());
    Ok(payment)
}

/// Ends the open attempt where nobody has to be told, or asks its channel to close it.
pub(crate) fn clear_open(
    payment: &Payment,
    (lease_us, origin): (i64, &Origin),
    (snapshot, changes): (&Snapshot, &mut Changes),
    moment: &mut Moment<'_>,
) -> Result<Option<ClosingEarlier>, Refusal> {
    let open = payment.open_attempt_id.and_then(|id| snapshot.attempts.get(&(payment.tenant_id, id)));
    let Some(open) = open else { return Ok(None) };
    let mut attempt = open.clone();
    if attempt.method == Method::BankTransfer {
        transfer::end((&mut attempt, Part::Refuse), snapshot, changes, moment)?;
        changes.put(attempt);
        return Ok(None);
    }
    if attempt.close_requested_at_us.is_some() || !attempt.method.told_to_channel() {
        return Err(Refusal::AttemptInProgress { outcome_unknown: attempt.close_requested_at_us.is_some() });
    }
    close::request(&mut attempt, snapshot, lease_us, changes, moment);
    let detail = json!({ "attempt": attempt.id, "because": "another_method" });
    changes.audit((payment.tenant_id, origin), Act::PaymentClose, &payment.id, &detail, moment);
    changes.put(close::asked(payment, moment.now_us));
    changes.put(attempt.clone());
    Ok(Some(ClosingEarlier { attempt }))
}

/// The rows of the open attempt that [`clear_open`] has to see.
pub(crate) fn want_open(payment: &Payment, wants: &mut Wants) {
    if let Some(open) = payment.open_attempt_id {
        wants.add(Want::Attempt(payment.tenant_id, open));
        wants.add(Want::Instruction(payment.tenant_id, open.id128()));
        wants.add(Want::TransferOrder(payment.tenant_id, open));
    }
}

/// The accounts and matters that [`vouch`] has to see.
pub(crate) fn want_vouched(
    payment: &Payment,
    (channel_account_id, attempt_id, method): (ChannelAccountId, AttemptId, Method),
    wants: &mut Wants,
) {
    for kind in [ExceptionKind::DuplicatePaid, ExceptionKind::LateSuccess] {
        let id = Exception::id_of(payment.tenant_id, kind, &attempt_id.to_string());
        wants.add(Want::Exception(payment.tenant_id, id));
    }
    take_report::want_fulfilment(payment, wants);
    let counts = payment.effective_attempt_id.is_none() && !payment.status.terminal();
    take_report::success_accounts(payment, (channel_account_id, method), counts, wants);
}

//! Refunds that no order system asked for: of stray money, and of a taking that is to be undone.

use super::{Asked, CreateRefund, Funding, make};
use crate::decision::Changes;
use crate::fulfilment;
use crate::moment::Moment;
use crate::payment::{Attempt, Counted, Disposition, Payment};
use crate::refund::{Refund, RefundOrigin, RefundState};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::split::Undoing;
use crate::view::refund_event;
use crate::webhook::EventKind;

/// The refund of all that a counter took, waiting for a second person; the refund itself is left to the caller to write.
pub(crate) fn ask_void(
    command: &CreateRefund,
    (snapshot, changes): (&Snapshot, &mut Changes),
    moment: &mut Moment<'_>,
) -> Result<Refund, Refusal> {
    let payment = snapshot.payments.get(&(command.tenant_id, command.payment_id));
    let payment = payment.ok_or(Refusal::NotFound { what: "payment" })?;
    let attempt = command.attempt(payment, snapshot)?;
    let whole = attempt.refundable_minor() == command.amount_minor;
    if attempt.disposition != Some(Disposition::Effective) || !whole {
        return Err(Refusal::NotVoidable);
    }
    let shares = Undoing::of(payment, attempt.id, (command.amount_minor, moment.now_us), snapshot)?;
    let funding = command.funding((payment, attempt), &shares, snapshot)?;
    let (mut payment, mut attempt) = (payment.clone(), attempt.clone());
    let asked = Asked {
        origin: RefundOrigin::Void,
        merchant_refund_no: None,
        amount_minor: command.amount_minor,
        by_item: Vec::new(),
        reason: command.reason.clone(),
        status: RefundState::PendingApproval,
        shares,
    };
    let (mut refund, _) = make(asked, funding, (&payment, &mut attempt), changes, moment);
    fulfilment::stop((&mut payment, &refund), snapshot, changes, moment)?;
    changes.put(refund_event(EventKind::RefundApprovalRequired, &mut refund, moment));
    payment.refunding_minor = payment.refunding_minor.saturating_add(command.amount_minor);
    payment.count_shares(&refund, Counted::Back);
    payment.updated_at_us = moment.now_us;
    changes.put(payment);
    changes.put(attempt);
    Ok(refund)
}

/// The system's own refund of all the stray money of an attempt, drawn from where it was just booked.
pub(crate) fn refund_stray(
    attempt: &mut Attempt,
    payment: &Payment,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    // Of a discount nothing is the payer's: where he paid nothing himself, nothing goes back.
    let amount_minor = attempt.payer_paid_minor();
    if amount_minor < 1 {
        return;
    }
    let drawn_minor = attempt.settled_minor();
    let (reason, funding) = match attempt.disposition {
        Some(Disposition::Duplicate) => {
            ("duplicate", Funding { duplicate_minor: drawn_minor, ..Funding::default() })
        }
        Some(Disposition::Late) => {
            ("late_success", Funding { late_success_minor: drawn_minor, ..Funding::default() })
        }
        Some(Disposition::Mismatch) => {
            ("amount_mismatch", Funding { suspense_minor: drawn_minor, ..Funding::default() })
        }
        Some(Disposition::Effective) | None => return,
    };
    let asked = Asked {
        origin: RefundOrigin::System,
        merchant_refund_no: None,
        amount_minor,
        by_item: Vec::new(),
        reason: reason.to_owned(),
        status: RefundState::Approved,
        shares: Undoing::default(),
    };
    let (refund, _) = make(asked, funding, (payment, attempt), changes, moment);
    changes.put(refund);
}

//! Which rows a report about an attempt has to see.

use super::TakePaymentReport;
use crate::channel_account::Method;
use crate::command::{Want, Wants};
use crate::exception::{Exception, ExceptionKind};
use crate::id::ChannelAccountId;
use crate::key::{KeyName, NaturalKind};
use crate::ledger::{AccountKind, AccountRef};
use crate::payment::{Attempt, Payment, money_account, want_parts};
use crate::report::{PaidEvidence, PaymentFinding};
use crate::snapshot::Snapshot;
use crate::split;
use tk_money::Amount;

/// The exceptions that the decision may open, reopen or close; the plain success looks at none.
pub(super) fn exceptions(
    command: &TakePaymentReport,
    (payment, attempt): (&Payment, &Attempt),
    snapshot: &Snapshot,
    wants: &mut Wants,
) {
    // Whether a success is plain is not known before its contract is: asked again after the next load.
    if !snapshot.knows(&Want::ChannelAccount(attempt.tenant_id, attempt.channel_account_id)) {
        return;
    }
    let kinds: &[ExceptionKind] = match &command.report.finding {
        PaymentFinding::Paid(evidence) if plain(evidence, (payment, attempt), snapshot) => {
            if attempt.needs_manual { &[ExceptionKind::PaymentUnknown] } else { &[] }
        }
        PaymentFinding::Paid(_) => &[
            ExceptionKind::AmountMismatch,
            ExceptionKind::PayeeMismatch,
            ExceptionKind::DuplicatePaid,
            ExceptionKind::LateSuccess,
            ExceptionKind::PaymentUnknown,
            ExceptionKind::SuccessContradicted,
        ],
        PaymentFinding::Failed { .. } | PaymentFinding::Closed | PaymentFinding::Undone(_) => {
            &[ExceptionKind::PaymentUnknown, ExceptionKind::SuccessContradicted]
        }
        PaymentFinding::ActionRequired(_)
        | PaymentFinding::WaitingPayer
        | PaymentFinding::InProgress
        | PaymentFinding::CloseRefused
        | PaymentFinding::NotFound
        | PaymentFinding::Unclear(_) => &[ExceptionKind::PaymentUnknown],
    };
    for kind in kinds {
        let id = Exception::id_of(command.tenant_id, *kind, &command.attempt_id.to_string());
        wants.add(Want::Exception(command.tenant_id, id));
    }
}

fn plain(evidence: &PaidEvidence, (payment, attempt): (&Payment, &Attempt), snapshot: &Snapshot) -> bool {
    let account = snapshot.channel_accounts.get(&(attempt.tenant_id, attempt.channel_account_id));
    counts(payment, attempt)
        && attempt.disposition.is_none()
        && !evidence.brings_nothing()
        && evidence.amount == Amount::new(attempt.amount_minor, attempt.currency)
        && account.is_some_and(|account| evidence.names(account))
        && snapshot.natural_keys.get(&txn_key(attempt, evidence)).is_none()
}

const fn counts(payment: &Payment, attempt: &Attempt) -> bool {
    payment.effective_attempt_id.is_none() && attempt.status.open() && !payment.status.terminal()
}

/// The name under which a channel's transaction number belongs to one attempt for ever.
pub(super) fn txn_key(attempt: &Attempt, evidence: &PaidEvidence) -> KeyName {
    KeyName::scoped(
        attempt.tenant_id,
        NaturalKind::ChannelTxn,
        &attempt.channel_account_id,
        &evidence.channel_txn_no,
    )
}

/// The accounts that a success posts to, and its transaction number.
pub(super) fn postings(
    command: &TakePaymentReport,
    (payment, attempt): (&Payment, &Attempt),
    wants: &mut Wants,
) {
    let (tenant_id, currency) = (command.tenant_id, payment.currency);
    let channel = attempt.channel_account_id;
    if let PaymentFinding::Undone(_) = &command.report.finding {
        for kind in [AccountKind::ChannelReceivable, AccountKind::FeeCost] {
            wants.add(Want::Account(AccountRef::channel(tenant_id, channel, kind, currency)));
        }
    }
    let PaymentFinding::Paid(evidence) = &command.report.finding else { return };
    wants.add(Want::Natural(txn_key(attempt, evidence)));
    want_fulfilment(payment, wants);
    success_accounts(payment, (channel, attempt.method), counts(payment, attempt), wants);
}

/// What became of the policy, where the payment has one.
pub(crate) fn want_fulfilment(payment: &Payment, wants: &mut Wants) {
    if payment.fulfilment.is_some() {
        wants.add(Want::Fulfilment(payment.tenant_id, payment.id));
    }
}

/// The accounts that a success posts to, whether it counts for the payment or not.
pub(crate) fn success_accounts(
    payment: &Payment,
    (channel, method): (ChannelAccountId, Method),
    counts: bool,
    wants: &mut Wants,
) {
    let (tenant_id, currency) = (payment.tenant_id, payment.currency);
    if counts {
        split::want_success(payment, wants);
    }
    let merchant_kinds: &[AccountKind] = if counts {
        wants.add(Want::Account(payment.credited_account()));
        payment.want_others(wants);
        wants.add(Want::Account(payment.fee_account()));
        &[]
    } else {
        &[AccountKind::Duplicate, AccountKind::LateSuccess, AccountKind::Held]
    };
    if counts {
        want_parts(payment, channel, wants);
    }
    for kind in merchant_kinds {
        wants.add(Want::Account(AccountRef::merchant(tenant_id, payment.merchant_id, *kind, currency)));
    }
    for kind in [money_account(method), AccountKind::FeeCost, AccountKind::Suspense] {
        wants.add(Want::Account(AccountRef::channel(tenant_id, channel, kind, currency)));
    }
    wants.add(Want::Account(AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency)));
}

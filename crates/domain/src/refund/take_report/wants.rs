//! Which rows a report about a refund has to see.

use super::TakeRefundReport;
use super::late::parked_matter;
use crate::channel_account::Method;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::exception::{Exception, ExceptionKind};
use crate::id::TypedId;
use crate::ledger::{AccountKind, AccountRef};
use crate::payment::{Disposition, want_parts};
use crate::refund::Refund;
use crate::report::RefundFinding;
use crate::snapshot::Snapshot;
use crate::split::want_undoing;

pub(super) fn rows(command: &TakeRefundReport, snapshot: &Snapshot, wants: &mut Wants) {
    let tenant_id = command.tenant_id;
    wants.add(Want::Payment(tenant_id, command.payment_id));
    wants.add(Want::Attempt(tenant_id, command.attempt_id));
    wants.add(Want::Refund(tenant_id, command.refund_id));
    // What ranks below a hold waits until the refund names its hold.
    let Some(refund) = snapshot.refunds.get(&(tenant_id, command.refund_id)) else { return };
    wants.add(Want::Hold(tenant_id, refund.hold_id));
    wants.add(Want::Instruction(tenant_id, command.refund_id.id128()));
    for kind in [ExceptionKind::RefundReopened, ExceptionKind::RefundUnknown, ExceptionKind::RefundMismatch] {
        exception(command, kind, wants);
    }
    wants.add(Want::ChannelAccount(tenant_id, refund.channel_account_id));
    if let Some(payment) = snapshot.payments.get(&(tenant_id, command.payment_id)) {
        want_undoing(payment, Some(refund.id), snapshot, wants);
    }
    if command.lane() == LaneKind::Posting {
        accounts(command, refund, wants);
        let payment = snapshot.payments.get(&(tenant_id, command.payment_id));
        if let Some(payment) = payment {
            wants.add(Want::Account(payment.credited_account()));
            payment.want_others(wants);
            wants.add(Want::Account(payment.fee_account()));
            want_parts(payment, refund.channel_account_id, wants);
        }
    }
    if matches!(command.report.finding, RefundFinding::Done { borne: Some(_), .. }) {
        let kind = AccountKind::RefundReceivable;
        wants.add(Want::Account(AccountRef::merchant(tenant_id, refund.merchant_id, kind, refund.currency)));
    }
    let attempt = snapshot.attempts.get(&(tenant_id, command.attempt_id));
    if attempt.is_some_and(|row| row.method == Method::BankTransfer) {
        let (channel, kind) = (refund.channel_account_id, AccountKind::UnexplainedDebit);
        wants.add(Want::Account(AccountRef::channel(tenant_id, channel, kind, refund.currency)));
    }
    let disposition = attempt.and_then(|row| row.disposition);
    if let Some(kind) = disposition.and_then(parked_matter) {
        let id = Exception::id_of(tenant_id, kind, &command.attempt_id.to_string());
        wants.add(Want::Exception(tenant_id, id));
    }
    if disposition == Some(Disposition::Mismatch) {
        let channel = refund.channel_account_id;
        let suspense = AccountRef::channel(tenant_id, channel, AccountKind::Suspense, refund.currency);
        wants.add(Want::Account(suspense));
    }
    if refund.status.terminal() {
        exception(command, ExceptionKind::RefundLateSuccess, wants);
        let channel = refund.channel_account_id;
        let kind = AccountKind::RefundReceivable;
        wants.add(Want::Account(AccountRef::merchant(tenant_id, refund.merchant_id, kind, refund.currency)));
        wants.add(Want::Account(AccountRef::channel(tenant_id, channel, kind, refund.currency)));
    }
}

fn exception(command: &TakeRefundReport, kind: ExceptionKind, wants: &mut Wants) {
    let id = Exception::id_of(command.tenant_id, kind, &command.refund_id.to_string());
    wants.add(Want::Exception(command.tenant_id, id));
}

fn accounts(command: &TakeRefundReport, refund: &Refund, wants: &mut Wants) {
    let (tenant_id, currency) = (command.tenant_id, refund.currency);
    for kind in [
        AccountKind::Held,
        AccountKind::PendingSettlement,
        AccountKind::Cash,
        AccountKind::Duplicate,
        AccountKind::LateSuccess,
    ] {
        wants.add(Want::Account(AccountRef::merchant(tenant_id, refund.merchant_id, kind, currency)));
    }
    for kind in [AccountKind::ChannelReceivable, AccountKind::FeeCost] {
        wants.add(Want::Account(AccountRef::channel(tenant_id, refund.channel_account_id, kind, currency)));
    }
    wants.add(Want::Account(AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency)));
}

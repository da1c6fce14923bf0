//! The channel's notifications: verify, commit, and only then acknowledge.

use crate::checker::Cause;
use crate::conversation;
use crate::flight::Report;
use crate::queue::Happening;
use crate::world::{Missed, World};
use tk_domain::audit::Origin;
use tk_domain::id::{AttemptId, ChannelAccountId, Id128, RefundId};
use tk_domain::payment::TakePaymentReport;
use tk_domain::refund::RequestRefundQuery;
use tk_domain::report::PaymentReport;
use tk_simulator::core::{self, Notification, NotifyFields, Seal};

impl World {
    pub(crate) fn channel_wakes(&mut self, account: ChannelAccountId) {
        if let Some(seller) = self.sellers.get_mut(&account) {
            seller.wake_us = None;
        }
        let posts = self.with_seller(account, None, core::Seller::due_notifications).unwrap_or_default();
        for notification in posts {
            let delay_us = self.dice.between(1_000, 300_000);
            let notification = Box::new(notification);
            self.plan(delay_us, Happening::Notice { account, notification });
        }
    }

    pub(crate) fn take_notice(&mut self, account: ChannelAccountId, notification: &Notification) {
        if !self.up {
            return;
        }
        if notification.seal != Seal::Genuine {
            self.tally.forged_refused += 1;
            return;
        }
        #[cfg(feature = "planted")]
        if self.acknowledges_first(account, notification) {
            return;
        }
        if self.take_genuine(account, &notification.fields) {
            self.checker.taken(account, &notification.notify_id);
            let notify_id = notification.notify_id.clone();
            let at_us = self.host_us().saturating_add(500);
            self.plan_inside(at_us, Happening::Acknowledge { account, notify_id });
        }
    }

    /// Whether all that the notification says is committed.
    pub(crate) fn take_genuine(&mut self, account: ChannelAccountId, fields: &NotifyFields) -> bool {
        let Some(tenant_id) = self.tenant_of(account) else { return false };
        let Some(contract) = self.store.rows.channel_accounts.get(&(tenant_id, account)) else {
            return false;
        };
        let report = conversation::notice(fields, contract, self.host_us());
        let attempt_id = id_of('T', &fields.out_trade_no).map(AttemptId);
        let taken =
            attempt_id.is_none_or(|attempt_id| self.take_payment_notice((account, attempt_id), report));
        let Some(refund_id) = fields.out_biz_no.as_deref().and_then(|number| id_of('R', number)) else {
            return taken;
        };
        let origin = Origin::channel(account);
        let command = RequestRefundQuery { tenant_id, refund_id: RefundId(refund_id), origin };
        taken && committed_or_refused(&self.run(&command, Cause::question("notice")).map(|_| ()))
    }

    fn take_payment_notice(
        &mut self,
        (account, attempt_id): (ChannelAccountId, AttemptId),
        report: PaymentReport,
    ) -> bool {
        let Some(tenant_id) = self.tenant_of(account) else { return false };
        let row = self.store.rows.attempts.get(&(tenant_id, attempt_id));
        let Some(payment_id) = row.filter(|row| row.channel_account_id == account).map(|row| row.payment_id)
        else {
            return true;
        };
        let origin = Origin::channel(account);
        let genuine = Report::Payment(report.clone());
        #[cfg(feature = "planted")]
        let report = self.spoil_notice((tenant_id, attempt_id), report);
        let command = TakePaymentReport { tenant_id, payment_id, attempt_id, report, origin };
        committed_or_refused(&self.run(&command, Cause::report("notice", &genuine)).map(|_| ()))
    }

    pub(crate) fn acknowledge(&mut self, account: ChannelAccountId, notify_id: &str) {
        self.checker.acknowledged(account, notify_id);
        self.with_seller(account, None, |core, _| core.acknowledge(notify_id));
    }
}

fn committed_or_refused(outcome: &Result<(), Missed>) -> bool {
    match outcome {
        Ok(()) | Err(Missed::Refused(_)) => true,
        Err(Missed::AnswerLost | Missed::Down) => false,
    }
}

/// The identifier inside a number of ours.
pub(crate) fn id_of(prefix: char, number: &str) -> Option<Id128> {
    Id128::from_base32(&number.strip_prefix(prefix)?.to_ascii_lowercase())
}

//! The channel's notifications: verify, commit, and only then acknowledge.

use crate::checker::Cause;
use crate::conversation;
use crate::flight::Report;
use crate::queue::Happening;
use crate::seller::{Notification, Seller, Whose};
use crate::world::{Missed, World};
use tk_channels::callback::{About, RefundHint};
use tk_domain::audit::Origin;
use tk_domain::id::{AttemptId, ChannelAccountId, Id128, RefundId};
use tk_domain::payment::TakePaymentReport;
use tk_domain::refund::{RequestRefundQuery, TakeRefundReport};
use tk_domain::report::{PaymentFinding, PaymentReport, RefundFinding, RefundReport, Source};
use tk_simulator::core::Seal;

impl World {
    pub(crate) fn channel_wakes(&mut self, account: ChannelAccountId) {
        if let Some(seller) = self.sellers.get_mut(&account) {
            seller.wake_us = None;
        }
        let posts = self.with_seller(account, None, Seller::due_notifications).unwrap_or_default();
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
        if notification.seal() != Seal::Genuine {
            self.tally.forged_refused += 1;
            return;
        }
        #[cfg(feature = "planted")]
        if self.acknowledges_first(account, notification) {
            return;
        }
        if self.key_gap(account) == Some(Whose::Channels) {
            // fault-25: nothing shows that it is genuine; it is turned away and comes again.
            return;
        }
        if self.take_genuine(account, notification) {
            let notify_id = notification.id();
            self.checker.taken(account, &notify_id);
            let at_us = self.host_us().saturating_add(500);
            self.plan_inside(at_us, Happening::Acknowledge { account, notify_id });
        }
    }

    /// Whether all that the notification says is committed.
    pub(crate) fn take_genuine(&mut self, account: ChannelAccountId, notification: &Notification) -> bool {
        let Some(tenant_id) = self.tenant_of(account) else { return false };
        let contract = self.store.rows.channel_accounts.get(&(tenant_id, account));
        let Some(finding) = contract.and_then(|contract| conversation::finding(notification, contract))
        else {
            return false;
        };
        match finding.about {
            About::Order { out_no, payment, refund } => {
                let taken = self.take_order(account, &out_no, payment);
                taken && refund.is_none_or(|hint| self.take_refund_hint(account, hint))
            }
            About::Refund { refund, .. } => self.take_refund_hint(account, refund),
            About::Card { order_no, card } => committed_or_refused(&self.take_card(account, &order_no, card)),
            // The simulated WeChat sends none.
            About::Division { .. } | About::Other { .. } => true,
        }
    }

    fn take_order(&mut self, account: ChannelAccountId, out_no: &str, finding: PaymentFinding) -> bool {
        let Some(tenant_id) = self.tenant_of(account) else { return false };
        let row = id_of('T', out_no).and_then(|id| self.store.rows.attempts.get(&(tenant_id, AttemptId(id))));
        let Some((attempt_id, payment_id)) =
            row.filter(|row| row.channel_account_id == account).map(|row| (row.id, row.payment_id))
        else {
            return true;
        };
        let report = PaymentReport { source: Source::Callback, asked_at_us: self.host_us(), finding };
        let origin = Origin::channel(account);
        let genuine = Report::Payment(report.clone());
        #[cfg(feature = "planted")]
        let report = self.spoil_notice((tenant_id, attempt_id), report);
        let command = TakePaymentReport { tenant_id, payment_id, attempt_id, report, origin };
        committed_or_refused(&self.run(&command, Cause::report("notice", &genuine)).map(|_| ()))
    }

    /// What a callback proves about a refund is taken; where it only mentions one, that is a reason to ask.
    fn take_refund_hint(&mut self, account: ChannelAccountId, hint: RefundHint) -> bool {
        let Some(tenant_id) = self.tenant_of(account) else { return false };
        let id = id_of('R', &hint.out_no).map(RefundId);
        let refund = id.and_then(|id| self.store.rows.refunds.get(&(tenant_id, id))).cloned();
        let Some(refund) = refund.filter(|row| row.channel_account_id == account) else { return true };
        let origin = Origin::channel(account);
        let genuine = hint.finding.clone();
        #[cfg(feature = "planted")]
        let hint = self.spoil_hint(account, &refund, hint);
        let Some(finding) = hint.finding else {
            let command = RequestRefundQuery { tenant_id, refund_id: refund.id, origin };
            return committed_or_refused(&self.run(&command, Cause::question("notice")).map(|_| ()));
        };
        let report = RefundReport { source: Source::Callback, finding };
        let genuine = Report::Refund(RefundReport {
            source: Source::Callback,
            finding: genuine.unwrap_or(RefundFinding::NotFound),
        });
        let command = TakeRefundReport {
            tenant_id,
            payment_id: refund.payment_id,
            attempt_id: refund.attempt_id,
            refund_id: refund.id,
            report,
            origin,
        };
        committed_or_refused(&self.run(&command, Cause::report("notice", &genuine)).map(|_| ()))
    }

    pub(crate) fn acknowledge(&mut self, account: ChannelAccountId, notify_id: &str) {
        self.checker.acknowledged(account, notify_id);
        self.with_seller(account, None, |seller, _| seller.acknowledge(notify_id));
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

//! After the faults: what remains is settled by asking, and in the end by the channel's bill.

use crate::checker::Cause;
use crate::flight::Report;
use crate::seller::{Seller, Trade};
use crate::world::{Phase, World};
use tk_domain::audit::Origin;
use tk_domain::id::{AttemptId, ChannelAccountId, RefundId, TenantId};
use tk_domain::moment::{DAY_US, MINUTE_US};
use tk_domain::payment::TakePaymentReport;
use tk_domain::refund::TakeRefundReport;
use tk_domain::report::{
    Borne, PaidEvidence, PaymentFinding, PaymentReport, RefundFinding, RefundReport, Source,
};
use tk_money::Amount;
use tk_simulator::core::FaultPlan;

/// How long after healing the world is given to come to rest.
const REST_US: i64 = 6 * DAY_US;

impl World {
    /// The whole story: trouble, healing, rest, the bill, and the last check.
    pub(crate) fn live(&mut self) {
        let troubled_until_us = self.now_us.saturating_add(self.story.span_us).saturating_add(30 * MINUTE_US);
        while self.fine() && self.queue.next_at_us().is_some_and(|at_us| at_us <= troubled_until_us) {
            self.step();
        }
        self.heal();
        while self.fine() && self.step() {}
        for _ in 0..2 {
            self.read_bills();
            self.horizon_us = self.now_us.saturating_add(REST_US);
            while self.fine() && self.step() {}
        }
        if self.fine() {
            self.checker.at_the_end(&self.store.rows, &self.sellers, &self.sinks, &mut self.tally);
        }
    }

    /// Whether no invariant was broken yet.
    pub(crate) const fn fine(&self) -> bool {
        self.checker.broken.is_empty()
    }

    fn heal(&mut self) {
        self.phase = Phase::Healed;
        self.skew_us = 0;
        for seller in self.sellers.values_mut() {
            seller.set_faults(FaultPlan::default());
        }
        self.horizon_us = self.now_us.saturating_add(REST_US);
        if !self.up {
            self.restart();
        }
        self.plan_all();
    }

    /// The bill is the last evidence: what it has and we have not is taken as a report.
    fn read_bills(&mut self) {
        let accounts: Vec<ChannelAccountId> = self.sellers.keys().copied().collect();
        for account in accounts {
            let trades = self.sellers.get(&account).map(Seller::trades);
            for trade in trades.unwrap_or_default() {
                self.read_refund_lines(account, &trade);
                self.read_bill_line(account, &trade);
            }
        }
    }

    /// Refunds that ended without success here and have a line of their own in the bill.
    fn read_refund_lines(&mut self, account: ChannelAccountId, trade: &Trade) {
        let Some(tenant_id) = self.tenant_of(account) else { return };
        for (number, fen) in &trade.refunds {
            let id = crate::callbacks::id_of('R', number).map(RefundId);
            let refund = id.and_then(|id| self.store.rows.refunds.get(&(tenant_id, id)));
            let Some(refund) = refund.filter(|row| row.status.terminal() && row.succeeded_at_us.is_none())
            else {
                continue;
            };
            self.tally.found_by_bill += u64::from(refund.late_succeeded_at_us.is_none());
            let borne = trade.borne.get(number).copied();
            let finding = RefundFinding::Done { amount: Amount::fen(*fen), borne, at_us: None };
            let report = RefundReport { source: Source::Bill, finding };
            let command = TakeRefundReport {
                tenant_id,
                payment_id: refund.payment_id,
                attempt_id: refund.attempt_id,
                refund_id: refund.id,
                report: report.clone(),
                origin: Origin::channel(account),
            };
            let _taken = self.run(&command, Cause::report("bill", &Report::Refund(report)));
        }
    }

    /// What went back by no refund of ours: a cancel that landed after the money had been booked.
    fn undone_fen(&self, tenant_id: TenantId, trade: &Trade) -> i64 {
        let ours = |number: &String| {
            let id = crate::callbacks::id_of('R', number).map(RefundId);
            id.is_some_and(|id| self.store.rows.refunds.get(&(tenant_id, id)).is_some())
        };
        trade.refunds.iter().filter(|(number, _)| !ours(number)).map(|(_, fen)| *fen).sum()
    }

    fn read_bill_line(&mut self, account: ChannelAccountId, trade: &Trade) {
        let Some(tenant_id) = self.tenant_of(account) else { return };
        let Some(attempt_id) = crate::callbacks::id_of('T', &trade.out_no).map(AttemptId) else {
            return;
        };
        let Some(attempt) = self.store.rows.attempts.get(&(tenant_id, attempt_id)).cloned() else { return };
        let finding = if trade.paid_fen > trade.refunded_fen && attempt.disposition.is_none() {
            PaymentFinding::Paid(PaidEvidence {
                channel_txn_no: trade.txn_no.clone(),
                amount: Amount::fen(trade.paid_fen),
                payee_app: None,
                payee_merchant: None,
                borne: Some(Borne {
                    payer_minor: trade.payer_fen,
                    settled_minor: trade.paid_fen.saturating_sub(trade.unsettled_fen),
                }),
                paid_at_us: None,
            })
        } else if trade.paid_fen == self.undone_fen(tenant_id, trade)
            && trade.paid_fen > attempt.undone_minor
            && attempt.disposition.is_none()
        {
            PaymentFinding::Undone(Amount::fen(trade.paid_fen.saturating_sub(trade.unsettled_fen)))
        } else if self.undone_fen(tenant_id, trade) > attempt.undone_minor && attempt.refunding_minor == 0 {
            PaymentFinding::Closed
        } else {
            return;
        };
        self.tally.found_by_bill += 1;
        let report = PaymentReport { source: Source::Bill, asked_at_us: self.host_us(), finding };
        let genuine = Report::Payment(report.clone());
        let (payment_id, origin) = (attempt.payment_id, Origin::channel(account));
        let command = TakePaymentReport { tenant_id, payment_id, attempt_id, report, origin };
        let _taken = self.run(&command, Cause::report("bill", &genuine));
    }
}

//! Refunds as order systems make them, withdraw them and ask about them.

use crate::actors::{Ask, Order};
use crate::checker::Cause;
use crate::queue::Happening;
use crate::world::{Missed, World};
use tk_domain::audit::Origin;
use tk_domain::id::{AttemptId, PaymentId, RefundId, TypedId};
use tk_domain::moment::MINUTE_US;
use tk_domain::payment::Disposition;
use tk_domain::refund::{CancelRefund, CreateRefund, RequestRefundQuery};

/// A refund that the order system means to make.
#[derive(Debug, Clone)]
pub(crate) struct RefundPlan {
    pub(crate) merchant_refund_no: String,
    pub(crate) amount_minor: i64,
    pub(crate) id: Option<RefundId>,
}

impl World {
    pub(super) fn refunds(&mut self, index: usize, order: &Order, place: usize) -> Result<(), Missed> {
        let (Some(payment_id), Some(plan)) = (order.payment_id, order.refunds.get(place)) else {
            return Ok(());
        };
        let command =
            CreateRefund { items: order.items_of(place, plan), ..order.refund(payment_id, plan, None) };
        #[cfg(feature = "planted")]
        if self.reads_then_inserts(&command) {
            return Ok(());
        }
        let body = self.run_once(&command, &plan.merchant_refund_no, Cause::of("refund"))?;
        let id = body.and_then(|body| RefundId::parse(&body));
        let slot = self.orders.get_mut(index).and_then(|order| order.refunds.get_mut(place));
        if let (Some(slot), Some(id)) = (slot, id) {
            if slot.id.is_none() {
                self.tally.refunds += 1;
            }
            slot.id = Some(id);
        }
        let ask = if self.dice.below(4) == 0 { Ask::CancelRefund(place) } else { Ask::RefundQuery(place) };
        if self.dice.below(3) == 0 {
            let delay_us = self.dice.between(0, MINUTE_US);
            self.plan(delay_us, Happening::Client { order: index, ask, tries: 0 });
        }
        Ok(())
    }

    pub(super) fn refunds_strays(&mut self, index: usize, order: &Order) -> Result<(), Missed> {
        let Some(payment_id) = order.payment_id else { return Ok(()) };
        let strays: Vec<(AttemptId, i64)> = self
            .store
            .rows
            .attempts
            .iter()
            .filter(|row| row.payment_id == payment_id && row.refundable_minor() > 0)
            .filter(|row| matches!(row.disposition, Some(Disposition::Duplicate | Disposition::Late)))
            .map(|row| (row.id, row.refundable_minor()))
            .collect();
        for (place, (attempt_id, amount_minor)) in strays.into_iter().enumerate() {
            let merchant_refund_no = format!("{}-S{index}-{place}", order.merchant_order_no);
            let plan = RefundPlan { merchant_refund_no, amount_minor, id: None };
            let command = order.refund(payment_id, &plan, Some(attempt_id));
            self.run_once(&command, &plan.merchant_refund_no, Cause::of("stray refund"))?;
        }
        Ok(())
    }

    pub(super) fn cancels(&mut self, order: &Order, place: usize) -> Result<(), Missed> {
        let Some(refund_id) = order.refunds.get(place).and_then(|plan| plan.id) else { return Ok(()) };
        let tenant_id = order.tenant_id;
        let Some(refund) = self.store.rows.refunds.get(&(tenant_id, refund_id)) else { return Ok(()) };
        let (payment_id, attempt_id) = (refund.payment_id, refund.attempt_id);
        let origin = Origin::system();
        let command = CancelRefund { tenant_id, payment_id, attempt_id, refund_id, origin };
        self.run(&command, Cause::of("cancel refund")).map(|_| ())
    }

    pub(super) fn queries_refund(&mut self, order: &Order, place: usize) -> Result<(), Missed> {
        let Some(refund_id) = order.refunds.get(place).and_then(|plan| plan.id) else { return Ok(()) };
        let command = RequestRefundQuery { tenant_id: order.tenant_id, refund_id, origin: Origin::system() };
        self.run(&command, Cause::question("refund query")).map(|_| ())
    }
}

impl Order {
    fn refund(
        &self,
        payment_id: PaymentId,
        plan: &RefundPlan,
        attempt_id: Option<AttemptId>,
    ) -> CreateRefund {
        CreateRefund {
            tenant_id: self.tenant_id,
            app_id: None,
            payment_id,
            attempt_id,
            merchant_refund_no: plan.merchant_refund_no.clone(),
            amount_minor: plan.amount_minor,
            items: Vec::new(),
            currency: None,
            reason: "asked".to_owned(),
            origin: Origin::system(),
        }
    }
}

//! Order systems that divide a payment twice, and have one receiver share in both.

use crate::actors::{Ask, Order};
use crate::checker::Cause;
use crate::queue::Happening;
use crate::world::{Missed, World};
use tk_domain::audit::Origin;
use tk_domain::id::PaymentId;
use tk_domain::moment::{HOUR_US, MINUTE_US};
use tk_domain::payment::PaymentStatus;
use tk_domain::refusal::Refusal;
use tk_domain::split::{CreateSplit, Share, SplitTerms};
use tk_simulator::core::Dice;

/// So often an order system looks whether it can divide the rest.
const LOOKS_MAX: u32 = 100;

impl World {
    /// The rest of what was paid is divided a while later.
    pub(crate) fn plan_last_split(&mut self, index: usize) {
        if self.orders.get(index).is_some_and(|order| order.splits.later) {
            let number = u64::try_from(index).unwrap_or_default();
            let mut dice = Dice::new(self.seed.wrapping_mul(0x5124).wrapping_add(number));
            let delay_us = dice.between(2 * MINUTE_US, HOUR_US);
            self.plan(delay_us, Happening::Client { order: index, ask: Ask::LastSplit(0), tries: 0 });
        }
    }

    /// A last share for a receiver who has one already; where there is no room for it, the rest is released.
    pub(crate) fn divides_rest(&mut self, index: usize, order: &Order, looks: u32) -> Result<(), Missed> {
        let Some(payment_id) = order.payment_id else { return Ok(()) };
        let status = self.store.rows.payments.get(&(order.tenant_id, payment_id)).map(|row| row.status);
        let over = status.is_none_or(PaymentStatus::terminal);
        if over && status != Some(PaymentStatus::Succeeded) {
            return Ok(());
        }
        let asked = if over {
            self.divides_now(order, payment_id)
        } else {
            Err(Missed::Refused(Refusal::SplitConflict))
        };
        match asked {
            // It is not paid yet, or an earlier split is under way, or nobody answers.
            Err(Missed::Refused(Refusal::SplitConflict) | Missed::AnswerLost | Missed::Down)
                if looks < LOOKS_MAX =>
            {
                let ask = Ask::LastSplit(looks.saturating_add(1));
                self.plan(2 * HOUR_US, Happening::Client { order: index, ask, tries: 0 });
                Ok(())
            }
            Err(Missed::Refused(_)) => Ok(()),
            other => other,
        }
    }

    fn divides_now(&mut self, order: &Order, payment_id: PaymentId) -> Result<(), Missed> {
        let first = order.splits.shares.first();
        // Another amount than the first, so that the books can be told from each other's.
        let share = first.map(|first| Share { amount: first.amount.map(|minor| minor + 1), ..first.clone() });
        match self.divides_last(order, payment_id, ("D", share)) {
            Ok(()) => {
                self.tally.sees("split_twice");
                Ok(())
            }
            Err(Missed::Refused(Refusal::SplitConflict)) => Err(Missed::Refused(Refusal::SplitConflict)),
            Err(Missed::Refused(_)) => self.divides_last(order, payment_id, ("L", None)),
            Err(missed @ (Missed::AnswerLost | Missed::Down)) => Err(missed),
        }
    }

    fn divides_last(
        &mut self,
        order: &Order,
        payment_id: PaymentId,
        (number, share): (&str, Option<Share>),
    ) -> Result<(), Missed> {
        let command = CreateSplit {
            tenant_id: order.tenant_id,
            payment_id,
            merchant_split_no: format!("{}-{number}", order.merchant_order_no),
            terms: SplitTerms { shares: share.into_iter().collect(), ..SplitTerms::default() },
            last: true,
            origin: Origin::system(),
        };
        self.run(&command, Cause::of("split")).map(drop)
    }
}

//! Deposits that are paid by a channel, and what is drawn from them while their payments, and refunds of them, are under way.

use crate::actors::{Ask, Order};
use crate::checker::Cause;
use crate::queue::Happening;
use crate::world::{Missed, World};
use tk_domain::audit::Origin;
use tk_domain::id::{DrawId, PrepaymentId};
use tk_domain::key::{KeyName, NaturalKind};
use tk_domain::moment::{HOUR_US, MINUTE_US};
use tk_domain::payment::{Bill, Elsewhere, ElsewhereBy};
use tk_domain::prepayment::{DrawPrepayment, Prepayment, UndoDraw};
use tk_simulator::core::Dice;

impl Order {
    fn prepayment_id(&self) -> Option<PrepaymentId> {
        let number = self.prepayment.as_deref()?;
        Some(Prepayment::id_of(self.tenant_id, self.merchant_id, number))
    }

    /// Makes one in five of the plain orders a deposit, of which several share a stay, and one in five a part of a bill;
    /// drawn by dice of their own, so that stories without them stay what they are.
    pub(crate) fn at_a_hospital(mut self, seed: u64, number: u64) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(0x511A).wrapping_add(number));
        let plain = self.parts.is_empty() && self.splits.shares.is_empty();
        match dice.below(5) {
            0 if plain => self.prepayment = Some(format!("ZY-{}", number.div_euclid(6))),
            1 => {
                let by = ElsewhereBy::MedicalFund;
                let amount = dice.between(1, self.payer_minor.max(1));
                let elsewhere = vec![Elsewhere { by, amount, reference: None }];
                self.bill = Some(Bill { total: self.amount_minor().saturating_add(amount), elsewhere });
            }
            _ => {}
        }
        self
    }
}

impl World {
    /// One to three draws, of which one in four is put back; all may come before the money does.
    pub(crate) fn plan_draws(&mut self, index: usize) {
        let deposit = self.orders.get(index).is_some_and(|order| order.prepayment.is_some());
        if !deposit {
            return;
        }
        let number = u64::try_from(index).unwrap_or_default();
        let mut dice = Dice::new(self.seed.wrapping_mul(0x511B).wrapping_add(number));
        for draw in 0..usize::try_from(1 + dice.below(3)).unwrap_or(1) {
            let delay_us = dice.between(MINUTE_US, 5 * HOUR_US);
            self.plan(delay_us, Happening::Client { order: index, ask: Ask::Draw(draw), tries: 0 });
            if dice.below(4) == 0 {
                let delay_us = delay_us.saturating_add(dice.between(MINUTE_US, HOUR_US));
                self.plan(delay_us, Happening::Client { order: index, ask: Ask::UndoDraw(draw), tries: 0 });
            }
        }
    }

    pub(crate) fn draws(&mut self, index: usize, order: &Order, number: usize) -> Result<(), Missed> {
        let Some(prepayment_id) = order.prepayment_id() else { return Ok(()) };
        let command = DrawPrepayment {
            tenant_id: order.tenant_id,
            prepayment_id,
            draw_no: format!("{index}-{number}"),
            amount_minor: order.payer_minor.div_euclid(2).max(1),
            by: "ward".to_owned(),
            origin: Origin::system(),
        };
        match self.run(&command, Cause::of("draw")) {
            Ok(_) => self.tally.sees("draws_by_channel"),
            // The ward does not wait for money that is not there.
            Err(Missed::Refused(_)) => self.tally.sees("draws_by_channel_refused"),
            Err(missed @ (Missed::AnswerLost | Missed::Down)) => return Err(missed),
        }
        Ok(())
    }

    pub(crate) fn undoes_draw(&mut self, index: usize, order: &Order, number: usize) -> Result<(), Missed> {
        let Some(prepayment_id) = order.prepayment_id() else { return Ok(()) };
        let name = format!("{index}-{number}");
        let key = KeyName::scoped(order.tenant_id, NaturalKind::PrepaymentDraw, &prepayment_id, &name);
        let Some(key) = self.store.rows.natural_keys.get(&key) else { return Ok(()) };
        let command = UndoDraw {
            tenant_id: order.tenant_id,
            rows: (prepayment_id, DrawId(key.id)),
            reason: "another patient".to_owned(),
            by: "ward".to_owned(),
            origin: Origin::system(),
        };
        self.run(&command, Cause::of("undo draw")).map(|_| ())
    }
}

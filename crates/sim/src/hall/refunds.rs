//! Refunds of what came over the counter: asked for by the order system, handed back by whoever has a drawer open.

use super::setup::{COUNTERS, TENANT, cashier, slip};
use super::{Act, Hall, or_refused};
use crate::world::Missed;
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::counter::HandOverRefund;
use tk_domain::id::{RefundId, ShiftId, TypedId};
use tk_domain::moment::{HOUR_US, MINUTE_US};
use tk_domain::refund::{CreateRefund, Refund, RefundState};

/// A refund that an order system means to make.
#[derive(Debug, Clone)]
pub(super) struct WantedRefund {
    visit: usize,
    amount_minor: i64,
}

/// A refund that a cashier hands back.
#[derive(Debug, Clone)]
pub(super) struct HandBack {
    refund_id: RefundId,
    shift_id: ShiftId,
    counter: usize,
    method: Method,
    over: bool,
    refused: bool,
}

impl Hall {
    pub(super) fn wants_refund(&mut self, visit: usize, most_minor: i64) {
        let amount_minor = match self.dice.below(3) {
            0 => most_minor,
            1 => most_minor.div_euclid(2).max(1),
            _ => self.dice.between(1, most_minor.max(1)),
        };
        self.refund_later(visit, amount_minor);
    }

    pub(super) fn refund_later(&mut self, visit: usize, amount_minor: i64) {
        let wanted = self.refunds.len();
        self.refunds.push(WantedRefund { visit, amount_minor });
        self.plan_in((MINUTE_US, 6 * HOUR_US), Act::Refund(wanted));
    }

    pub(super) fn refund(&mut self, index: usize) -> Result<(), Missed> {
        let Some(wanted) = self.refunds.get(index).cloned() else { return Ok(()) };
        let visit = self.visits.get(wanted.visit);
        let Some(payment_id) = visit.and_then(|visit| visit.payment) else { return Ok(()) };
        let command = CreateRefund {
            tenant_id: TENANT,
            app_id: None,
            payment_id,
            attempt_id: None,
            merchant_refund_no: format!("H{}-R{index}", wanted.visit),
            amount_minor: wanted.amount_minor,
            items: Vec::new(),
            currency: None,
            reason: "not used".to_owned(),
            origin: Origin::system(),
        };
        #[cfg(feature = "planted")]
        if self.refunds_what_was_drawn(&command) {
            return Ok(());
        }
        let made = or_refused(self.ask(&command, &format!("refund-{index}")))?;
        if made {
            self.is_as_wanted(&command);
        }
        self.tally.sees(if made { "refunds" } else { "refunds_refused" });
        Ok(())
    }

    /// What is handed back later is what the order system wanted, not what our row says it wanted.
    fn is_as_wanted(&mut self, wanted: &CreateRefund) {
        let of_number = |row: &&Refund| row.merchant_refund_no.as_deref() == Some(&wanted.merchant_refund_no);
        let kept = self.store.rows.refunds.iter().find(of_number).map(|row| row.amount_minor);
        let (number, minor) = (&wanted.merchant_refund_no, wanted.amount_minor);
        let text = format!("{number}: {minor} fen were to go back, the refund says {kept:?}");
        self.require(kept == Some(minor), "inv-17", || text);
    }

    /// What is approved and nobody hands back yet.
    pub(super) fn look_for_refunds(&mut self) {
        let begun = |id: RefundId| self.hand_backs.iter().any(|one| one.refund_id == id && !one.refused);
        let waits = |row: &&Refund| row.status == RefundState::Approved && !begun(row.id);
        let waiting: Vec<Refund> = self.store.rows.refunds.iter().filter(waits).cloned().collect();
        for refund in waiting {
            let key = (TENANT, refund.attempt_id);
            let Some(method) = self.store.rows.attempts.get(&key).map(|row| row.method) else { continue };
            let own = COUNTERS.iter().position(|id| *id == refund.channel_account_id);
            let any = usize::try_from(self.dice.below(2)).unwrap_or(0);
            let Some(counter) = (if method == Method::Cash { Some(any) } else { own }) else { continue };
            let Some(shift) = self.open_shift_at(counter) else { continue };
            if method == Method::Cash && shift.expected_minor() < refund.amount_minor {
                continue;
            }
            let (refund_id, shift_id) = (refund.id, shift.id);
            let index = self.hand_backs.len();
            self.hand_backs.push(HandBack {
                refund_id,
                shift_id,
                counter,
                method,
                over: false,
                refused: false,
            });
            self.truth.limbo.insert((counter, format!("hand-{index}")));
            self.plan(self.now_us, Act::HandBack(index));
        }
    }

    pub(super) fn hand_back(&mut self, index: usize) -> Result<(), Missed> {
        let Some(one) = self.hand_backs.get(index).cloned().filter(|one| !one.over) else { return Ok(()) };
        let stored = self.store.rows.refunds.get(&(TENANT, one.refund_id));
        let Some(refund) = stored.cloned() else { return Ok(()) };
        let key = format!("hand-{index}");
        let command = HandOverRefund {
            tenant_id: TENANT,
            shift_id: one.shift_id,
            rows: (refund.payment_id, refund.attempt_id, refund.id),
            slip: (one.method != Method::Cash).then(|| slip(one.counter, &format!("R-{index}"))),
            by: cashier(one.counter).to_owned(),
            origin: Origin::system(),
        };
        let asked = or_refused(self.ask(&command, &key))?;
        self.truth.limbo.remove(&(one.counter, key));
        let handed = asked && self.movement(refund.id.id128()).is_some();
        if handed {
            self.tally.sees("refunds_handed_back");
            self.truth.moves(one.counter, one.method, refund.amount_minor.saturating_neg());
            self.truth.counts(refund.payment_id, refund.amount_minor.saturating_neg());
        }
        if let Some(one) = self.hand_backs.get_mut(index) {
            (one.over, one.refused) = (true, !handed);
        }
        Ok(())
    }
}

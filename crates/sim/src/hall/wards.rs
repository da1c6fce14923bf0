//! Deposits of patients: drawn as they are used up, put back where that was wrong, and what is left goes back.

use super::setup::TENANT;
use super::{Act, Hall, or_refused};
use crate::world::Missed;
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{DrawId, PrepaymentId};
use tk_domain::key::{KeyName, NaturalKind};
use tk_domain::moment::HOUR_US;
use tk_domain::prepayment::{DrawPrepayment, DrawStatus, UndoDraw, account};
use tk_money::Currency;

/// A stay that is paid for in advance.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    pub(super) number: String,
    pub(super) id: PrepaymentId,
    /// What the ward means to draw, minor units, and what became of it.
    pub(super) draws: Vec<Drawn>,
}

/// One draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub(super) amount_minor: i64,
    /// The ward was told that it has the money.
    pub(super) done: bool,
}

impl Hall {
    pub(super) fn left_of(&self, id: PrepaymentId) -> i64 {
        self.store.rows.account(&account(TENANT, id, Currency::Cny), 0).balance_minor
    }

    pub(super) fn draw(&mut self, stay: usize, number: usize) -> Result<(), Missed> {
        let Some((id, drawn)) = self.stays.get(stay).and_then(|row| Some((row.id, *row.draws.get(number)?)))
        else {
            return Ok(());
        };
        let command = DrawPrepayment {
            tenant_id: TENANT,
            prepayment_id: id,
            draw_no: format!("D{number}"),
            amount_minor: drawn.amount_minor,
            by: "ward".to_owned(),
            origin: Origin::system(),
        };
        #[cfg(feature = "planted")]
        if self.draws_twice_at_once(&command) {
            return Ok(());
        }
        let left_minor = self.left_of(id);
        let made = or_refused(self.ask(&command, &format!("draw-{stay}-{number}")))?;
        self.tally.sees(if made { "draws" } else { "draws_refused" });
        let known = self.store.rows.prepayments.get(&(TENANT, id)).is_some();
        let covered = known && left_minor >= drawn.amount_minor;
        if !made && covered {
            let text = format!("{id} holds {left_minor} and gave no {}", drawn.amount_minor);
            self.checker.violation("prepaid", text);
        }
        self.note(stay, number, made);
        Ok(())
    }

    fn note(&mut self, stay: usize, number: usize, done: bool) {
        if let Some(drawn) = self.stays.get_mut(stay).and_then(|row| row.draws.get_mut(number)) {
            drawn.done = done;
        }
    }

    pub(super) fn undo_draw(&mut self, stay: usize, number: usize) -> Result<(), Missed> {
        let Some(row) = self.stays.get(stay) else { return Ok(()) };
        let (id, name) = (row.id, format!("D{number}"));
        let key = KeyName::scoped(TENANT, NaturalKind::PrepaymentDraw, &id, &name);
        let draw_id = self.store.rows.natural_keys.get(&key).map(|key| DrawId(key.id));
        let Some(draw_id) = draw_id.filter(|_| row.draws.get(number).is_some_and(|drawn| drawn.done)) else {
            return Ok(());
        };
        let command = UndoDraw {
            tenant_id: TENANT,
            rows: (id, draw_id),
            reason: "another patient".to_owned(),
            by: "ward".to_owned(),
            origin: Origin::system(),
        };
        or_refused(self.ask(&command, &format!("undo-{stay}-{number}")))?;
        let status = self.store.rows.draws.get(&(TENANT, draw_id)).map(|row| row.status);
        if status == Some(DrawStatus::Undone) {
            self.tally.sees("draws_undone");
            self.note(stay, number, false);
        }
        Ok(())
    }

    /// The patient goes home: what each payment can give back is asked for, sometimes more than is left.
    pub(super) fn discharge(&mut self, stay: usize) {
        let Some(id) = self.stays.get(stay).map(|row| row.id) else { return };
        let mut left_minor = self.left_of(id);
        let too_much = self.dice.below(2) == 0;
        for index in 0..self.visits.len() {
            let Some(visit) = self.visits.get(index).filter(|visit| visit.stay == Some(stay)) else {
                continue;
            };
            let payment = visit.payment.and_then(|id| self.store.rows.payments.get(&(TENANT, id)));
            let attempt = payment.and_then(|row| row.effective_attempt_id);
            let attempt = attempt.and_then(|id| self.store.rows.attempts.get(&(TENANT, id)));
            let Some(attempt) = attempt.filter(|row| row.method != Method::Cheque) else { continue };
            let refundable = attempt.refundable_minor();
            let fits = refundable.min(left_minor);
            if too_much && refundable > fits {
                self.refund_later(index, refundable);
            }
            if fits > 0 {
                left_minor = left_minor.saturating_sub(fits);
                self.refund_later(index, fits);
            }
        }
        if left_minor > 0 && self.troubled {
            self.plan_in((HOUR_US, 20 * HOUR_US), Act::Discharge(stay));
        }
    }
}

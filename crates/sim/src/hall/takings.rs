//! Patients at the counter: they order, pay in cash, by card or at a kiosk, some twice, and some takings are undone.

use super::setup::{COUNTERS, MERCHANT, PRODUCT, TENANT, cashier, slip};
use super::{Act, Hall, or_refused};
use crate::world::Missed;
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::counter::{
    AskVoid, CounterMovement, DecideVoid, RecordTaking, Shift, ShiftStatus, Slip, VoidStatus,
};
use tk_domain::id::{AttemptId, Id128, MovementId, PaymentId, ShiftId, TypedId};
use tk_domain::key::{KeyName, NaturalKind};
use tk_domain::moment::{HOUR_US, MINUTE_US};
use tk_domain::payment::{Bill, CreatePayment};
use tk_domain::refusal::Refusal;
use tk_domain::transfer::Verdict;
use tk_money::Amount;

/// How often somebody comes again when no cashier is there.
const TRIES_MAX: u32 = 40;

/// A patient who has something to pay.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) amount_minor: i64,
    pub(super) bill: Option<Bill>,
    /// The stay that it is paid in advance for.
    pub(super) stay: Option<usize>,
    pub(super) method: Method,
    pub(super) counter: usize,
    pub(super) payment: Option<PaymentId>,
    /// Money on the desk that is not known to be in the books.
    pub(super) giving: Option<Giving>,
    pub(super) given: u32,
    pub(super) tries: u32,
    /// The taking that is to be undone.
    pub(super) void: Option<AttemptId>,
    pub(super) deciding: Option<Verdict>,
}

/// Money that a payer gave and that the cashier is recording.
#[derive(Debug, Clone)]
pub(super) struct Giving {
    shift_id: ShiftId,
    attempt_id: AttemptId,
    method: Method,
    slip: Option<Slip>,
    key: String,
}

impl Hall {
    pub(super) fn order(&mut self, index: usize) -> Result<(), Missed> {
        let Some(visit) = self.visits.get(index).cloned() else { return Ok(()) };
        let order_no = format!("H{index}");
        let plain = CreatePayment::plain(
            (TENANT, MERCHANT),
            PRODUCT,
            &order_no,
            Amount::fen(visit.amount_minor),
            Origin::system(),
        );
        let prepayment = visit.stay.and_then(|stay| self.stays.get(stay)).map(|stay| stay.number.clone());
        let create = CreatePayment { prepayment, bill: visit.bill, ..plain };
        self.ask(&create, &format!("order-{index}"))?;
        let key = KeyName::scoped(TENANT, NaturalKind::MerchantOrder, &MERCHANT, &order_no);
        let id = self.store.rows.natural_keys.get(&key).map(|key| PaymentId(key.id));
        if let Some(visit) = self.visits.get_mut(index) {
            visit.payment = id;
        }
        self.tally.payments += 1;
        self.tally.sees(if create.bill.is_some() { "mixed_bills" } else { "plain_bills" });
        self.plan_in((MINUTE_US, 2 * HOUR_US), Act::Take(index));
        // What a cheque is for is awaited otherwise.
        if visit.method != Method::Cheque && self.dice.below(3) == 0 {
            self.plan_in((0, HOUR_US), Act::Scan(index));
        }
        Ok(())
    }

    /// The shift that is open at a counter now.
    pub(super) fn open_shift_at(&self, counter: usize) -> Option<&Shift> {
        let account = COUNTERS.get(counter)?;
        let open = |row: &&Shift| row.channel_account_id == *account && row.status == ShiftStatus::Open;
        self.store.rows.shifts.iter().find(open)
    }

    pub(super) fn take(&mut self, index: usize) -> Result<(), Missed> {
        let Some(visit) = self.visits.get(index).cloned() else { return Ok(()) };
        let Some(payment_id) = visit.payment else { return Ok(()) };
        if visit.method == Method::Cheque {
            return self.receive_cheque(index);
        }
        let Some(giving) = visit.giving.or_else(|| self.gives(index)) else {
            if visit.tries < TRIES_MAX {
                if let Some(visit) = self.visits.get_mut(index) {
                    visit.tries += 1;
                }
                self.plan_in((30 * MINUTE_US, 3 * HOUR_US), Act::Take(index));
            }
            return Ok(());
        };
        let cash = giving.method == Method::Cash;
        let command = RecordTaking {
            tenant_id: TENANT,
            shift_id: giving.shift_id,
            payment_id,
            attempt_id: giving.attempt_id,
            method: giving.method,
            amount_minor: visit.amount_minor,
            tendered_minor: cash.then(|| visit.amount_minor.saturating_add(55)),
            slip: giving.slip.clone(),
            lease_us: 0,
            by: cashier(visit.counter).to_owned(),
            origin: Origin::system(),
        };
        #[cfg(feature = "planted")]
        self.records_again(&command)?;
        let asked = self.ask(&command, &giving.key);
        let unknown = matches!(asked, Err(Missed::Refused(Refusal::IdentityRequired { .. })));
        let taken = or_refused(asked)? && self.movement(giving.attempt_id.id128()).is_some();
        self.given(index, (payment_id, &giving), taken);
        if unknown {
            self.must_prove(index);
        } else if !taken && self.has_open_code(payment_id) {
            // The code that the payer scanned is closed first; then the desk takes the money.
            self.tally.sees("code_closed_first");
            self.plan_in((MINUTE_US, 30 * MINUTE_US), Act::Take(index));
        }
        Ok(())
    }

    fn has_open_code(&self, payment_id: PaymentId) -> bool {
        let payment = self.store.rows.payments.get(&(TENANT, payment_id));
        let open = payment.and_then(|row| row.open_attempt_id);
        let attempt = open.and_then(|id| self.store.rows.attempts.get(&(TENANT, id)));
        attempt.is_some_and(|row| row.method == Method::AlipayQr)
    }

    pub(super) fn movement(&self, id: Id128) -> Option<&CounterMovement> {
        self.store.rows.counter_movements.get(&(TENANT, MovementId(id)))
    }

    /// The money is on the desk, or the card was charged: whatever the books will say, it has moved.
    fn gives(&mut self, index: usize) -> Option<Giving> {
        let visit = self.visits.get(index)?;
        let (counter, method, amount_minor) = (visit.counter, visit.method, visit.amount_minor);
        let (shift_id, number) = (self.open_shift_at(counter)?.id, visit.given);
        let bits = (u128::from(self.dice.next_u64()) << 64) | u128::from(self.dice.next_u64());
        let giving = Giving {
            shift_id,
            attempt_id: AttemptId(Id128::v7(self.now_us, bits)),
            method,
            slip: (method != Method::Cash).then(|| slip(counter, &format!("{index}-{number}"))),
            key: format!("take-{index}-{number}"),
        };
        self.truth.moves(counter, method, amount_minor);
        if method == Method::Cash && self.dice.below(20) == 0 {
            // The change was counted wrongly, for either of them.
            let wrong = self.dice.between(-50, 50);
            self.truth.moves(counter, Method::Cash, wrong);
            *self.truth.mistakes.entry(shift_id).or_default() += wrong;
        }
        self.truth.limbo.insert((counter, giving.key.clone()));
        let visit = self.visits.get_mut(index)?;
        visit.given += 1;
        visit.giving = Some(giving.clone());
        Some(giving)
    }

    /// The cashier knows: it is in the books, or goes back over the desk.
    fn given(&mut self, index: usize, (payment_id, giving): (PaymentId, &Giving), taken: bool) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        visit.giving = None;
        let (counter, amount_minor, stay) = (visit.counter, visit.amount_minor, visit.stay);
        let first = visit.given == 1;
        self.truth.limbo.remove(&(counter, giving.key.clone()));
        if !taken {
            self.truth.moves(counter, giving.method, amount_minor.saturating_neg());
            return;
        }
        self.truth.counts(payment_id, amount_minor);
        let by_card = if giving.method == Method::Pos { "card_takings" } else { "kiosk_takings" };
        self.tally.sees(if giving.method == Method::Cash { "cash_takings" } else { by_card });
        match self.dice.below(if stay.is_some() { 16 } else { 8 }) {
            0 => {
                // One taking of a visit is undone at most: who decides is told of one.
                if let Some(visit) = self.visits.get_mut(index).filter(|visit| visit.void.is_none()) {
                    visit.void = Some(giving.attempt_id);
                    self.plan_in((MINUTE_US, HOUR_US), Act::AskVoid(index));
                }
            }
            1 | 2 => self.wants_refund(index, amount_minor),
            // Somebody else of the family pays the same.
            3 if first => self.plan_in((MINUTE_US, 5 * HOUR_US), Act::Take(index)),
            _ => {}
        }
    }

    pub(super) fn ask_void(&mut self, index: usize) -> Result<(), Missed> {
        let Some(movement) = self.to_undo(index) else { return Ok(()) };
        let command = AskVoid {
            tenant_id: TENANT,
            rows: (movement.shift_id, movement.payment_id, movement.attempt_id),
            reason: "wrong patient".to_owned(),
            by: movement.made_by.clone(),
            origin: Origin::system(),
        };
        if or_refused(self.ask(&command, &format!("void-{index}-{}", movement.id)))? {
            self.plan_in((MINUTE_US, 30 * MINUTE_US), Act::DecideVoid(index));
        }
        Ok(())
    }

    fn to_undo(&self, index: usize) -> Option<CounterMovement> {
        let attempt_id = self.visits.get(index)?.void?;
        self.movement(attempt_id.id128()).cloned()
    }

    pub(super) fn decide_void(&mut self, index: usize) -> Result<(), Missed> {
        let Some(movement) = self.to_undo(index) else { return Ok(()) };
        let deciding = self.visits.get(index).and_then(|visit| visit.deciding);
        let Some(refund_id) = movement.void_refund_id else { return Ok(()) };
        if deciding.is_none() && movement.void_status != VoidStatus::PendingApproval {
            return Ok(());
        }
        let drawn = if self.dice.below(4) == 0 { Verdict::Reject } else { Verdict::Approve };
        let verdict = deciding.unwrap_or(drawn);
        if let Some(visit) = self.visits.get_mut(index) {
            visit.deciding = Some(verdict);
        }
        let counter = self.visits.get(index).map_or(0, |visit| visit.counter);
        let key = format!("decide-{index}-{}-{verdict}", movement.id);
        self.truth.limbo.insert((counter, key.clone()));
        let undone = format!("V-{index}-{}", movement.slip_no.as_deref().unwrap_or_default());
        let command = DecideVoid {
            tenant_id: TENANT,
            rows: (movement.shift_id, movement.payment_id, movement.attempt_id, refund_id),
            verdict,
            seen: movement.content_hash(),
            slip: (movement.method != Method::Cash && verdict == Verdict::Approve)
                .then(|| slip(counter, &undone)),
            by: "supervisor".to_owned(),
            origin: Origin::system(),
        };
        let decided = or_refused(self.ask(&command, &key))?;
        self.truth.limbo.remove(&(counter, key));
        self.decided(index, (&movement, verdict), decided);
        Ok(())
    }

    fn decided(&mut self, index: usize, (movement, verdict): (&CounterMovement, Verdict), decided: bool) {
        let again = !decided && verdict == Verdict::Approve;
        let visit = self.visits.get(index).map_or((0, 0), |visit| (visit.counter, visit.amount_minor));
        let (counter, given_minor) = visit;
        if let Some(visit) = self.visits.get_mut(index) {
            visit.deciding = again.then_some(Verdict::Reject);
        }
        if again {
            // The drawer is short: it cannot be handed back now.
            return self.plan(self.now_us, Act::DecideVoid(index));
        }
        let now = self.movement(movement.id.id128()).map(|row| row.void_status);
        if decided && now == Some(VoidStatus::Approved) {
            self.tally.sees("voids");
            self.truth.moves(counter, movement.method, given_minor.saturating_neg());
            self.truth.counts(movement.payment_id, given_minor.saturating_neg());
        }
    }
}

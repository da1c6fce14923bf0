//! Cash on its way: floats out of the vault, drawers counted at the end of a shift, slips to the bank.

use super::setup::{ACCOUNT, BANK, COUNTERS, TENANT, cashier};
use super::truth::Carried;
use super::{Act, Hall, or_refused};
use crate::story::pick;
use crate::world::Missed;
use tk_domain::audit::Origin;
use tk_domain::counter::{
    CloseCounterDay, CloseShift, CounterDay, DepositCash, OpenShift, Shift, ShiftStatus,
};
use tk_domain::id::{CashDepositId, CounterDayId};
use tk_domain::key::{KeyName, NaturalKind};
use tk_domain::moment::{HOUR_US, MINUTE_US};
use tk_simulator::bank::Payer;

impl Hall {
    fn shift_of(&self, counter: usize, day: i64) -> Option<&Shift> {
        let account = COUNTERS.get(counter)?;
        let own = |row: &&Shift| row.channel_account_id == *account && row.business_day == day;
        self.store.rows.shifts.iter().find(own)
    }

    fn day_id(counter: usize, day: i64) -> Option<CounterDayId> {
        Some(CounterDay::id_of(TENANT, *COUNTERS.get(counter)?, day))
    }

    pub(super) fn open_shift(&mut self, counter: usize, day: i64) -> Result<(), Missed> {
        let Some(account) = COUNTERS.get(counter).copied() else { return Ok(()) };
        let known = self.shift_of(counter, day).map(|shift| shift.float_minor);
        let float_minor = known.unwrap_or_else(|| pick(&mut self.dice, &[0, 5_000, 60_000]));
        let command = OpenShift {
            tenant_id: TENANT,
            channel_account_id: account,
            cashier: cashier(counter).to_owned(),
            float_minor,
            business_day: day,
            origin: Origin::system(),
        };
        if or_refused(self.ask(&command, &format!("open-{counter}-{day}")))? {
            // What the row says: a request that was lost may have named another float.
            let float_minor = self.shift_of(counter, day).map_or(0, |shift| shift.float_minor);
            self.truth.vault -= float_minor;
            *self.truth.drawers.entry(counter).or_default() += float_minor;
            self.tally.sees("shifts");
        }
        Ok(())
    }

    /// The cash in the drawer is counted, all of it, and goes to the vault.
    pub(super) fn close_shift(&mut self, counter: usize, day: i64) -> Result<(), Missed> {
        let Some(shift) = self.shift_of(counter, day).cloned() else { return Ok(()) };
        if self.truth.waits(counter) {
            self.plan_in((5 * MINUTE_US, 20 * MINUTE_US), Act::CloseShift { counter, day });
            return Ok(());
        }
        let in_drawer = self.truth.drawers.get(&counter).copied().unwrap_or_default();
        // Who handed back more than the drawer held paid it out of his own purse.
        let counted_minor = in_drawer.max(0);
        if counted_minor != in_drawer {
            self.truth.drawers.insert(counter, counted_minor);
            *self.truth.mistakes.entry(shift.id).or_default() += counted_minor.saturating_sub(in_drawer);
        }
        let command = CloseShift {
            tenant_id: TENANT,
            shift_id: shift.id,
            counted_minor,
            by: "supervisor".to_owned(),
            origin: Origin::system(),
        };
        #[cfg(feature = "planted")]
        let command = self.swallows_the_difference(command);
        if !or_refused(self.ask(&command, &format!("close-{counter}-{day}")))? {
            // Somebody asked to undo a taking, and nobody has decided.
            self.plan_in((5 * MINUTE_US, 20 * MINUTE_US), Act::CloseShift { counter, day });
            return Ok(());
        }
        self.truth.drawers.insert(counter, 0);
        self.truth.vault += counted_minor;
        let over_short = self.shift_of(counter, day).map_or(0, |shift| shift.over_short_minor);
        let mistaken = self.truth.mistakes.get(&shift.id).copied().unwrap_or_default();
        self.tally.sees(if mistaken == 0 { "shifts_exact" } else { "shifts_over_or_short" });
        self.require(over_short == mistaken, "drawer", || {
            format!("{} was {over_short} over, {mistaken} by truth", shift.id)
        });
        Ok(())
    }

    pub(super) fn close_day(&mut self, counter: usize, day: i64) -> Result<(), Missed> {
        let Some(id) = Self::day_id(counter, day) else { return Ok(()) };
        let open = self.shift_of(counter, day).is_some_and(|shift| shift.status == ShiftStatus::Open);
        let (by, origin) = ("supervisor".to_owned(), Origin::system());
        let command = CloseCounterDay { tenant_id: TENANT, counter_day_id: id, by, origin };
        let closed = or_refused(self.ask(&command, &format!("day-{counter}-{day}")))?;
        self.require(!(closed && open), "day", || format!("{id} was closed with a shift open"));
        if !closed && self.shift_of(counter, day).is_some() {
            self.plan_in((HOUR_US, 2 * HOUR_US), Act::CloseDay { counter, day });
        }
        Ok(())
    }

    /// What the day's drawers brought beyond their floats goes to the bank, sometimes in two slips.
    pub(super) fn carry_cash(&mut self, counter: usize, day: i64) -> Result<(), Missed> {
        let Some(id) = Self::day_id(counter, day) else { return Ok(()) };
        let own = |one: &Carried| one.counter == counter && one.day == day && one.id.is_none();
        let begun = self.truth.carried.iter().position(own);
        let Some(index) = begun.or_else(|| self.fills_a_slip(counter, (day, id))) else { return Ok(()) };
        let Some(carried) = self.truth.carried.get(index).cloned() else { return Ok(()) };
        let command = DepositCash {
            tenant_id: TENANT,
            counter_day_id: id,
            bank_account_id: BANK,
            amount_minor: carried.amount_minor,
            slip_no: carried.slip_no.clone(),
            by: "courier".to_owned(),
            origin: Origin::system(),
        };
        self.ask(&command, &format!("carry-{}", carried.slip_no))?;
        let key = KeyName::scoped(TENANT, NaturalKind::DepositSlip, &BANK, &carried.slip_no);
        let deposit_id = self.store.rows.natural_keys.get(&key).map(|key| CashDepositId(key.id));
        if let Some(carried) = self.truth.carried.get_mut(index) {
            carried.id = deposit_id;
        }
        self.truth.vault -= carried.amount_minor;
        self.tally.sees("cash_deposits");
        self.plan_in((HOUR_US, 20 * HOUR_US), Act::Counted(index));
        self.plan_in((HOUR_US, 3 * HOUR_US), Act::CarryCash { counter, day });
        Ok(())
    }

    /// A new slip for what is left of the day, or for a half of it.
    fn fills_a_slip(&mut self, counter: usize, (day, id): (i64, CounterDayId)) -> Option<usize> {
        let stored = self.store.rows.counter_days.get(&(TENANT, id));
        let left_minor = stored.map_or(0, CounterDay::left_minor);
        if left_minor == 0 {
            return None;
        }
        let half = self.dice.below(3) == 0;
        let amount_minor = if half { left_minor.div_euclid(2).max(1) } else { left_minor };
        let index = self.truth.carried.len();
        let (slip_no, id, booking) = (format!("DS{index}"), None, None);
        self.truth.carried.push(Carried { counter, day, slip_no, amount_minor, id, booking });
        Some(index)
    }

    pub(super) fn bank_counts(&mut self, index: usize) {
        let Some(carried) = self.truth.carried.get(index).cloned() else { return };
        let payer = Payer { name: "cash".to_owned(), account: "0".to_owned() };
        let numbers =
            self.bank.arrive(ACCOUNT, (&payer, carried.amount_minor), &carried.slip_no, self.now_us);
        let booking = numbers.ok().and_then(|numbers| numbers.first().copied());
        if let Some(carried) = self.truth.carried.get_mut(index) {
            carried.booking = booking;
        }
    }
}

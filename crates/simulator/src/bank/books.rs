//! The bank's own books: balances and bookings, never changed once made.

use super::journal::BankEvent;
use super::remark::{Slip, mistyped};
use crate::core::Dice;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const DAY_US: i64 = 86_400_000_000;
const SHANGHAI_US: i64 = 8 * 3_600_000_000;
/// The most bookings that one account takes.
const BOOKINGS_MAX: usize = 1_000_000;
/// The most accounts.
const ACCOUNTS_MAX: usize = 1_000;

/// What a booking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// A payment in or out.
    Plain,
    /// The bank takes an earlier booking back.
    Reversal,
    /// A payment out that came back.
    Returned,
}

/// The other side of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payer {
    /// The name on the account.
    pub name: String,
    /// The account.
    pub account: String,
}

/// One movement on an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The bank's running number, unique over all accounts.
    pub number: u64,
    /// When it was booked, Unix microseconds.
    pub at_us: i64,
    /// In above zero, out below, fen.
    pub signed_fen: i64,
    /// The balance after it, fen.
    pub balance_fen: i64,
    /// The other side.
    pub other: Payer,
    /// What was written.
    pub remark: String,
    /// What it is.
    pub nature: Nature,
    /// The booking it takes back.
    pub reverses: Option<u64>,
    /// From when statements show it, Unix microseconds: late items are booked and not shown yet.
    pub shown_from_us: i64,
}

impl Booking {
    /// The bank's day, days since 1970-01-01.
    #[must_use]
    pub const fn day(&self) -> i64 {
        self.at_us.saturating_add(SHANGHAI_US).div_euclid(DAY_US)
    }
}

/// How often the bank and its payers do what banks and payers do, in parts per million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Habits {
    /// A payer mistypes the remark.
    pub mistyped_ppm: u32,
    /// A payer sends the amount in two transfers.
    pub split_ppm: u32,
    /// A transfer is shown in statements only a day later.
    pub late_ppm: u32,
    /// The bank takes a transfer back some minutes later.
    pub reversed_ppm: u32,
    /// Statements leave out the bank's number.
    pub numberless: bool,
}

/// Why the bank would not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BankRefusal {
    /// There is no such account.
    #[error("no such account")]
    NoAccount,
    /// There is no such booking, or it was taken back before.
    #[error("no such booking")]
    NoBooking,
    /// An amount is not above zero, or the account does not hold it.
    #[error("the amount cannot be booked")]
    Amount,
    /// A limit of the simulator.
    #[error("the simulator's limit is reached")]
    Full,
}

/// The bank.
#[derive(Debug)]
pub struct Bank {
    accounts: BTreeMap<String, Vec<Booking>>,
    names: BTreeMap<String, String>,
    dice: Dice,
    next_number: u64,
    /// Changes that nobody took yet; kept only where somebody will.
    events: Option<Vec<BankEvent>>,
    /// What happens by itself.
    pub habits: Habits,
}

impl Bank {
    /// A bank without accounts; the same seed makes the same habits happen.
    #[must_use]
    pub fn new(seed: u64, habits: Habits) -> Self {
        let (accounts, names) = (BTreeMap::new(), BTreeMap::new());
        Self { accounts, names, dice: Dice::new(seed), next_number: 1, events: None, habits }
    }

    /// Opens an account; one that is open stays as it is.
    pub fn open(&mut self, account: &str, name: &str) -> Result<(), BankRefusal> {
        if self.accounts.len() >= ACCOUNTS_MAX && !self.accounts.contains_key(account) {
            return Err(BankRefusal::Full);
        }
        if !self.accounts.contains_key(account) {
            self.tell(|| BankEvent::Opened { account: account.to_owned(), name: name.to_owned() });
        }
        self.accounts.entry(account.to_owned()).or_default();
        self.names.entry(account.to_owned()).or_insert_with(|| name.to_owned());
        Ok(())
    }

    /// From now on changes are kept until they are taken.
    pub fn keep_events(&mut self) {
        self.events.get_or_insert_default();
    }

    /// The changes since the last time.
    pub fn take_events(&mut self) -> Vec<BankEvent> {
        self.events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn tell(&mut self, event: impl FnOnce() -> BankEvent) {
        if let Some(events) = &mut self.events {
            events.push(event());
        }
    }

    /// Takes back in what was told before.
    pub fn restore(&mut self, event: BankEvent) {
        match event {
            BankEvent::Opened { account, name } => {
                self.accounts.entry(account.clone()).or_default();
                self.names.insert(account, name);
            }
            BankEvent::Booked { account, booking } => {
                self.next_number = self.next_number.max(booking.number.saturating_add(1));
                self.accounts.entry(account).or_default().push(booking);
            }
        }
    }

    /// The numbers of all accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
    }

    /// The name on an account.
    #[must_use]
    pub fn name(&self, account: &str) -> Option<&str> {
        self.names.get(account).map(String::as_str)
    }

    /// Every booking of an account, the earliest first: the truth.
    pub fn bookings(&self, account: &str) -> Result<&[Booking], BankRefusal> {
        self.accounts.get(account).map(Vec::as_slice).ok_or(BankRefusal::NoAccount)
    }

    /// What an account holds, fen.
    pub fn balance_fen(&self, account: &str) -> Result<i64, BankRefusal> {
        Ok(self.bookings(account)?.last().map_or(0, |last| last.balance_fen))
    }

    /// Money arrives, with whatever habits the dice make happen; answers the numbers of its bookings.
    pub fn arrive(
        &mut self,
        account: &str,
        (payer, amount_fen): (&Payer, i64),
        remark: &str,
        now_us: i64,
    ) -> Result<Vec<u64>, BankRefusal> {
        if amount_fen <= 0 {
            return Err(BankRefusal::Amount);
        }
        let habits = self.habits;
        let slip = Slip::draw(&mut self.dice).filter(|_| self.dice.happens(habits.mistyped_ppm));
        let remark = slip.map_or_else(|| remark.to_owned(), |slip| mistyped(remark, slip));
        let split = amount_fen > 1 && self.dice.happens(habits.split_ppm);
        let first = if split { self.dice.between(1, amount_fen.saturating_sub(1)) } else { amount_fen };
        let parts = [first, amount_fen.saturating_sub(first)];
        let mut numbers = Vec::new();
        for part in parts.into_iter().filter(|part| *part > 0) {
            let late = self.dice.happens(habits.late_ppm);
            let shown_from_us = if late { now_us.saturating_add(DAY_US) } else { now_us };
            let number =
                self.book(account, (payer, part), (&remark, Nature::Plain, None), (now_us, shown_from_us))?;
            numbers.push(number);
            if self.dice.happens(habits.reversed_ppm) {
                self.take_back(account, number, now_us.saturating_add(600_000_000))?;
            }
        }
        Ok(numbers)
    }

    /// Money leaves to somebody.
    pub fn send(
        &mut self,
        account: &str,
        (payee, amount_fen): (&Payer, i64),
        remark: &str,
        now_us: i64,
    ) -> Result<u64, BankRefusal> {
        if amount_fen <= 0 || self.balance_fen(account)? < amount_fen {
            return Err(BankRefusal::Amount);
        }
        let times = (now_us, now_us);
        self.book(account, (payee, amount_fen.saturating_neg()), (remark, Nature::Plain, None), times)
    }

    /// The bank takes a booking back 冲正, once.
    pub fn take_back(&mut self, account: &str, number: u64, now_us: i64) -> Result<u64, BankRefusal> {
        self.undo(account, number, (Nature::Reversal, "冲正"), now_us)
    }

    /// A payment out comes back 退汇, once.
    pub fn come_back(&mut self, account: &str, number: u64, now_us: i64) -> Result<u64, BankRefusal> {
        let out = self.bookings(account)?.iter().any(|row| row.number == number && row.signed_fen < 0);
        if out {
            self.undo(account, number, (Nature::Returned, "退汇"), now_us)
        } else {
            Err(BankRefusal::NoBooking)
        }
    }

    fn undo(
        &mut self,
        account: &str,
        number: u64,
        (nature, remark): (Nature, &str),
        now_us: i64,
    ) -> Result<u64, BankRefusal> {
        let rows = self.bookings(account)?;
        let undone = rows.iter().any(|row| row.reverses == Some(number));
        let found = rows.iter().find(|row| row.number == number && !undone).cloned();
        let found = found.ok_or(BankRefusal::NoBooking)?;
        let what = (remark, nature, Some(number));
        self.book(account, (&found.other, found.signed_fen.saturating_neg()), what, (now_us, now_us))
    }

    fn book(
        &mut self,
        account: &str,
        (other, signed_fen): (&Payer, i64),
        (remark, nature, reverses): (&str, Nature, Option<u64>),
        (at_us, shown_from_us): (i64, i64),
    ) -> Result<u64, BankRefusal> {
        let number = self.next_number;
        let rows = self.accounts.get_mut(account).ok_or(BankRefusal::NoAccount)?;
        if rows.len() >= BOOKINGS_MAX {
            return Err(BankRefusal::Full);
        }
        // A bank books in order, whatever a caller's clock says.
        let at_us = rows.last().map_or(at_us, |last| last.at_us.max(at_us));
        let before = rows.last().map_or(0, |last| last.balance_fen);
        let balance_fen = before.checked_add(signed_fen).ok_or(BankRefusal::Amount)?;
        let (other, remark) = (other.clone(), remark.to_owned());
        let booking = Booking {
            number,
            at_us,
            signed_fen,
            balance_fen,
            other,
            remark,
            nature,
            reverses,
            shown_from_us: shown_from_us.max(at_us),
        };
        rows.push(booking.clone());
        self.tell(|| BankEvent::Booked { account: account.to_owned(), booking });
        self.next_number = self.next_number.saturating_add(1);
        Ok(number)
    }
}

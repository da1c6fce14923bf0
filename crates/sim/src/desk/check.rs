//! What must hold at the desk: after every commit, and when the bank's truth and the books are laid side by side.

use super::Desk;
use super::setup::{ACCOUNT, BANK, TENANT};
use crate::store::Commit;
use std::collections::{BTreeMap, BTreeSet};
use tk_domain::exception::{ExceptionKind, ExceptionStatus};
use tk_domain::ledger::{AccountKind, EntryLine};
use tk_domain::payment::PaymentStatus;
use tk_domain::transfer::{BankLine, BankStatement, Flow, LineStatus, MatchStatus, RemittanceCode, ToldDays};
use tk_simulator::bank::{Booking, Nature};

impl Desk {
    /// inv-01, inv-11: entries balance; no line is given away beyond its amount, no order above its own.
    pub(super) fn check_commit(&mut self, commit: &Commit) {
        for entry in &commit.appended.entries {
            let sum: i64 = entry.lines().iter().map(EntryLine::signed_minor).sum();
            self.require(sum == 0, "inv-01", || format!("{} does not balance", entry.id));
        }
        let mut of_line: BTreeMap<_, i64> = BTreeMap::new();
        let mut of_order: BTreeMap<_, i64> = BTreeMap::new();
        for made in self.store.rows.transfer_matches.iter().filter(|row| row.status == MatchStatus::Active) {
            *of_line.entry(made.bank_line_id).or_default() += made.amount_minor;
            *of_order.entry(made.order_id).or_default() += made.amount_minor;
        }
        for (id, given) in of_line {
            let line = self.store.rows.bank_lines.get(&(TENANT, id));
            let within = line.is_some_and(|line| given <= line.amount_minor && given == line.matched_minor);
            self.require(within, "inv-11", || format!("{id} was given {given}"));
        }
        for (id, got) in of_order {
            let order = self.store.rows.transfer_orders.get(&(TENANT, id));
            let within = order.is_some_and(|order| got <= order.amount_minor);
            self.require(within, "inv-11", || format!("{id} got {got}"));
        }
    }

    /// The bank's truth and the books, to the fen.
    pub(super) fn check_at_the_end(&mut self) {
        let truth: Vec<Booking> = self.bank.bookings(ACCOUNT).map(<[Booking]>::to_vec).unwrap_or_default();
        self.every_booking_is_one_line(&truth);
        self.books_are_the_banks(&truth);
        self.days_are_proven();
        self.orders_have_their_money(&truth);
        let open = self.store.rows.exceptions.iter().filter(|row| row.status == ExceptionStatus::Open);
        let unhealed = open
            .filter(|row| matches!(row.kind, ExceptionKind::BankLinkSilent | ExceptionKind::StatementRefused))
            .count();
        let trouble = self.bank_link().and_then(|link| link.trouble);
        self.require(unhealed == 0 && trouble.is_none(), "desk", || {
            format!("the link did not heal: {trouble:?}, {unhealed} matters open")
        });
    }

    /// fault-14: whatever files came and however often, each booking is one line and each line one booking; but for
    /// what comes to nothing.
    fn every_booking_is_one_line(&mut self, truth: &[Booking]) {
        let mut theirs: Vec<(i64, String)> = Vec::new();
        for row in truth {
            let number =
                if self.bank.habits.numberless { String::new() } else { format!("BR{:012}", row.number) };
            theirs.push((row.signed_fen, number));
        }
        let booked = self.store.rows.bank_lines.iter().filter(|line| line.status == LineStatus::Booked);
        let mut ours: Vec<(i64, String)> = booked
            .map(|line| {
                let sign = if line.flow == Flow::Credit { 1 } else { -1 };
                (sign * line.amount_minor, line.bank_ref.clone())
            })
            .collect();
        theirs.sort();
        ours.sort();
        self.require(same_bookings(&theirs, &ours), "fault-14", || {
            let first = theirs.iter().zip(&ours).find(|(their, our)| their != our);
            format!("the bank booked {} times, we have {} lines: {first:?}", theirs.len(), ours.len())
        });
    }

    /// As many lines are booked of any days as their statements tell of.
    fn days_are_proven(&mut self) {
        let statements: Vec<BankStatement> = self.store.rows.bank_statements.iter().cloned().collect();
        let days: BTreeSet<i64> = statements.iter().map(|row| row.last_day).collect();
        for told in days.into_iter().filter_map(|day| ToldDays::around(&statements, day)).collect::<Vec<_>>()
        {
            let of_days = |line: &&BankLine| {
                line.status == LineStatus::Booked
                    && (told.first_day..=told.last_day).contains(&line.booked_day)
            };
            let booked = self.store.rows.bank_lines.iter().filter(of_days).count();
            self.require(
                i64::try_from(booked).is_ok_and(|booked| booked >= told.lines_count),
                "fault-14",
                || format!("{told:?}, but {booked} lines are booked of those days"),
            );
        }
    }

    fn books_are_the_banks(&mut self, truth: &[Booking]) {
        let held: i64 = truth.iter().map(|row| row.signed_fen).sum();
        let accounts = self.store.rows.accounts.iter();
        let ours: i64 = accounts
            .filter(|row| row.kind == AccountKind::BankAccount)
            .map(|row| row.balance_minor.saturating_neg())
            .sum();
        if ours < held {
            self.tally.fen_lost = self.tally.fen_lost.saturating_add(held - ours);
        } else {
            self.tally.fen_created = self.tally.fen_created.saturating_add(ours - held);
        }
        self.require(ours == held, "truth", || format!("{BANK}: the bank holds {held}, our books {ours}"));
        let sum: i64 = self.store.rows.accounts.iter().map(|row| row.balance_minor).sum();
        self.require(sum == 0, "inv-02", || format!("all balances come to {sum}"));
    }

    /// A transfer that nobody could mistake pays its order; an order that is paid has all its money.
    fn orders_have_their_money(&mut self, truth: &[Booking]) {
        let undone = |row: &Booking| truth.iter().any(|other| other.reverses == Some(row.number));
        let names = |row: &Booking, code: &str| {
            RemittanceCode::find_in(&row.remark).iter().any(|found| found.to_string() == code)
        };
        for wanted in self.orders.clone() {
            let Some(payment_id) = wanted.payment else { continue };
            let status = self.store.rows.payments.get(&(TENANT, payment_id)).map(|row| row.status);
            let paid = status == Some(PaymentStatus::Succeeded);
            let got: i64 = self
                .store
                .rows
                .transfer_matches
                .iter()
                .filter(|row| row.payment_id == payment_id && row.status != MatchStatus::Undone)
                .map(|row| row.amount_minor)
                .sum();
            self.require(!paid || got == wanted.amount_minor, "inv-08", || {
                format!("{payment_id} is paid with {got} of {}", wanted.amount_minor)
            });
            let carrying: Vec<&Booking> = truth.iter().filter(|row| names(row, &wanted.code)).collect();
            let clear = match carrying.as_slice() {
                [row] => row.nature == Nature::Plain && row.signed_fen == wanted.amount_minor && !undone(row),
                _ => false,
            };
            let contested = truth
                .iter()
                .any(|row| row.nature == Nature::Reversal && -row.signed_fen == wanted.amount_minor);
            self.require(paid || wanted.closed || contested || !clear, "desk", || {
                format!("{payment_id} was paid in full with its code and is {status:?}")
            });
            self.tally.manual += u64::from(!paid && !carrying.is_empty());
        }
    }
}

/// Whether the same is booked on both sides, but for what no balance can tell of because it comes to nothing: a transfer
/// with its reversal that are missing.
fn same_bookings(theirs: &[(i64, String)], ours: &[(i64, String)]) -> bool {
    let mut missing: BTreeMap<&(i64, String), i64> = BTreeMap::new();
    for row in theirs {
        *missing.entry(row).or_default() += 1;
    }
    for row in ours {
        *missing.entry(row).or_default() -= 1;
    }
    let mut left: BTreeMap<i64, i64> = BTreeMap::new();
    for ((signed_fen, _), count) in &missing {
        *left.entry(*signed_fen).or_default() += count;
    }
    let comes_to_nothing = |(signed_fen, count): (&i64, &i64)| {
        *count == 0 || left.get(&-signed_fen).is_some_and(|opposite| opposite == count)
    };
    missing.values().all(|count| *count >= 0) && left.iter().all(comes_to_nothing)
}

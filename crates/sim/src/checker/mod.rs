//! The checker: code of its own that remembers what it saw and holds every commit to the invariants.

mod books;
mod chain;
mod end;
mod items;
mod money_in;
mod money_out;
mod observer;
mod parts;
mod prepaid;
mod shares;
mod wants;

pub(crate) use observer::Cause;

use crate::seller::Seller;
use crate::store::Commit;
use std::collections::BTreeMap;
use tk_domain::id::ChannelAccountId;
use tk_domain::snapshot::{ApplyFault, Snapshot};

/// A broken invariant.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    pub(crate) step: u64,
    pub(crate) invariant: &'static str,
    pub(crate) text: String,
}

/// What the checker knows.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    pub(crate) step: u64,
    pub(crate) broken: Vec<Broken>,
    /// State and entry are compared at the end only: it shows what a checker without the transaction sees.
    #[cfg(feature = "planted")]
    pub(crate) patient: bool,
    books: books::Books,
    chain: chain::Chain,
    money_in: money_in::MoneyIn,
    money_out: money_out::MoneyOut,
    observer: observer::Observer,
    shares: shares::Shares,
    wants: wants::Sampler,
}

/// At most so many breaches of one run are kept.
const BROKEN_MAX: usize = 8;

impl Checker {
    pub(crate) fn violation(&mut self, invariant: &'static str, text: String) {
        if self.broken.len() < BROKEN_MAX {
            self.broken.push(Broken { step: self.step, invariant, text });
        }
    }

    /// A commit that the store refused to make: the decision was wrong.
    pub(crate) fn defect(&mut self, why: &ApplyFault) {
        self.violation("inv-04", format!("the store refused a decision: {why:?}"));
    }

    #[cfg(feature = "planted")]
    const fn waits(&self) -> bool {
        self.patient
    }

    #[cfg(not(feature = "planted"))]
    #[expect(clippy::unused_self, reason = "only the planted build can wait")]
    const fn waits(&self) -> bool {
        false
    }

    fn require(&mut self, holds: bool, invariant: &'static str, text: impl FnOnce() -> String) {
        if !holds {
            self.violation(invariant, text());
        }
    }

    /// Holds one commit to what its books alone can tell, whoever moved the money.
    fn books_of(&mut self, rows: &Snapshot, commit: &Commit) {
        self.inv_35_own_tenant(commit);
        for entry in &commit.appended.entries {
            self.inv_01_balanced(entry);
            self.inv_06_entry_sequence(entry);
            self.note_entry(entry);
            self.note_shares(entry);
        }
        for event in &commit.appended.events {
            self.inv_06_event_sequence(event);
            self.inv_29_object_sequence(event);
        }
        for audit in &commit.appended.audits {
            self.inv_37_chain(audit);
        }
        self.inv_03_balances(rows, commit);
        self.inv_04_guarded(rows, commit);
        self.drawn_is_what_draws_say(rows, commit);
    }

    /// Holds one commit of a story without channels to everything but what a channel would know.
    pub(crate) fn after_commit_at_hand(&mut self, rows: &Snapshot, commit: &Commit) {
        self.books_of(rows, commit);
        for attempt in commit.attempts.iter().filter_map(|key| rows.attempts.get(key)) {
            self.inv_12_numbers(attempt);
            self.inv_11_entry_by_disposition(attempt);
        }
        for payment in commit.payments.iter().filter_map(|key| rows.payments.get(key)) {
            self.check_payment(payment);
        }
        for refund in commit.refunds.iter().filter_map(|key| rows.refunds.get(key)) {
            self.inv_19_and_10(refund);
            self.inv_18_entries(refund);
        }
        for hold in commit.holds.iter().filter_map(|key| rows.holds.get(key)) {
            self.check_hold(hold, Cause::of("at hand"));
        }
        for attempt in commit.attempts.iter().filter_map(|key| rows.attempts.get(key)) {
            self.inv_17_refunds_within_received(attempt);
        }
        self.inv_08_after(rows, commit);
        self.inv_18_held(rows, commit);
    }

    /// Holds one commit to everything that can be told from it and from what was seen before.
    pub(crate) fn after_commit(
        &mut self,
        rows: &Snapshot,
        commit: &Commit,
        (cause, host_us): (Cause<'_>, i64),
        sellers: &BTreeMap<ChannelAccountId, Seller>,
    ) {
        self.books_of(rows, commit);
        self.inv_13_questions_change_nothing(commit, cause);
        for key in &commit.attempts {
            let Some(attempt) = rows.attempts.get(key) else { continue };
            self.check_attempt(attempt, (cause, host_us), sellers);
        }
        for key in &commit.payments {
            let Some(payment) = rows.payments.get(key) else { continue };
            self.check_payment(payment);
        }
        for key in &commit.refunds {
            let Some(refund) = rows.refunds.get(key) else { continue };
            self.check_refund(refund, rows, cause, sellers);
        }
        for key in &commit.holds {
            let Some(hold) = rows.holds.get(key) else { continue };
            self.check_hold(hold, cause);
        }
        for key in &commit.attempts {
            let Some(attempt) = rows.attempts.get(key) else { continue };
            self.inv_17_refunds_within_received(attempt);
        }
        for key in &commit.split_lines {
            let Some(line) = rows.split_lines.get(key) else { continue };
            self.check_share(line, rows);
            self.check_paid_share(line, rows, sellers);
        }
        self.inv_23_parts(rows, commit);
        self.inv_23_items(rows, commit);
        self.inv_08_after(rows, commit);
        self.inv_18_held(rows, commit);
        for key in &commit.deliveries {
            let Some(delivery) = rows.deliveries.get(key) else { continue };
            self.inv_28_sent_after_2xx(delivery);
        }
    }
}

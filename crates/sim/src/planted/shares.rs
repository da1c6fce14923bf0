//! Bugs about shares.

use super::Bug;
use crate::flight::Flight;
use crate::world::World;
use tk_domain::decision::{Change, Changes};
use tk_domain::ledger::EntryKind;
use tk_domain::split::{ShareResult, SplitFinding, SplitReport};

impl World {
    /// A split whose answer was lost is said again under a number of its own.
    pub(super) fn renumber_split(&mut self, flight: &mut Flight) {
        if self.has(Bug::ShareSentUnderNewNumber) {
            let fresh = self.dice.next_u64();
            flight.said.renumber_split(format!("S{fresh:016X}"));
        }
    }

    /// A share that was not paid is taken for paid.
    pub(super) fn spoil_split_report(&self, report: &SplitReport) -> SplitReport {
        let mut report = report.clone();
        if self.has(Bug::ShareFailureIsPayment)
            && let SplitFinding::Shares(told) = &mut report.finding
        {
            for share in told.iter_mut().filter(|share| matches!(share.result, ShareResult::Failed { .. })) {
                share.result = ShareResult::Paid;
            }
        }
        report
    }
}

/// A refund is made of the merchant's own money alone, and its receivers keep their shares.
pub(super) fn keep_shares(changes: Changes) -> Changes {
    if !changes.as_slice().iter().any(|change| matches!(change, Change::SplitReturn(_))) {
        return changes;
    }
    let mut spoilt = Changes::default();
    for change in changes.into_vec() {
        let entry = matches!(&change, Change::Entry(entry) if entry.kind == EntryKind::SplitReturn);
        if !entry && !matches!(change, Change::SplitReturn(_) | Change::SplitLine(_)) {
            spoilt.put_change(change);
        }
    }
    spoilt
}

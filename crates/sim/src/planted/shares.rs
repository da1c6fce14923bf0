//! Bugs about shares.

use super::Bug;
use crate::flight::Flight;
use crate::world::World;
use tk_domain::decision::{Change, Changes};
use tk_domain::ledger::EntryKind;
use tk_domain::report::Source;
use tk_domain::split::{
    ReturnFinding, ReturnReport, ShareResult, ShareTold, SplitFinding, SplitLine, SplitReceiver, SplitReport,
};

impl World {
    /// What a receiver gives back is taken for that of one share alone.
    pub(super) fn forget_beside(&self, flight: &mut Flight) {
        if let Some(back) = flight.back.as_mut().filter(|_| self.has(Bug::SumEndsEachShare)) {
            back.beside.clear();
        }
    }

    /// A split whose answer was lost is said again under a number of its own.
    pub(super) fn renumber_split(&mut self, flight: &mut Flight) {
        if self.has(Bug::ShareSentUnderNewNumber) {
            let fresh = self.dice.next_u64();
            flight.said.renumber_split(format!("S{fresh:016X}"));
        }
    }

    /// A share that was not paid is taken for paid; one that was given up for unpaid, whatever the channel says.
    pub(super) fn spoil_split_report(&self, flight: &Flight, report: &SplitReport) -> SplitReport {
        let mut report = report.clone();
        if self.has(Bug::GivenUpIsUnpaid)
            && let Some((split, given)) = flight.split.as_ref().filter(|(split, _)| split.given_up())
        {
            let result = ShareResult::Failed { code: split.out_no.clone() };
            let line = |(line, _): &(SplitLine, SplitReceiver)| ShareTold {
                line_id: line.id,
                amount_minor: line.amount_minor,
                result: result.clone(),
            };
            let finding = SplitFinding::Shares(given.iter().map(line).collect());
            return SplitReport { source: Source::Query, finding };
        }
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

impl World {
    /// The channel's word that it took the call, or no word at all, is taken for the outcome.
    pub(super) fn spoil_return_report(&self, flight: &Flight, report: &ReturnReport) -> ReturnReport {
        let amount_minor = flight.back.as_ref().map_or(0, |back| back.row.amount_minor);
        let finding = match &report.finding {
            ReturnFinding::Accepted if self.has(Bug::ReturnAcceptedIsDone) => {
                ReturnFinding::Done { amount_minor }
            }
            ReturnFinding::Failed { .. } | ReturnFinding::Unclear if self.has(Bug::KeptShareIsBack) => {
                ReturnFinding::Done { amount_minor }
            }
            ReturnFinding::Unclear if self.has(Bug::LostReturnIsRefused) => {
                ReturnFinding::Failed { code: "planted".to_owned(), message: String::new() }
            }
            other => return ReturnReport { source: report.source, finding: other.clone() },
        };
        ReturnReport { source: Source::Query, finding }
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

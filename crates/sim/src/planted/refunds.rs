//! Bugs in how an answer about a refund is read.

use super::Bug;
use crate::flight::Flight;
use crate::world::World;
use tk_domain::report::{RefundFinding, RefundReport, Source, Unclear};
use tk_money::Amount;

impl World {
    pub(super) fn spoil_refund_report(&self, flight: &Flight, report: &RefundReport) -> RefundReport {
        let (code, message) = ("planted".to_owned(), "planted".to_owned());
        let finding = match &report.finding {
            RefundFinding::Unclear(_) if self.has(Bug::HoldReleasedOnTimeout) => {
                RefundFinding::Failed { code, message }
            }
            RefundFinding::Unclear(Unclear::UnknownCode) if self.fails_duplicates(flight) => {
                RefundFinding::Failed { code, message }
            }
            RefundFinding::NotFound if self.has(Bug::RefundNotFoundIsFailed) => {
                RefundFinding::Failed { code, message }
            }
            RefundFinding::Accepted if self.has(Bug::AcceptedIsDone) => {
                let minor = flight.refund.as_ref().map_or(0, |refund| refund.amount_minor);
                RefundFinding::Done { amount: Amount::fen(minor), borne: None, at_us: None }
            }
            RefundFinding::Unclear(_)
            | RefundFinding::NotFound
            | RefundFinding::Accepted
            | RefundFinding::Done { .. }
            | RefundFinding::InProgress
            | RefundFinding::Failed { .. }
            | RefundFinding::NotYet { .. } => report.finding.clone(),
        };
        // The domain believes no "done" from our own call, so the bug has to claim that it asked.
        let source = if self.has(Bug::AcceptedIsDone) { Source::Query } else { report.source };
        RefundReport { source, finding }
    }
}

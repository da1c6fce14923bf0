//! A share that comes back with the refund itself, asked about once that is done.

use super::{ReturnFinding, Taking, exception_id};
use crate::ask;
use crate::command::{Want, Wants};
use crate::exception::{Exception, ExceptionKind};
use crate::instruction::InstructionKind;
use crate::ledger::AccountRef;
use crate::moment::Moment;
use crate::payment::{Payment, clipped};
use crate::refund::Refund;
use crate::report::Source;
use crate::split::postings;
use crate::split::rows::{ReturnMode, ReturnStatus, SplitLineStatus};
use crate::split::undo::end;

/// The accounts of the merchant that bear what does not come back.
pub(super) fn want_bearing((payment, refund): (&Payment, &Refund), wants: &mut Wants) {
    payment.bearing_accounts().into_iter().for_each(|name| wants.add(Want::Account(name)));
    wants.add(Want::Account(postings::owed(refund)));
}

impl Taking<'_> {
    /// Only the answer to a question ends it; whatever else is said, it is asked again.
    pub(super) fn find_with_refund(&mut self, finding: &ReturnFinding, moment: &mut Moment<'_>) {
        let answered = self.source != Source::Reply;
        match finding {
            // What was never paid came back by that.
            _ if self.line.status == SplitLineStatus::Failed => self.ended(moment),
            ReturnFinding::Done { amount_minor: 0 } if answered => self.stays("", moment),
            ReturnFinding::Done { amount_minor } if answered => self.came_back(*amount_minor, moment),
            ReturnFinding::Failed { code, .. } if answered => self.stays(code, moment),
            ReturnFinding::NotSent => {
                // What a worker counted as a conversation was none.
                self.instruction.tries = self.instruction.tries.saturating_sub(1).max(0);
                self.wait(InstructionKind::SplitReturnQuery, moment);
            }
            ReturnFinding::Accepted => {
                self.back.unknown_since_us = None;
                self.wait(InstructionKind::SplitReturnQuery, moment);
                self.tell_after_a_day(moment);
            }
            ReturnFinding::Done { .. }
            | ReturnFinding::Failed { .. }
            | ReturnFinding::NotYet { .. }
            | ReturnFinding::NotFound
            | ReturnFinding::Foreign
            | ReturnFinding::Unclear => self.not_told(moment),
        }
    }

    /// How much comes back of what the channel reckons itself, it says; what we named comes back as named or not at all.
    fn came_back(&mut self, told_minor: i64, moment: &mut Moment<'_>) {
        let reckoned = self.back.mode == ReturnMode::Itself;
        let more = told_minor.saturating_sub(self.back.amount_minor);
        let possible = told_minor > 0 && more <= self.line.kept_minor();
        if more != 0 && !(reckoned && possible) {
            self.exception(ExceptionKind::SplitMismatch, moment);
            return self.not_told(moment);
        }
        if more > 0 {
            self.changes.put_some(postings::taken_more(self.refund, &self.line, more, moment));
        } else {
            self.bear(more.saturating_neg(), moment);
        }
        self.back.amount_minor = told_minor;
        self.line.returning_minor = self.line.returning_minor.saturating_add(more);
        self.ended(moment);
    }

    fn ended(&mut self, moment: &mut Moment<'_>) {
        self.settle(moment);
        self.done(moment);
    }

    /// The receiver keeps it although the payer has his money: the merchant bears it, and a person is told.
    fn stays(&mut self, code: &str, moment: &mut Moment<'_>) {
        self.settle(moment);
        self.bear(self.back.amount_minor, moment);
        let mut row = (self.back.clone(), self.line.clone());
        end(&mut row, ReturnStatus::Refused, moment);
        (self.back, self.line) = row;
        self.line.returnable = false;
        self.back.failure_code = Some(clipped(code, 64));
        self.instruction.finish();
        self.exception(ExceptionKind::SplitNotReturned, moment);
    }

    fn not_told(&mut self, moment: &Moment<'_>) {
        self.unclear(moment);
        self.tell_after_a_day(moment);
    }

    fn tell_after_a_day(&mut self, moment: &Moment<'_>) {
        let done_at_us = self.refund.late_succeeded_at_us.or(self.refund.succeeded_at_us);
        let age_us = moment.now_us.saturating_sub(done_at_us.unwrap_or(self.back.created_at_us));
        if age_us >= ask::MANUAL_AFTER_US {
            self.exception(ExceptionKind::SplitUnknown, moment);
        }
    }

    /// It is known now.
    fn settle(&mut self, moment: &Moment<'_>) {
        let name = |kind| (self.back.tenant_id, exception_id(self.back.tenant_id, self.back.id, kind));
        for kind in [ExceptionKind::SplitUnknown, ExceptionKind::SplitMismatch] {
            self.changes.put_some(Exception::settled(name(kind), self.snapshot, moment.now_us));
        }
    }

    /// Gives a receiver again what the books had taken of it, out of what the merchant has.
    fn bear(&mut self, minor: i64, moment: &mut Moment<'_>) {
        let mut open_minor = minor;
        let mut drawn: Vec<(AccountRef, i64)> = Vec::new();
        for name in self.payment.bearing_accounts() {
            let available = self.snapshot.account(&name, moment.now_us).available_minor().max(0);
            let part = available.min(open_minor);
            open_minor = open_minor.saturating_sub(part);
            drawn.push((name, part));
        }
        let entry = postings::kept(self.refund, &self.line, (drawn, open_minor), moment);
        self.changes.put_some(entry);
    }
}

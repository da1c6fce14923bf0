//! What is said of a split that has ended; where it says otherwise of a share, it is asked once more.

use super::ask_again::CONFIRM_AFTER_US;
use super::{ShareResult, ShareTold, SplitFinding, Taking};
use crate::ask;
use crate::exception::ExceptionKind;
use crate::instruction::{InstructionKind, InstructionStatus};
use crate::moment::Moment;
use crate::report::Source;
use crate::split::SplitLineStatus;
use serde_json::json;

impl Taking<'_> {
    /// Takes a word on a split that has ended, and says whether it changed anything. What a late reply claims is asked
    /// about once more where some share is not booked as paid.
    pub(super) fn after_the_end(&mut self, finding: &SplitFinding, moment: &mut Moment<'_>) -> bool {
        let asked = self.instruction.status == InstructionStatus::Open;
        let answer = asked && self.source != Source::Reply;
        match finding {
            SplitFinding::Shares(told) if self.source != Source::Reply => {
                let doubtful = !self.not_ours(told, moment) && self.contradicted(told, moment);
                let under_way = doubtful || told.iter().any(|one| one.result == ShareResult::Pending);
                if under_way {
                    self.ask_later(moment);
                } else if asked {
                    self.instruction.finish();
                }
                asked || under_way || !self.changes.is_empty()
            }
            SplitFinding::Accepted | SplitFinding::Shares(_) => {
                let unpaid = self.lines.iter().any(|line| line.status != SplitLineStatus::Done);
                if unpaid && !asked {
                    self.instruction.next(InstructionKind::SplitQuery, moment.after(CONFIRM_AFTER_US));
                }
                unpaid && !asked
            }
            SplitFinding::NotFound | SplitFinding::Undivided { .. } | SplitFinding::Failed { .. } => {
                if answer {
                    self.instruction.finish();
                }
                answer
            }
            SplitFinding::NotYet { .. } | SplitFinding::NotSent | SplitFinding::Unclear => {
                // That nothing left us is a reply's word, whatever was to be asked.
                let again = answer || asked && *finding == SplitFinding::NotSent;
                if again {
                    self.ask_later(moment);
                }
                again
            }
        }
    }

    /// Asks on for a day after the end; then a person is told that nothing more was heard.
    fn ask_later(&mut self, moment: &Moment<'_>) {
        let ended_at_us = self.split.ended_at_us.unwrap_or(self.split.created_at_us);
        if moment.now_us.saturating_sub(ended_at_us) < ask::MANUAL_AFTER_US {
            self.split.queries_count = self.split.queries_count.saturating_add(1);
            let due_at_us = moment.after(ask::delay_us(self.split.queries_count));
            return self.instruction.next(InstructionKind::SplitQuery, due_at_us);
        }
        self.instruction.finish();
        let detail = json!({ "split": self.split.id, "queries": self.split.queries_count });
        self.exception(ExceptionKind::SplitUnknown, &detail, moment);
    }

    /// Whether shares are named that are not this split's, or not as they are; a person is told.
    pub(super) fn not_ours(&mut self, told: &[ShareTold], moment: &Moment<'_>) -> bool {
        let wrong = told.iter().any(|one| {
            let line = self.lines.iter().find(|line| line.id == one.line_id);
            line.is_none_or(|line| line.amount_minor != one.amount_minor)
        });
        if wrong {
            let detail = json!({ "split": self.split.id, "source": self.source });
            self.exception(ExceptionKind::SplitMismatch, &detail, moment);
        }
        wrong
    }
}

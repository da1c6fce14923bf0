//! A split not proven either way: its shares stay set aside, and the same number is asked about or sent again.

use super::Taking;
use crate::ask;
use crate::exception::ExceptionKind;
use crate::instruction::InstructionKind;
use crate::moment::{Moment, SECOND_US};
use crate::split::SplitState;
use serde_json::json;

/// How long after the channel accepted a split its outcome is first asked.
pub(super) const CONFIRM_AFTER_US: i64 = 10 * SECOND_US;

impl Taking<'_> {
    /// Accepted is not paid: the channel is asked until it says so of every share. Where none is to be paid, it has
    /// released the rest.
    pub(super) fn accepted(&mut self, moment: &mut Moment<'_>) {
        self.sent(moment);
        self.split.accepted_at_us.get_or_insert(moment.now_us);
        self.split.unknown_since_us = None;
        if self.lines.is_empty() {
            return self.end(SplitState::Succeeded, moment);
        }
        self.instruction.next(InstructionKind::SplitQuery, moment.after(CONFIRM_AFTER_US));
    }

    /// What pays nobody is not listed when asked about: it is said again, which changes nothing.
    pub(super) fn unclear(&mut self, moment: &mut Moment<'_>) {
        self.split.unknown_since_us.get_or_insert(moment.now_us);
        let kind = if self.lines.is_empty() { InstructionKind::Split } else { InstructionKind::SplitQuery };
        self.again(kind, moment);
    }

    /// What a worker counted as a conversation was none: the split stands where it stood.
    pub(super) fn not_sent(&mut self, moment: &Moment<'_>) {
        self.instruction.tries = self.instruction.tries.saturating_sub(1).max(0);
        self.split.updated_at_us = moment.now_us;
        self.wait(self.instruction.kind, moment);
    }

    pub(super) fn again(&mut self, kind: InstructionKind, moment: &mut Moment<'_>) {
        self.sent(moment);
        self.wait(kind, moment);
    }

    fn wait(&mut self, kind: InstructionKind, moment: &Moment<'_>) {
        self.split.queries_count = self.split.queries_count.saturating_add(1);
        let due_at_us = moment.after(ask::delay_us(self.split.queries_count));
        match self.given_up() {
            None => self.instruction.next(kind, due_at_us),
            Some(given_up) => {
                let from_us = self.asked_again_from(given_up, moment.now_us);
                self.instruction.next(InstructionKind::SplitQuery, due_at_us.max(from_us));
            }
        }
        let age_us = moment.now_us.saturating_sub(self.split.created_at_us);
        if age_us >= ask::MANUAL_AFTER_US && !self.split.needs_manual {
            self.split.needs_manual = true;
            let detail = json!({ "split": self.split.id, "queries": self.split.queries_count });
            self.exception(ExceptionKind::SplitUnknown, &detail, moment);
        }
    }
}

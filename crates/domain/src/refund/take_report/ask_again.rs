//! A refund not proven either way: the hold stays, and the same number is asked about or sent again.

use super::{CONFIRM_AFTER_US, Taking};
use crate::ask;
use crate::exception::ExceptionKind;
use crate::instruction::InstructionKind;
use crate::moment::Moment;
use crate::refund::RefundState;
use crate::report::Source;
use crate::webhook::EventKind;
use serde_json::json;
use tk_money::Amount;

impl Taking<'_> {
    /// Accepted is not done: the channel is asked until it says so.
    pub(super) fn accepted(&mut self, moment: &mut Moment<'_>) {
        self.sent(moment);
        self.refund.accepted_at_us.get_or_insert(moment.now_us);
        self.refund.unknown_since_us = None;
        self.say(InstructionKind::RefundQuery, moment.after(CONFIRM_AFTER_US));
    }

    pub(super) fn in_progress(&mut self, moment: &mut Moment<'_>) {
        self.sent(moment);
        self.refund.unknown_since_us = None;
        self.ask_again(moment);
    }

    /// A refusal that may pass: the same number is sent again, the hold stays.
    pub(super) fn not_yet(&mut self, code: &str, message: &str, moment: &mut Moment<'_>) {
        self.sent(moment);
        if self.source == Source::Reply && !self.earlier_sending_unproven() {
            self.nothing_under_way();
        }
        self.note_failure(code, message);
        self.refund.queries_count = self.refund.queries_count.saturating_add(1);
        self.say(InstructionKind::Refund, moment.after(ask::delay_us(self.refund.queries_count)));
        self.escalate(moment);
    }

    /// The channel does not know the refund: the same number is sent again, never a new one.
    pub(super) fn not_found(&mut self, moment: &mut Moment<'_>) {
        self.sent(moment);
        if self.refused_for_now_only() {
            self.nothing_under_way();
        } else {
            self.refund.unknown_since_us.get_or_insert(moment.now_us);
        }
        self.refund.queries_count = self.refund.queries_count.saturating_add(1);
        if self.refund.accepted_at_us.take().is_some() {
            let detail = json!({ "source": self.source, "accepted_then": "not_found" });
            self.exception(ExceptionKind::RefundReopened, &detail, moment);
        }
        self.say(InstructionKind::Refund, moment.after(ask::delay_us(self.refund.queries_count)));
        self.escalate(moment);
    }

    pub(super) fn unclear(&mut self, moment: &mut Moment<'_>) {
        self.sent(moment);
        self.refund.unknown_since_us.get_or_insert(moment.now_us);
        self.ask_again(moment);
    }

    pub(super) fn mismatch(&mut self, amount: Amount, moment: &mut Moment<'_>) {
        self.other_amount(amount, moment);
        self.sent(moment);
        self.refund.unknown_since_us.get_or_insert(moment.now_us);
        self.ask_again(moment);
    }

    pub(super) fn other_amount(&mut self, amount: Amount, moment: &Moment<'_>) {
        let detail = json!({
            "source": self.source, "expected": self.refund.order_minor, "seen": amount.minor,
            "seen_currency": amount.currency.code(),
        });
        self.exception(ExceptionKind::RefundMismatch, &detail, moment);
    }

    fn sent(&mut self, moment: &mut Moment<'_>) {
        self.refund.updated_at_us = moment.now_us;
        if self.refund.status == RefundState::Approved {
            self.refund.status = RefundState::Processing;
            self.event(EventKind::RefundProcessing, moment);
        }
    }

    fn ask_again(&mut self, moment: &Moment<'_>) {
        if self.source == Source::Query {
            self.refund.queries_count = self.refund.queries_count.saturating_add(1);
        }
        self.say(InstructionKind::RefundQuery, moment.after(ask::delay_us(self.refund.queries_count)));
        self.escalate(moment);
    }

    fn escalate(&mut self, moment: &Moment<'_>) {
        let age_us = moment.now_us.saturating_sub(self.refund.created_at_us);
        if age_us >= ask::MANUAL_AFTER_US && !self.refund.needs_manual {
            self.refund.needs_manual = true;
            let detail = json!({ "queries": self.refund.queries_count, "code": self.refund.failure_code });
            self.exception(ExceptionKind::RefundUnknown, &detail, moment);
        }
    }

    /// Every sending so far was refused for now, and somebody asked in between: the question's own claim is the only one
    /// since.
    fn refused_for_now_only(&self) -> bool {
        let answered = self.refund.failure_code.is_some()
            && self.refund.unknown_since_us.is_none()
            && self.refund.accepted_at_us.is_none();
        answered && self.instruction.as_ref().is_some_and(|row| row.tries <= 1)
    }

    /// The channel answered every sending so far, and none took effect: the next answer stands for itself.
    fn nothing_under_way(&mut self) {
        if let Some(instruction) = &mut self.instruction {
            instruction.tries = 0;
        }
    }

    pub(super) fn say(&mut self, kind: InstructionKind, due_at_us: i64) {
        if let Some(instruction) = &mut self.instruction {
            instruction.next(kind, due_at_us);
        }
    }
}

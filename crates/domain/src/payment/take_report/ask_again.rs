//! Nothing is proven: what is said to the channel next, and when.

use super::Taking;
use crate::ask;
use crate::channel_account::Method;
use crate::exception::ExceptionKind;
use crate::instruction::{InstructionKind, InstructionStatus};
use crate::moment::Moment;
use crate::payment::{AttemptStatus, PaymentStatus, close};
use crate::report::{PaymentFinding, Source};
use crate::webhook::EventKind;
use serde_json::json;

/// Questions about an attempt that is over, after which only a person asks on.
const AFTERWARDS_MAX: i64 = 30;

impl Taking<'_> {
    /// "Not found" proves nothing, because a late request can still land, until the order can no longer be
    /// paid: five minutes after the expiry that the channel itself enforces, by a query asked after that.
    pub(super) fn not_found(&mut self, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        let told = self.attempt.status != AttemptStatus::Created;
        let asked_when_dead = self.asked_at_us.min(moment.now_us) > self.dead_at_us();
        if told && self.source == Source::Query && asked_when_dead {
            return self.attempt_over(AttemptStatus::Closed, moment);
        }
        self.count_question();
        if self.attempt.status != AttemptStatus::RequiresAction {
            self.become_unknown(moment);
        }
        let delay_us = ask::delay_us(self.attempt.queries_count);
        let barcode_unpaid = close::close_kind(self.attempt.method) == InstructionKind::Cancel;
        if self.needs_first_answer(moment) {
            self.say(InstructionKind::Pay, moment.after(delay_us));
        } else if barcode_unpaid && self.source == Source::Query && self.attempt.queries_count > 5 {
            self.close_at_channel(moment);
        } else {
            self.ask_later(delay_us, moment);
        }
        self.escalate(moment);
    }

    pub(super) fn unclear(&mut self, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return self.unclear_afterwards(moment);
        }
        let undoing = self.cancel_under_way();
        self.attempt.queries_count = self.attempt.queries_count.saturating_add(1);
        if self.attempt.status != AttemptStatus::RequiresAction {
            self.become_unknown(moment);
        }
        let kind = if undoing {
            InstructionKind::Cancel
        } else if self.needs_first_answer(moment) {
            InstructionKind::Pay
        } else {
            InstructionKind::Query
        };
        self.say(kind, moment.after(ask::delay_us(self.attempt.queries_count)));
        self.escalate(moment);
    }

    /// A question about an attempt that is over goes on for a while, so that stray money is found.
    pub(super) fn unclear_afterwards(&mut self, moment: &Moment<'_>) {
        let asked = self.instruction.as_ref().is_some_and(|row| row.status == InstructionStatus::Open);
        let over_without_money = self.attempt.disposition.is_none();
        if asked && over_without_money && self.attempt.queries_count < AFTERWARDS_MAX {
            self.attempt.queries_count = self.attempt.queries_count.saturating_add(1);
            self.ask_afterwards(moment.after(ask::delay_us(self.attempt.queries_count)));
        }
    }

    /// Whether an answer about a cancelled bar-code payment neither shows its money nor that it went back: the
    /// question may stand because a callback tells of money, which a stale answer does not disprove.
    pub(super) fn leaves_doubt(&self, finding: &PaymentFinding) -> bool {
        let open_ended = matches!(
            finding,
            PaymentFinding::WaitingPayer | PaymentFinding::InProgress | PaymentFinding::NotFound
        );
        open_ended && self.source == Source::Query && self.over_by_cancel()
    }

    pub(super) fn ask_afterwards(&mut self, due_at_us: i64) {
        self.say(InstructionKind::Query, due_at_us);
        self.asking_afterwards = true;
    }

    /// While a cancel is on its way, which gives money back that was paid, nothing but its own outcome (or a
    /// final failure) says where the money is.
    pub(super) fn waits_for_cancel(&self, finding: &PaymentFinding) -> bool {
        let of_our_call = self.source == Source::Reply;
        self.cancel_under_way()
            && match finding {
                PaymentFinding::Closed
                | PaymentFinding::Undone(_)
                | PaymentFinding::Failed { .. }
                | PaymentFinding::CloseRefused => false,
                PaymentFinding::NotFound | PaymentFinding::Unclear(_) => !of_our_call,
                PaymentFinding::Paid(_)
                | PaymentFinding::ActionRequired(_)
                | PaymentFinding::WaitingPayer
                | PaymentFinding::InProgress => true,
            }
    }

    fn cancel_under_way(&self) -> bool {
        let cancelling = self
            .instruction
            .as_ref()
            .is_some_and(|row| row.status == InstructionStatus::Open && row.kind == InstructionKind::Cancel);
        cancelling && self.attempt.status.open()
    }

    /// Whether a final refusal of our call may be the answer to a repetition of a call that took effect. That holds for
    /// a code or link as for a bar code: whoever was leased the call before may have shown it, and the order that it
    /// opened can be paid.
    pub(super) fn may_have_taken_effect_before(&self) -> bool {
        let repeated = self.instruction.as_ref().is_some_and(|row| row.tries > 1);
        self.source == Source::Reply && repeated
    }

    const fn waits_for_payer_to_see(&self) -> bool {
        matches!(
            self.attempt.method,
            Method::AlipayQr
                | Method::AlipayPage
                | Method::AlipayWap
                | Method::WechatNative
                | Method::WechatH5
                | Method::WechatJsapi
        )
    }

    /// A QR order whose answer was lost is asked for again by the same number; the channel answers the same.
    fn needs_first_answer(&self, moment: &Moment<'_>) -> bool {
        self.waits_for_payer_to_see()
            && self.attempt.action.is_none()
            && self.attempt.close_requested_at_us.is_none()
            && self.attempt.channel_expires_at_us > moment.now_us
    }

    pub(super) fn become_unknown(&mut self, moment: &mut Moment<'_>) {
        if self.attempt.status == AttemptStatus::Unknown {
            return;
        }
        self.attempt.status = AttemptStatus::Unknown;
        self.attempt.unknown_since_us = Some(moment.now_us);
        self.attempt.updated_at_us = moment.now_us;
        if moment.now_us < self.attempt.channel_expires_at_us {
            self.attempt.queries_count = 0;
        }
        self.payment.unknown_since_us = Some(moment.now_us);
        self.set_payment_status(PaymentStatus::Processing, moment);
        self.event(EventKind::PaymentProcessing, moment);
    }

    /// A day unknown, or open a day after the channel's own expiry: a person is told, and asking goes on.
    pub(super) fn escalate(&mut self, moment: &Moment<'_>) {
        let expires_at_us = self.attempt.channel_expires_at_us;
        let since_us = self.attempt.unknown_since_us.map_or(expires_at_us, |since| since.min(expires_at_us));
        let long = moment.now_us.saturating_sub(since_us) >= ask::MANUAL_AFTER_US;
        if long && !self.attempt.needs_manual {
            self.attempt.needs_manual = true;
            let detail = json!({ "queries": self.attempt.queries_count });
            self.exception(ExceptionKind::PaymentUnknown, self.attempt.amount_minor, &detail, moment);
        }
    }

    /// The answer has come: nobody has to look for it any more.
    pub(super) fn known_at_last(&mut self, moment: &Moment<'_>) {
        if self.attempt.needs_manual {
            self.attempt.needs_manual = false;
            self.close_exception(ExceptionKind::PaymentUnknown, moment);
        }
    }

    pub(super) fn count_question(&mut self) {
        if self.source == Source::Query {
            self.attempt.queries_count = self.attempt.queries_count.saturating_add(1);
        }
    }

    pub(super) fn close_at_channel(&mut self, moment: &Moment<'_>) {
        let kind = close::close_kind(self.attempt.method);
        let first = self.attempt.close_requested_at_us.is_none();
        self.attempt.close_requested_at_us.get_or_insert(moment.now_us);
        let delay_us = if first { 0 } else { ask::delay_us(self.attempt.queries_count) };
        self.say(kind, moment.after(delay_us));
    }

    /// Asks at once; a close already under way is followed by this question.
    pub(super) fn ask_next(&mut self, due_at_us: i64) {
        if self.attempt.status.open() {
            self.say(InstructionKind::Query, due_at_us);
        }
    }

    /// Asks after a delay, and no later than needed to learn that the order can no longer be paid.
    pub(super) fn ask_later(&mut self, delay_us: i64, moment: &Moment<'_>) {
        let dead_at_us = self.dead_at_us().saturating_add(1);
        let mut due_at_us = moment.after(delay_us);
        if dead_at_us > moment.now_us {
            due_at_us = due_at_us.min(dead_at_us);
        }
        self.say(InstructionKind::Query, due_at_us);
    }

    /// From when on the channel itself has surely stopped accepting payment.
    pub(super) const fn dead_at_us(&self) -> i64 {
        self.attempt.channel_expires_at_us.saturating_add(ask::EXPIRY_GRACE_US)
    }

    fn say(&mut self, kind: InstructionKind, due_at_us: i64) {
        if let Some(instruction) = &mut self.instruction {
            instruction.next(kind, due_at_us);
        }
    }

    pub(super) fn finish_instruction(&mut self) {
        if let Some(instruction) = &mut self.instruction {
            instruction.finish();
        }
    }
}

//! The channel proves that an attempt is over without payment.

use super::Taking;
use crate::exception::ExceptionKind;
use crate::moment::Moment;
use crate::payment::{AttemptStatus, clipped, close, postings};
use serde_json::json;
use tk_money::{Amount, Rounding};

impl Taking<'_> {
    pub(super) fn failed(&mut self, code: &str, message: &str, moment: &mut Moment<'_>) {
        match self.attempt.status {
            AttemptStatus::Succeeded => self.contradicted(code, moment),
            AttemptStatus::Failed | AttemptStatus::Closed => {}
            AttemptStatus::Created
            | AttemptStatus::RequiresAction
            | AttemptStatus::Processing
            | AttemptStatus::Unknown => {
                self.attempt.failure_code = Some(clipped(code, 64));
                self.attempt.failure_message = Some(clipped(message, 200));
                self.attempt_over(AttemptStatus::Failed, moment);
            }
        }
    }

    pub(super) fn closed(&mut self, moment: &mut Moment<'_>) {
        match self.attempt.status {
            AttemptStatus::Succeeded if self.all_goes_back() => {}
            AttemptStatus::Succeeded => self.contradicted("closed", moment),
            AttemptStatus::Failed | AttemptStatus::Closed if self.stray_money_is_gone() => {
                self.contradicted("closed", moment);
            }
            AttemptStatus::Failed | AttemptStatus::Closed => {}
            AttemptStatus::Created
            | AttemptStatus::RequiresAction
            | AttemptStatus::Processing
            | AttemptStatus::Unknown => self.attempt_over(AttemptStatus::Closed, moment),
        }
    }

    /// A cancel took effect on an order that had been paid. Learnt after the end too, it is booked once.
    pub(super) fn undone(&mut self, amount: Amount, moment: &mut Moment<'_>) {
        match self.attempt.status {
            AttemptStatus::Succeeded => self.contradicted("undone", moment),
            AttemptStatus::Failed | AttemptStatus::Closed if self.attempt.disposition.is_some() => {
                self.contradicted("undone", moment);
            }
            AttemptStatus::Failed | AttemptStatus::Closed => self.book_undone(amount, moment),
            AttemptStatus::Created
            | AttemptStatus::RequiresAction
            | AttemptStatus::Processing
            | AttemptStatus::Unknown => {
                self.book_undone(amount, moment);
                self.attempt_over(AttemptStatus::Closed, moment);
            }
        }
    }

    fn book_undone(&mut self, amount: Amount, moment: &mut Moment<'_>) {
        let new = self.attempt.undone_minor == 0 && amount.minor > 0;
        if !new || amount.currency != self.attempt.currency {
            return;
        }
        self.attempt.undone_minor = amount.minor;
        self.attempt.channel_fee_minor =
            self.account.fee_rate.of(amount.minor, Rounding::HalfUp).unwrap_or(0);
        if self.account.fee_returned {
            self.attempt.channel_fee_returned_minor = self.attempt.channel_fee_minor;
        }
        self.attempt.updated_at_us = moment.now_us;
        let entry = postings::undone(&self.attempt, moment);
        self.changes.put_some(entry);
    }

    /// A channel calls an order closed, too, once all of its money went back (alipay.md section 5).
    const fn all_goes_back(&self) -> bool {
        self.attempt.refundable_minor() == 0
    }

    /// Stray money was booked on an attempt that is over, and none of it is on its way back by us.
    const fn stray_money_is_gone(&self) -> bool {
        self.attempt.disposition.is_some() && !self.all_goes_back()
    }

    pub(super) fn attempt_over(&mut self, status: AttemptStatus, moment: &mut Moment<'_>) {
        self.attempt.status = status;
        self.attempt.unknown_since_us = None;
        self.attempt.updated_at_us = moment.now_us;
        self.known_at_last(moment);
        self.finish_instruction();
        close::conclude(&mut self.payment, &self.attempt, &mut self.changes, moment);
    }

    pub(super) fn contradicted(&mut self, seen: &str, moment: &Moment<'_>) {
        let detail = json!({ "seen": seen, "source": self.source });
        self.exception(ExceptionKind::SuccessContradicted, self.attempt.received_minor, &detail, moment);
    }
}

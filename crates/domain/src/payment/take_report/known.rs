//! The order exists at the channel and is not over: shown to the payer, and asked about again.

use super::Taking;
use crate::ask;
use crate::channel_account::Method;
use crate::moment::Moment;
use crate::payment::{Action, AttemptStatus, PaymentStatus};
use crate::report::Source;
use crate::webhook::EventKind;

impl Taking<'_> {
    pub(super) fn action_required(&mut self, action: &Action, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        if self.attempt.action.is_none() {
            self.attempt.action = Some(action.clone());
        }
        self.known_open(AttemptStatus::RequiresAction, moment);
        if self.payment.status != PaymentStatus::RequiresAction {
            self.set_payment_status(PaymentStatus::RequiresAction, moment);
            self.event(EventKind::PaymentActionRequired, moment);
        }
        self.close_or_ask(ask::waiting_delay_us(self.attempt.queries_count), moment);
    }

    pub(super) fn waiting(&mut self, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        let (status, shown) = match self.attempt.action {
            Some(_) => (AttemptStatus::RequiresAction, PaymentStatus::RequiresAction),
            None => (AttemptStatus::Processing, PaymentStatus::Processing),
        };
        // Alipay has no trade before its code is scanned (alipay.md section 5, ACQ.TRADE_NOT_EXIST); of others, that an
        // order waits says nothing.
        let scanned = self.attempt.method == Method::AlipayQr && self.source != Source::Reply;
        if scanned && self.attempt.scanned_at_us.is_none() {
            self.attempt.scanned_at_us = Some(moment.now_us);
        }
        self.known_open(status, moment);
        self.set_payment_status(shown, moment);
        let barcode = matches!(self.attempt.method, Method::AlipayBarcode | Method::WechatBarcode);
        if barcode && self.attempt.queries_count > ask::BARCODE_QUESTIONS {
            self.close_at_channel(moment);
        } else if barcode {
            self.close_or_ask(ask::BARCODE_DELAY_US, moment);
        } else {
            self.close_or_ask(ask::waiting_delay_us(self.attempt.queries_count), moment);
        }
        self.escalate(moment);
    }

    pub(super) fn in_progress(&mut self, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        self.known_open(AttemptStatus::Processing, moment);
        self.set_payment_status(PaymentStatus::Processing, moment);
        self.close_or_ask(ask::delay_us(self.attempt.queries_count), moment);
        self.escalate(moment);
    }

    /// An order that should be over by now, or that somebody wants over, is closed; any other asked about.
    fn close_or_ask(&mut self, delay_us: i64, moment: &Moment<'_>) {
        let expired = self.dead_at_us() < moment.now_us;
        if self.attempt.close_requested_at_us.is_some() || expired {
            self.close_at_channel(moment);
        } else {
            self.ask_later(delay_us, moment);
        }
    }

    pub(super) fn set_payment_status(&mut self, status: PaymentStatus, moment: &Moment<'_>) {
        if self.payment.open_attempt_id.is_none_or(|open| open == self.attempt.id)
            && !self.payment.status.terminal()
        {
            self.payment.status = status;
            self.payment.updated_at_us = moment.now_us;
        }
    }

    fn known_open(&mut self, status: AttemptStatus, moment: &Moment<'_>) {
        self.count_question();
        self.attempt.status = status;
        self.attempt.unknown_since_us = None;
        self.attempt.updated_at_us = moment.now_us;
        // While the channel is asked to close it, what it says of the moment before proves nothing.
        if self.attempt.close_requested_at_us.is_none() {
            self.payment.unknown_since_us = None;
        }
    }
}

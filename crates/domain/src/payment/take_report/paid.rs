//! A verified success: it counts once, and anything beyond is parked and given back.

use super::{Taking, wants};
use crate::channel_account::Method;
use crate::exception::ExceptionKind;
use crate::fulfilment;
use crate::id::{AttemptId, TypedId};
use crate::instruction::InstructionKind;
use crate::key::NaturalKey;
use crate::ledger::EntryKind;
use crate::moment::{Moment, SECOND_US, shanghai_day};
use crate::payment::{AttemptStatus, Disposition, PaymentStatus, close, postings};
use crate::product::StrayMoney;
use crate::refund::create::refund_stray;
use crate::report::{PaidEvidence, Source};
use crate::split;
use crate::webhook::EventKind;
use serde_json::json;
use tk_money::{Amount, Rounding};

impl Taking<'_> {
    /// A success counts only if the channel's amount, currency and our identity all agree.
    pub(super) fn paid(&mut self, evidence: &PaidEvidence, moment: &mut Moment<'_>) {
        if !evidence.names(self.account) {
            return self.payee_mismatch(evidence, moment);
        }
        if self.attempt.undone_minor > 0 {
            return self.contradicted("paid", moment);
        }
        let asked = Amount::new(self.attempt.amount_minor, self.attempt.currency);
        if evidence.amount != asked || evidence.brings_nothing() {
            return self.amount_mismatch(evidence, moment);
        }
        if self.attempt.disposition.is_some() {
            return self.paid_again(evidence, moment);
        }
        if self.may_have_been_undone() {
            self.attempt.queries_count = 0;
            return self.ask_afterwards(moment.after(SECOND_US));
        }
        let Some(key) = self.free_txn_key(evidence) else {
            return self.txn_reused(evidence, moment);
        };
        self.changes.put(key);
        self.receive(evidence, moment);
        match (self.payment.effective_attempt_id, self.attempt.status.open()) {
            (None, true) if !self.payment.status.terminal() => self.effective(moment),
            (Some(_), _) => self.stray(Disposition::Duplicate, moment),
            (None, _) => self.stray(Disposition::Late, moment),
        }
    }

    /// A callback about a bar-code payment that was cancelled may have been written before the cancel gave the
    /// money back: the query decides, and the books follow it.
    fn may_have_been_undone(&self) -> bool {
        self.source == Source::Callback && self.over_by_cancel()
    }

    pub(super) fn over_by_cancel(&self) -> bool {
        let cancelled = close::close_kind(self.attempt.method) == InstructionKind::Cancel
            && self.attempt.close_requested_at_us.is_some();
        cancelled && !self.attempt.status.open()
    }

    fn payee_mismatch(&mut self, evidence: &PaidEvidence, moment: &mut Moment<'_>) {
        let detail = json!({ "source": self.source, "channel_txn_no": evidence.channel_txn_no });
        self.exception(ExceptionKind::PayeeMismatch, evidence.amount.minor, &detail, moment);
        self.ask_after_doubt(moment);
    }

    /// The message is genuine and yet not about our amount: the query decides, and the books follow it.
    fn amount_mismatch(&mut self, evidence: &PaidEvidence, moment: &mut Moment<'_>) {
        let known = self.attempt.disposition == Some(Disposition::Mismatch)
            && self.attempt.channel_txn_no.as_ref() == Some(&evidence.channel_txn_no)
            && self.attempt.received_minor == evidence.amount.minor;
        if known {
            return;
        }
        let detail = json!({
            "source": self.source, "channel_txn_no": evidence.channel_txn_no,
            "expected": self.attempt.amount_minor, "seen": evidence.amount.minor,
            "seen_currency": evidence.amount.currency.code(),
        });
        self.exception(ExceptionKind::AmountMismatch, evidence.amount.minor, &detail, moment);
        let bookable = self.source == Source::Query
            && self.attempt.disposition.is_none()
            && evidence.amount.currency == self.attempt.currency
            && evidence.amount.minor > 0
            && !evidence.brings_nothing();
        match self.free_txn_key(evidence) {
            Some(key) if bookable => {
                self.changes.put(key);
                self.receive(evidence, moment);
                self.known_at_last(moment);
                self.attempt.disposition = Some(Disposition::Mismatch);
                self.payment.count_beside(0, self.attempt.stray_minor());
                self.attempt.needs_manual = true;
                self.book(EntryKind::CollectSuspense, moment);
                if self.attempt.status.open() {
                    self.become_unknown(moment);
                }
                self.finish_instruction();
            }
            Some(_) | None => self.ask_after_doubt(moment),
        }
    }

    /// The query decides; of an attempt that is over too, or its money would never be booked.
    fn ask_after_doubt(&mut self, moment: &mut Moment<'_>) {
        if self.attempt.disposition.is_some() {
            return;
        }
        let asked = self.source == Source::Query;
        if !self.attempt.status.open() {
            if !asked {
                self.attempt.queries_count = 0;
                self.ask_afterwards(moment.after(SECOND_US));
            }
            return;
        }
        self.count_question();
        self.become_unknown(moment);
        let delay_us = if asked { crate::ask::delay_us(self.attempt.queries_count) } else { SECOND_US };
        self.ask_next(moment.after(delay_us));
        self.escalate(moment);
    }

    fn paid_again(&mut self, evidence: &PaidEvidence, moment: &Moment<'_>) {
        let same = self.attempt.channel_txn_no.as_ref() == Some(&evidence.channel_txn_no);
        if !same || self.attempt.disposition == Some(Disposition::Mismatch) {
            let detail = json!({ "source": self.source, "channel_txn_no": evidence.channel_txn_no });
            self.exception(ExceptionKind::SuccessContradicted, evidence.amount.minor, &detail, moment);
        }
    }

    fn txn_reused(&mut self, evidence: &PaidEvidence, moment: &mut Moment<'_>) {
        let detail =
            json!({ "source": self.source, "channel_txn_no": evidence.channel_txn_no, "reused": true });
        self.exception(ExceptionKind::SuccessContradicted, evidence.amount.minor, &detail, moment);
        self.ask_after_doubt(moment);
    }

    fn free_txn_key(&self, evidence: &PaidEvidence) -> Option<NaturalKey> {
        let name = wants::txn_key(&self.attempt, evidence);
        let holder = self.snapshot.natural_keys.get(&name).map(|key| AttemptId(key.id));
        holder.is_none().then(|| NaturalKey { name, id: self.attempt.id.id128() })
    }

    fn receive(&mut self, evidence: &PaidEvidence, moment: &Moment<'_>) {
        self.attempt.channel_txn_no = Some(evidence.channel_txn_no.clone());
        self.attempt.received_minor = evidence.amount.minor;
        self.attempt.paid_at_us = Some(evidence.paid_at_us.unwrap_or(moment.now_us));
        self.attempt.discount = evidence.discount();
        let cost = self.account.fee_rate.of(self.attempt.settled_minor(), Rounding::HalfUp).unwrap_or(0);
        let free = matches!(self.attempt.method, Method::Cash | Method::Cheque);
        self.attempt.channel_fee_minor = if free { 0 } else { cost };
        self.attempt.updated_at_us = moment.now_us;
    }

    fn effective(&mut self, moment: &mut Moment<'_>) {
        self.attempt.status = AttemptStatus::Succeeded;
        self.attempt.disposition = Some(Disposition::Effective);
        self.attempt.unknown_since_us = None;
        self.known_at_last(moment);
        self.payment.fee_minor = self.payment.fee.on(self.payment.payer_minor).unwrap_or(0);
        let taken_off = self.attempt.received_minor.saturating_sub(self.attempt.payer_paid_minor());
        self.payment.discount_minor = taken_off;
        self.payment.status = PaymentStatus::Succeeded;
        self.payment.effective_attempt_id = Some(self.attempt.id);
        self.payment.open_attempt_id = None;
        self.payment.unknown_since_us = None;
        self.payment.succeeded_at_us = Some(moment.now_us);
        self.payment.accounting_day = Some(shanghai_day(moment.now_us));
        self.payment.updated_at_us = moment.now_us;
        self.book(EntryKind::Collect, moment);
        self.event(EventKind::PaymentSucceeded, moment);
        split::begin(&mut self.payment, &self.attempt, (self.snapshot, &mut self.changes), moment);
        fulfilment::announce(&mut self.payment, self.snapshot, &mut self.changes, moment);
        self.finish_instruction();
    }

    /// Money beyond the one success that counts: parked in its own account, and refunded where the product
    /// says so. An attempt proven over stays so; the payment's status does not change.
    fn stray(&mut self, disposition: Disposition, moment: &mut Moment<'_>) {
        let (kind, exception, event) = match disposition {
            Disposition::Duplicate => {
                (EntryKind::CollectDuplicate, ExceptionKind::DuplicatePaid, EventKind::PaymentDuplicatePaid)
            }
            Disposition::Late | Disposition::Effective | Disposition::Mismatch => {
                (EntryKind::CollectLate, ExceptionKind::LateSuccess, EventKind::PaymentLateSuccess)
            }
        };
        if self.attempt.status.open() {
            self.attempt.status = AttemptStatus::Succeeded;
            self.attempt.unknown_since_us = None;
            self.known_at_last(moment);
            if self.payment.open_attempt_id == Some(self.attempt.id) {
                self.payment.open_attempt_id = None;
            }
        }
        self.attempt.disposition = Some(disposition);
        self.payment.count_beside(0, self.attempt.stray_minor());
        self.book(kind, moment);
        let detail = json!({ "source": self.source });
        self.exception(exception, self.attempt.received_minor, &detail, moment);
        if self.stray_money == StrayMoney::Refund {
            refund_stray(&mut self.attempt, &self.payment, &mut self.changes, moment);
        }
        self.event(event, moment);
        self.finish_instruction();
    }

    fn book(&mut self, kind: EntryKind, moment: &mut Moment<'_>) {
        let entry = postings::collect(kind, &self.payment, &self.attempt, moment);
        self.changes.put_some(entry);
    }
}

//! Payments and attempts: what may change, on which evidence.

use crate::checker::{Cause, Checker};
use crate::flight::Report;
use crate::seller::Seller;
use crate::store::Commit;
use std::collections::BTreeMap;
use tk_domain::ask::EXPIRY_GRACE_US;
use tk_domain::id::{AttemptId, ChannelAccountId, PaymentId, TenantId};
use tk_domain::ledger::EntryKind;
use tk_domain::payment::{Attempt, AttemptStatus, Disposition, FeeSnapshot, Part, Payment, PaymentStatus};
use tk_domain::report::{PaymentFinding, PaymentReport, Source};
use tk_domain::snapshot::Snapshot;
use tk_domain::webhook::EventKind;
use tk_money::{Amount, Currency};

type Frozen = (
    (i64, i64, [Option<String>; 2]),
    Currency,
    tk_domain::id::MerchantId,
    tk_domain::id::ProductId,
    FeeSnapshot,
);

/// Payments and attempts as last seen.
#[derive(Debug, Default)]
pub(crate) struct MoneyIn {
    payments: BTreeMap<(TenantId, PaymentId), (PaymentStatus, Frozen)>,
    attempts: BTreeMap<(TenantId, AttemptId), SeenAttempt>,
    effective: BTreeMap<(TenantId, PaymentId), AttemptId>,
    succeeded_events: BTreeMap<(TenantId, tk_domain::id::Id128), u32>,
    out_nos: BTreeMap<(ChannelAccountId, String), AttemptId>,
    txn_nos: BTreeMap<(ChannelAccountId, String), AttemptId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SeenAttempt {
    status: AttemptStatus,
    disposition: Option<Disposition>,
    amount_minor: i64,
    received_minor: i64,
    account: ChannelAccountId,
    out_no: String,
}

impl Checker {
    pub(super) fn check_attempt(
        &mut self,
        attempt: &Attempt,
        (cause, host_us): (Cause<'_>, i64),
        sellers: &BTreeMap<ChannelAccountId, Seller>,
    ) {
        let key = (attempt.tenant_id, attempt.id);
        let seen = SeenAttempt {
            status: attempt.status,
            disposition: attempt.disposition,
            amount_minor: attempt.amount_minor,
            received_minor: attempt.received_minor,
            account: attempt.channel_account_id,
            out_no: attempt.out_no.clone(),
        };
        let before = self.money_in.attempts.insert(key, seen);
        self.inv_12_numbers(attempt);
        if let Some(before) = &before {
            self.inv_07_attempt_frozen(before, attempt);
            if before.status != attempt.status {
                self.inv_09_evidence(before.status, attempt, (cause, host_us));
                self.inv_10_attempt_terminal(before.status, attempt);
            }
        }
        let had_money = before.is_some_and(|before| before.disposition.is_some());
        if attempt.disposition.is_some() && !had_money {
            self.inv_07_money_is_real(attempt, sellers);
            self.inv_07_evidence_names_us(attempt, cause, sellers);
            self.inv_11_one_effective(attempt);
        }
        self.inv_11_entry_by_disposition(attempt);
    }

    /// The parts of a payment as first seen.
    pub(super) fn parts_of(&self, key: (TenantId, PaymentId)) -> Option<Vec<Part>> {
        let (_, ((_, _, [parts, _]), ..)) = self.money_in.payments.get(&key)?;
        serde_json::from_str(parts.as_ref()?).ok()
    }

    /// The number under which the channel knows an attempt.
    pub(super) fn out_no_of(&self, key: (TenantId, AttemptId)) -> Option<String> {
        self.money_in.attempts.get(&key).map(|seen| seen.out_no.clone())
    }

    /// inv-12: numbers are unique and never change hands.
    pub(super) fn inv_12_numbers(&mut self, attempt: &Attempt) {
        let account = attempt.channel_account_id;
        let holder = *self.money_in.out_nos.entry((account, attempt.out_no.clone())).or_insert(attempt.id);
        let mut unique = holder == attempt.id;
        if let Some(number) = &attempt.channel_txn_no {
            let holder = *self.money_in.txn_nos.entry((account, number.clone())).or_insert(attempt.id);
            unique = unique && holder == attempt.id;
        }
        self.require(unique, "inv-12", || format!("{} shares a number", attempt.id));
    }

    /// inv-07: what was asked of the channel stays as it was; money once received stays received.
    fn inv_07_attempt_frozen(&mut self, before: &SeenAttempt, after: &Attempt) {
        let same = before.amount_minor == after.amount_minor
            && before.account == after.channel_account_id
            && before.out_no == after.out_no;
        let kept = before.disposition.is_none()
            || before.disposition == after.disposition && before.received_minor == after.received_minor;
        self.require(same && kept, "inv-07", || format!("{} changed what was frozen", after.id));
    }

    /// inv-09: an open attempt ends only by evidence.
    fn inv_09_evidence(
        &mut self,
        before: AttemptStatus,
        after: &Attempt,
        (cause, host_us): (Cause<'_>, i64),
    ) {
        let report = match cause.report {
            Some(Report::Payment(report)) => Some(report),
            Some(Report::Refund(_) | Report::Split(_) | Report::Return(_)) | None => None,
        };
        let proven = match after.status {
            AttemptStatus::Succeeded => report.is_some_and(proves_payment),
            AttemptStatus::Failed => report.is_some_and(|report| {
                // The refusal of a call made again says nothing of the first.
                let of_the_only_call = report.source != Source::Reply || self.begun(after.id) <= 1;
                matches!(report.finding, PaymentFinding::Failed { .. }) && of_the_only_call
            }),
            AttemptStatus::Closed => report.is_some_and(|report| proves_closed(report, after, host_us)),
            AttemptStatus::Created => false,
            AttemptStatus::RequiresAction | AttemptStatus::Processing | AttemptStatus::Unknown => {
                report.is_some()
            }
        };
        self.require(proven, "inv-09", || {
            format!("{} went from {before} to {} by {} {report:?}", after.id, after.status, cause.word)
        });
    }

    /// inv-10: what has ended stays ended.
    fn inv_10_attempt_terminal(&mut self, before: AttemptStatus, after: &Attempt) {
        self.require(before.open(), "inv-10", || {
            format!("{} went from {before} to {}", after.id, after.status)
        });
    }

    /// inv-07: money that counts was really paid, on this order, in this amount.
    fn inv_07_money_is_real(&mut self, attempt: &Attempt, sellers: &BTreeMap<ChannelAccountId, Seller>) {
        let trade = sellers.get(&attempt.channel_account_id).and_then(|seller| seller.trade(&attempt.out_no));
        let real = trade.is_some_and(|trade| {
            trade.paid_fen == attempt.received_minor
                && trade.payer_fen == attempt.payer_paid_minor()
                && trade.unsettled_fen == attempt.discount.merchant_minor
                && Some(&trade.txn_no) == attempt.channel_txn_no.as_ref()
        });
        self.require(real, "inv-07", || {
            format!("{} booked {} which the channel has not", attempt.id, attempt.received_minor)
        });
    }

    /// inv-07: the report that booked it named this amount and us.
    fn inv_07_evidence_names_us(
        &mut self,
        attempt: &Attempt,
        cause: Cause<'_>,
        sellers: &BTreeMap<ChannelAccountId, Seller>,
    ) {
        let Some(Report::Payment(PaymentReport { finding: PaymentFinding::Paid(evidence), .. })) =
            cause.report
        else {
            return self.violation("inv-07", format!("{} booked unasked", attempt.id));
        };
        let payee = sellers.get(&attempt.channel_account_id).map(Seller::payee);
        let named = payee.is_some_and(|(app, merchant)| {
            evidence.payee_app.as_ref().is_none_or(|named| named == app)
                && evidence.payee_merchant.as_ref().is_none_or(|named| named == merchant)
        });
        let holds = named && evidence.amount == Amount::new(attempt.received_minor, attempt.currency);
        self.require(holds, "inv-07", || format!("{} was booked on {evidence:?}", attempt.id));
    }

    /// inv-11: at most one success counts.
    fn inv_11_one_effective(&mut self, attempt: &Attempt) {
        if attempt.disposition != Some(Disposition::Effective) {
            return;
        }
        let key = (attempt.tenant_id, attempt.payment_id);
        let first = *self.money_in.effective.entry(key).or_insert(attempt.id);
        self.require(first == attempt.id, "inv-11", || {
            format!("{} is a second effective success", attempt.id)
        });
    }

    /// inv-11: what was received is booked once, on the account of its kind.
    pub(super) fn inv_11_entry_by_disposition(&mut self, attempt: &Attempt) {
        if self.waits() {
            return;
        }
        let expected = attempt.disposition.map(|disposition| match disposition {
            Disposition::Effective => EntryKind::Collect,
            Disposition::Duplicate => EntryKind::CollectDuplicate,
            Disposition::Late => EntryKind::CollectLate,
            Disposition::Mismatch => EntryKind::CollectSuspense,
        });
        let booked = self.books.received.get(&(attempt.tenant_id, attempt.id)).cloned();
        let holds = match (expected, &booked) {
            (None, None) => true,
            (Some(kind), Some(booked)) => **booked == [(kind, self.credited_minor(attempt))],
            (None, Some(_)) | (Some(_), None) => false,
        };
        self.require(holds, "inv-11", || format!("{} is booked as {booked:?}, is {expected:?}", attempt.id));
    }

    pub(super) fn check_payment(&mut self, payment: &Payment) {
        let key = (payment.tenant_id, payment.id);
        let texts = [payment.parts.clone(), payment.bill.clone()];
        let asked = (payment.amount_minor, payment.payer_minor, texts);
        let frozen = (asked, payment.currency, payment.merchant_id, payment.product_id, payment.fee);
        let before = self.money_in.payments.insert(key, (payment.status, frozen.clone()));
        if let Some((status, was)) = before {
            self.require(was == frozen, "inv-07", || format!("{} changed what was frozen", payment.id));
            let regressed = status.terminal() && status != payment.status;
            self.require(!regressed, "inv-10", || {
                format!("{} went from {status} to {}", payment.id, payment.status)
            });
        }
        self.inv_23_fees(payment);
    }

    /// inv-23: fees returned never exceed the fee, and are the whole of it on full refund.
    fn inv_23_fees(&mut self, payment: &Payment) {
        let returned = payment.fee_returned_minor;
        let within = (0..=payment.fee_minor).contains(&returned);
        let gone = payment.refunded_minor.saturating_add(payment.late_refunded_minor);
        let whole = gone == 0
            || gone < payment.refund_base_minor()
            || returned == if payment.fee.returned { payment.fee_minor } else { 0 };
        let booked = self.books.fee_income.get(&(payment.tenant_id, payment.id)).copied().unwrap_or(0);
        let agrees = self.waits() || booked == payment.fee_minor.saturating_sub(returned);
        self.require(within && whole && agrees, "inv-23", || {
            format!("{}: fee {}, returned {returned}, booked {booked}", payment.id, payment.fee_minor)
        });
    }

    /// inv-08: succeeded ⇔ one collection entry and one event, all in the same commit.
    pub(super) fn inv_08_after(&mut self, rows: &Snapshot, commit: &Commit) {
        for event in commit.appended.events.iter().filter(|event| event.kind == EventKind::PaymentSucceeded) {
            *self.money_in.succeeded_events.entry((event.tenant_id, event.object_id)).or_insert(0) += 1;
        }
        let booked = commit.appended.entries.iter().filter(|entry| entry.kind == EntryKind::Collect);
        let booked = booked.filter_map(|entry| entry.payment_id.map(|id| (entry.tenant_id, id)));
        for key in commit.payments.iter().copied().chain(booked) {
            let succeeded = rows.payments.get(&key).is_some_and(|row| row.status == PaymentStatus::Succeeded);
            let collects = self.books.collects.get(&key).copied().unwrap_or(0);
            let events = self.money_in.succeeded_events.get(&(key.0, key.1.0)).copied().unwrap_or(0);
            let expected = u32::from(succeeded);
            let booked = collects == expected || self.waits();
            self.require(booked && events == expected, "inv-08", || {
                format!("{}: succeeded {succeeded}, {collects} collections, {events} events", key.1)
            });
        }
    }
}

fn proves_payment(report: &PaymentReport) -> bool {
    matches!(&report.finding, PaymentFinding::Paid(evidence) if evidence.amount != Amount::fen(0))
}

fn proves_closed(report: &PaymentReport, attempt: &Attempt, host_us: i64) -> bool {
    let dead_at_us = attempt.channel_expires_at_us.saturating_add(EXPIRY_GRACE_US);
    match report.finding {
        PaymentFinding::Closed | PaymentFinding::Undone(_) => true,
        PaymentFinding::NotFound => {
            report.source == Source::Query && report.asked_at_us > dead_at_us && host_us > dead_at_us
        }
        PaymentFinding::Paid(_)
        | PaymentFinding::ActionRequired(_)
        | PaymentFinding::WaitingPayer
        | PaymentFinding::InProgress
        | PaymentFinding::Failed { .. }
        | PaymentFinding::CloseRefused
        | PaymentFinding::Unclear(_) => false,
    }
}

//! The page at the end: what was paid, what happens next, and what became of money beyond that.

use super::frame::{Frame, Visit, date_time, payer_amount};
use super::methods;
use super::money::way_back;
use super::pages::ResultPage;
use super::stage::{Rows, Stage};
use crate::locale::{Locale, text};
use tk_domain::channel_account::Method;
use tk_domain::fulfilment::FulfilmentStatus;
use tk_domain::payment::{Attempt, Disposition, RefundStatus};
use tk_domain::product::IssueOn;
use tk_money::Amount;

/// One line of the receipt.
#[derive(Debug, Clone)]
pub struct ReceiptRow {
    /// What it is.
    pub label: String,
    /// It.
    pub value: String,
    /// Whether people copy it.
    pub copied: bool,
}

/// The page of an ended payment.
pub fn page(visit: &Visit, rows: &Rows, stage: Stage) -> ResultPage {
    let (tone, heading) = look(rows, stage);
    let mut strays = strays(visit.locale, rows);
    strays.extend(beyond(visit.locale, rows));
    ResultPage {
        frame: Frame::of(visit, rows, stage, heading),
        tone,
        lines: lines(visit, rows, stage),
        receipt: receipt(visit.locale, rows, stage),
        receipt_title: text(
            visit.locale,
            if stage == Stage::Paid { "receipt" } else { "order-numbers" },
            &[],
        ),
        print: text(visit.locale, if stage == Stage::Paid { "print-receipt" } else { "transfer-print" }, &[]),
        strays,
        return_url: rows.payment.return_url.clone().filter(|url| web_address(url)),
    }
}

/// Money that was collected once and is gone, or that lies here for an order that is over, is no plain ending.
fn look(rows: &Rows, stage: Stage) -> (&'static str, &'static str) {
    let part = rows.arrivals.part_minor > 0 || rows.arrivals.part_gone_minor > 0;
    match stage {
        Stage::Paid if rows.all_taken_back() => ("warn", "taken-back-heading"),
        Stage::Paid if rows.taken_back_minor() > 0 => ("warn", "taken-back-part-heading"),
        Stage::Paid => ("ok", "paid-heading"),
        Stage::Late if rows.other_amounts_only() => ("warn", "other-amount-heading"),
        Stage::Late => ("warn", "late-heading"),
        Stage::Closed | Stage::Failed | Stage::Expired if part => ("warn", "part-kept-heading"),
        Stage::Failed => ("plain", "failed-heading"),
        Stage::Expired => ("plain", "expired-heading"),
        Stage::Closed
        | Stage::Identity
        | Stage::Choose
        | Stage::Preparing
        | Stage::Qr
        | Stage::Wallet
        | Stage::Transfer
        | Stage::CodeExpired
        | Stage::Confirming
        | Stage::Checking
        | Stage::Closing => ("plain", "closed-heading"),
    }
}

fn lines(visit: &Visit, rows: &Rows, stage: Stage) -> Vec<String> {
    let arrivals = &rows.arrivals;
    let key = match stage {
        Stage::Paid if rows.all_taken_back() && by_cheque(rows) => "taken-back-cheque-line",
        Stage::Paid if rows.all_taken_back() => "taken-back-line",
        Stage::Paid if rows.taken_back_minor() > 0 => "taken-back-part-line",
        Stage::Paid => next_step(rows),
        Stage::Late if rows.other_amounts_only() => "other-amount-line",
        Stage::Late => "late-line",
        Stage::Closed | Stage::Failed | Stage::Expired if arrivals.part_minor > 0 => "part-kept-line",
        Stage::Closed | Stage::Failed | Stage::Expired if arrivals.part_gone_minor > 0 => "part-gone-line",
        Stage::Failed => "failed-line",
        Stage::Expired => "expired-line",
        Stage::Closed
        | Stage::Identity
        | Stage::Choose
        | Stage::Preparing
        | Stage::Qr
        | Stage::Wallet
        | Stage::Transfer
        | Stage::CodeExpired
        | Stage::Confirming
        | Stage::Checking
        | Stage::Closing => "closed-line",
    };
    let currency = rows.payment.currency;
    let part = Amount::new(arrivals.part_minor.max(arrivals.part_gone_minor), currency).display();
    let reversed = Amount::new(rows.taken_back_minor(), currency).display();
    let amount = payer_amount(&rows.payment).display();
    let args = [
        ("payee", rows.payee.as_str()),
        ("part", part.as_str()),
        ("reversed", reversed.as_str()),
        ("amount", amount.as_str()),
    ];
    vec![text(visit.locale, key, &args)]
}

fn by_cheque(rows: &Rows) -> bool {
    rows.effective().is_some_and(|attempt| attempt.method == Method::Cheque)
}

/// A sentence for each sum that was transferred beyond what was owed.
fn beyond(locale: Locale, rows: &Rows) -> Vec<String> {
    let arrivals = &rows.arrivals;
    let sums = [
        ("over-kept", arrivals.over_minor),
        ("over-returning", arrivals.over_returning_minor),
        ("over-returned", arrivals.over_returned_minor),
    ];
    let said = sums.iter().filter(|(_, minor)| *minor > 0);
    said.map(|(key, minor)| {
        let amount = Amount::new(*minor, rows.payment.currency).display();
        text(locale, key, &[("amount", amount.as_str()), ("payee", rows.payee.as_str())])
    })
    .collect()
}

/// What the payee does with the money; nothing here says that a policy exists unless the order system said so.
fn next_step(rows: &Rows) -> &'static str {
    let over = rows.payment.refund_status == RefundStatus::Full;
    let status = rows.fulfilment.as_ref().map(|row| (row.status, row.stopped_at_us.is_some()));
    // Of several policies each has its own end, which the payee tells.
    let by_item = rows.fulfilment.as_ref().is_some_and(|row| !row.items().is_empty());
    match status {
        Some(_) if by_item && !over => "paid-next-items",
        Some((FulfilmentStatus::Issued, _)) => "paid-next-issued",
        Some((FulfilmentStatus::Surrendered, _)) => "paid-next-surrendered",
        Some((FulfilmentStatus::Cancelled, _)) => "paid-next-not-issued",
        Some((FulfilmentStatus::Awaiting | FulfilmentStatus::Announced, _)) | None if over => {
            "paid-next-over"
        }
        Some((FulfilmentStatus::Awaiting | FulfilmentStatus::Announced, true)) => "paid-next-stopped",
        Some((FulfilmentStatus::Awaiting | FulfilmentStatus::Announced, false)) => issuing(rows),
        None => "paid-next",
    }
}

/// When the policy is issued by the product's rule.
fn issuing(rows: &Rows) -> &'static str {
    let fulfilment = rows.payment.fulfilment.as_deref().unwrap_or_default();
    let facts: serde_json::Value = serde_json::from_str(fulfilment).unwrap_or_default();
    if facts["pay_before_issue"] != true {
        return "paid-next";
    }
    match rows.product.issue_on {
        IssueOn::ChannelSuccess => "paid-next-policy",
        IssueOn::Reconciled => "paid-next-policy-reconciled",
        IssueOn::Settled => "paid-next-policy-settled",
    }
}

fn receipt(locale: Locale, rows: &Rows, stage: Stage) -> Vec<ReceiptRow> {
    let row = |key: &str, value: String, copied| ReceiptRow { label: text(locale, key, &[]), value, copied };
    let mut receipt = Vec::with_capacity(9);
    if stage == Stage::Paid {
        receipt.push(row("receipt-amount", payer_amount(&rows.payment).display(), false));
        if let Some(attempt) = rows.effective() {
            receipt.push(row("receipt-method", methods::name(locale, attempt.method), false));
            let paid_at_us = attempt.paid_at_us.or(rows.payment.succeeded_at_us).unwrap_or_default();
            receipt.push(row("receipt-paid-at", paid_at(attempt.method, paid_at_us), false));
        }
        if rows.taken_back_minor() > 0 {
            let reversed = Amount::new(rows.taken_back_minor(), rows.payment.currency).display();
            receipt.push(row("receipt-taken-back", reversed, false));
        }
    } else if let Some(ended) = rows.payment.ended_at_us {
        receipt.push(row("receipt-ended-at", date_time(ended), false));
    }
    receipt.push(row("order-no", rows.payment.merchant_order_no.clone(), true));
    receipt.push(row("receipt-payment-id", rows.payment.id.to_string(), true));
    let txn_no = rows.effective().and_then(Attempt::told_txn_no).map(str::to_owned);
    receipt.extend(txn_no.map(|number| row("receipt-channel-txn-no", number, true)));
    receipt
}

/// A statement says the day that money came, and mostly no more.
fn paid_at(method: Method, paid_at_us: i64) -> String {
    let shown = date_time(paid_at_us);
    let day_only = method == Method::BankTransfer || method == Method::Cheque;
    shown.strip_suffix(" 00:00:00").filter(|_| day_only).map_or(shown.clone(), str::to_owned)
}

/// A sentence for each sum beyond the one success.
pub fn strays(locale: Locale, rows: &Rows) -> Vec<String> {
    rows.strays().map(|attempt| stray(locale, rows, attempt)).collect()
}

fn stray(locale: Locale, rows: &Rows, attempt: &Attempt) -> String {
    let returned = attempt.not_refunded_minor() == 0;
    // All that is still here is on its way.
    let on_its_way = rows.going_back_minor(attempt);
    let going = on_its_way > 0 && on_its_way >= attempt.not_refunded_minor();
    let key = match attempt.disposition {
        Some(Disposition::Duplicate) if returned => "stray-duplicate-returned",
        Some(Disposition::Duplicate) if going => "stray-duplicate-refund",
        Some(Disposition::Duplicate) => "stray-duplicate-hold",
        Some(Disposition::Mismatch) if attempt.credited_minor > 0 => "stray-other-credited",
        Some(Disposition::Mismatch) if returned => "stray-other-returned",
        Some(Disposition::Mismatch) if going => "stray-other-refund",
        Some(Disposition::Mismatch) => "stray-other-hold",
        Some(Disposition::Late | Disposition::Effective) | None if returned => "stray-late-returned",
        Some(Disposition::Late | Disposition::Effective) | None if going => "stray-late-refund",
        Some(Disposition::Late | Disposition::Effective) | None => "stray-late-hold",
    };
    let amount = Amount::new(attempt.received_minor, attempt.currency).display();
    let method = methods::name(locale, attempt.method);
    let at = date_time(attempt.paid_at_us.unwrap_or(attempt.updated_at_us));
    let way = way_back(locale, Some(attempt.method));
    let args = [
        ("amount", amount.as_str()),
        ("method", method.as_str()),
        ("at", at.as_str()),
        ("payee", rows.payee.as_str()),
        ("way", way.as_str()),
    ];
    text(locale, key, &args)
}

fn web_address(url: &str) -> bool {
    let lower = url.trim_start().to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

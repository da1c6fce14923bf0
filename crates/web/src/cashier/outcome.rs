//! The page at the end: what was paid, what happens next, and what became of money beyond that.

use super::frame::{Frame, Visit, date_time, payer_amount};
use super::methods;
use super::pages::ResultPage;
use super::stage::{Rows, Stage};
use crate::locale::{Locale, text};
use tk_domain::payment::{Attempt, Disposition};
use tk_domain::product::{IssueOn, StrayMoney};
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
    let (tone, heading) = look(stage);
    ResultPage {
        frame: Frame::of(visit, rows, stage, heading),
        tone,
        lines: lines(visit, rows, stage),
        receipt: receipt(visit.locale, rows, stage),
        strays: strays(visit.locale, rows),
        return_url: rows.payment.return_url.clone().filter(|url| web_address(url)),
    }
}

const fn look(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Paid => ("ok", "paid-heading"),
        Stage::Late => ("warn", "late-heading"),
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
    let key = match stage {
        Stage::Paid => next_step(rows),
        Stage::Late => "late-line",
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
    vec![text(visit.locale, key, &[("payee", &rows.payee)])]
}

/// What the payee does with the news; nothing here says that a policy exists.
fn next_step(rows: &Rows) -> &'static str {
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
    let mut receipt = Vec::with_capacity(8);
    if stage == Stage::Paid {
        receipt.push(row("receipt-amount", payer_amount(&rows.payment).display(), false));
        if let Some(attempt) = rows.effective() {
            receipt.push(row("receipt-method", methods::name(locale, attempt.method), false));
            let paid_at_us = attempt.paid_at_us.or(rows.payment.succeeded_at_us).unwrap_or_default();
            receipt.push(row("receipt-paid-at", date_time(paid_at_us), false));
        }
    } else if let Some(ended) = rows.payment.ended_at_us {
        receipt.push(row("receipt-ended-at", date_time(ended), false));
    }
    receipt.push(row("order-no", rows.payment.merchant_order_no.clone(), true));
    receipt.push(row("receipt-payment-id", rows.payment.id.to_string(), true));
    let txn_no = rows.effective().and_then(|attempt| attempt.channel_txn_no.clone());
    receipt.extend(txn_no.map(|number| row("receipt-channel-txn-no", number, true)));
    receipt
}

/// A sentence for each sum beyond the one success.
pub fn strays(locale: Locale, rows: &Rows) -> Vec<String> {
    rows.strays().map(|attempt| stray(locale, rows, attempt)).collect()
}

fn stray(locale: Locale, rows: &Rows, attempt: &Attempt) -> String {
    let duplicate = attempt.disposition == Some(Disposition::Duplicate);
    let returned = attempt.refunded_minor >= attempt.received_minor;
    let key = match (duplicate, returned, rows.product.stray_money) {
        (true, true, _) => "stray-duplicate-returned",
        (true, false, StrayMoney::Refund) => "stray-duplicate-refund",
        (true, false, StrayMoney::Hold) => "stray-duplicate-hold",
        (false, true, _) => "stray-late-returned",
        (false, false, StrayMoney::Refund) => "stray-late-refund",
        (false, false, StrayMoney::Hold) => "stray-late-hold",
    };
    let amount = Amount::new(attempt.received_minor, attempt.currency).display();
    let method = methods::name(locale, attempt.method);
    let at = date_time(attempt.paid_at_us.unwrap_or(attempt.updated_at_us));
    let args = [
        ("amount", amount.as_str()),
        ("method", method.as_str()),
        ("at", at.as_str()),
        ("payee", rows.payee.as_str()),
    ];
    text(locale, key, &args)
}

fn web_address(url: &str) -> bool {
    let lower = url.trim_start().to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

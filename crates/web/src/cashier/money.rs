//! The line that every page has: where the payer's money is.

use super::frame::payer_amount;
use super::stage::{Money, Rows, Stage};
use crate::locale::{Locale, text};
use tk_domain::channel_account::Method;
use tk_domain::payment::RefundStatus;
use tk_money::Amount;

/// Where the money is, as a word and a sentence.
#[derive(Debug, Clone)]
pub struct MoneyLine {
    /// Chooses icon and colour.
    pub state: &'static str,
    /// The word.
    pub word: String,
    /// The sentence.
    pub sentence: String,
}

/// Where the money is at a stage.
pub fn line(locale: Locale, stage: Stage, rows: &Rows) -> MoneyLine {
    let (look, word) = match Money::at(stage, rows) {
        // The channel has an order that can be paid: that nothing was told yet is not that nothing was taken.
        Money::NotTaken if matches!(stage, Stage::Qr | Stage::Wallet) => ("not-taken", "money-word-not-seen"),
        Money::NotTaken => ("not-taken", "money-word-not-taken"),
        Money::Confirming => ("unknown", "money-word-confirming"),
        Money::Taken => ("taken", "money-word-taken"),
        Money::Returning => ("returning", "money-word-returning"),
        Money::PartReturned => ("returned", "money-word-part-returned"),
        Money::Returned => ("returned", "money-word-returned"),
        Money::TakenBack => ("returning", "money-word-taken-back"),
        Money::Elsewhere => ("returning", "money-word-elsewhere"),
    };
    let payment = &rows.payment;
    let shown = |minor| Amount::new(minor, payment.currency).display();
    let refunded = shown(payment.refunded_minor.saturating_add(payment.late_refunded_minor));
    let refunding = shown(rows.refunding_minor());
    let amount = payer_amount(payment).display();
    let part = shown(rows.arrivals.part_minor.max(rows.arrivals.part_gone_minor));
    let reversed = shown(rows.taken_back_minor());
    let way = way_back(locale, rows.paid_by());
    let args = [
        ("amount", amount.as_str()),
        ("payee", rows.payee.as_str()),
        ("refunded", refunded.as_str()),
        ("refunding", refunding.as_str()),
        ("part", part.as_str()),
        ("reversed", reversed.as_str()),
        ("way", way.as_str()),
    ];
    MoneyLine {
        state: look,
        word: text(locale, word, &[]),
        sentence: text(locale, sentence(stage, rows), &args),
    }
}

/// By which way money goes back that came by this method.
pub fn way_back(locale: Locale, method: Option<Method>) -> String {
    let key = match method {
        Some(Method::Cash) => "way-cash",
        Some(Method::Pos | Method::Kiosk) => "way-slip",
        Some(Method::Cheque) => "way-cheque",
        Some(
            Method::AlipayPage
            | Method::AlipayWap
            | Method::AlipayQr
            | Method::AlipayBarcode
            | Method::WechatJsapi
            | Method::WechatH5
            | Method::WechatNative
            | Method::WechatBarcode
            | Method::QuickPay
            | Method::EbankB2c
            | Method::EbankB2b
            | Method::BankTransfer,
        )
        | None => "way-account",
    };
    text(locale, key, &[])
}

fn sentence(stage: Stage, rows: &Rows) -> &'static str {
    let arrivals = &rows.arrivals;
    match stage {
        Stage::Identity | Stage::Choose if Money::at(stage, rows) != Money::NotTaken => "money-choose-stray",
        Stage::Identity => "money-identity",
        Stage::Choose => "money-choose",
        Stage::Preparing => "money-preparing",
        Stage::Qr if rows.scanned() => "money-qr-scanned",
        Stage::Qr => "money-qr",
        Stage::Wallet => "money-wallet",
        Stage::Transfer if arrivals.part_minor > 0 => "money-transfer-part",
        Stage::Transfer => "money-transfer",
        Stage::CodeExpired => "money-code-expired",
        Stage::Confirming if rows.by_cheque() => "money-cheque",
        Stage::Confirming => "money-confirming",
        Stage::Checking => "money-checking",
        Stage::Closing => "money-closing",
        Stage::Paid if rows.all_taken_back() => "money-taken-back",
        Stage::Paid if rows.taken_back_minor() > 0 => "money-taken-back-part",
        Stage::Paid => paid_sentence(rows),
        Stage::Late if rows.other_amounts_only() && Money::at(stage, rows) == Money::Returned => {
            "money-other-amount-returned"
        }
        Stage::Late if rows.other_amounts_only() => "money-other-amount",
        Stage::Late if Money::at(stage, rows) == Money::Returned => "money-late-returned",
        Stage::Late => "money-late",
        Stage::Closed | Stage::Failed | Stage::Expired if arrivals.part_minor > 0 => "money-part-kept",
        Stage::Closed | Stage::Failed | Stage::Expired if arrivals.part_gone_minor > 0 => "money-part-gone",
        Stage::Closed | Stage::Failed | Stage::Expired => "money-never",
    }
}

fn paid_sentence(rows: &Rows) -> &'static str {
    match rows.payment.refund_status {
        RefundStatus::Full => "money-refunded",
        RefundStatus::Partial if rows.refunding_minor() > 0 => "money-refunding-more",
        RefundStatus::Partial => "money-refunded-part",
        RefundStatus::None if rows.refunding_minor() > 0 => "money-refunding",
        RefundStatus::None => "money-paid",
    }
}

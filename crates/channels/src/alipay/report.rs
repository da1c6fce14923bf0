//! From what was heard to what it proves: pure, and the same for the gateway and for the simulation.
//!
//! Only codes that a document calls final fail anything; whatever is not listed proves nothing.

use super::{Answer, CAPABILITIES, Heard, NotSent};
use crate::capabilities::Verdict;
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, ActionKind, Attempt};
use tk_domain::refund::Refund;
use tk_domain::report::{Borne, PaidEvidence, PaymentFinding, RefundFinding, Source, Unclear};
use tk_formats::alipay::{amount, time};
use tk_money::Amount;

pub(super) const OK: &str = "10000";
const WAITING: &str = "10003";
/// The longest channel number taken, bytes; Alipay's have 28 digits.
const TXN_NO_MAX_BYTES: usize = 64;
/// The longest address or code text shown to a payer, bytes.
const ACTION_MAX_BYTES: usize = 8 * 1024;

/// Whether the answer to this kind of call counts as a reply or as the answer to a question.
pub const fn source(kind: InstructionKind) -> Source {
    match kind {
        InstructionKind::Query
        | InstructionKind::RefundQuery
        | InstructionKind::SplitQuery
        | InstructionKind::SplitReturnQuery => Source::Query,
        InstructionKind::Pay
        | InstructionKind::Close
        | InstructionKind::Cancel
        | InstructionKind::Refund
        | InstructionKind::RefundAwait
        | InstructionKind::ReceiverBind
        | InstructionKind::ReceiverUnbind
        | InstructionKind::Split
        | InstructionKind::SplitReturn => Source::Reply,
    }
}

/// What a conversation about an attempt proves.
pub fn payment(kind: InstructionKind, attempt: &Attempt, heard: &Heard) -> PaymentFinding {
    match heard {
        Heard::Link(url) => link(kind, attempt, url),
        Heard::Answered(answer) => payment_answer(kind, attempt, answer),
        Heard::UnsignedError { .. }
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection
        | Heard::NotSent(_) => PaymentFinding::Unclear(unheard(heard)),
    }
}

/// What a conversation about a refund of an attempt proves.
pub fn refund(kind: InstructionKind, refund: &Refund, attempt: &Attempt, heard: &Heard) -> RefundFinding {
    match heard {
        Heard::Answered(answer) => refund_answer(kind, refund, attempt, answer),
        Heard::Link(_)
        | Heard::UnsignedError { .. }
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection
        | Heard::NotSent(_) => RefundFinding::Unclear(unheard(heard)),
    }
}

/// Why something else than a verified answer proves nothing.
pub(super) fn unheard(heard: &Heard) -> Unclear {
    match heard {
        // Nobody signed it, so it is a hint for the operator and no more.
        Heard::UnsignedError { code, sub_code } => by_gateway_code(code, sub_code.as_deref()),
        Heard::HttpStatus(429) | Heard::NotSent(NotSent::Busy) => Unclear::RateLimited,
        Heard::HttpStatus(500..) => Unclear::ServerError,
        Heard::HttpStatus(_) | Heard::Link(_) | Heard::Answered(_) | Heard::Unreadable(_) => {
            Unclear::Unreadable
        }
        Heard::Timeout | Heard::NotSent(NotSent::Expired) => Unclear::Timeout,
        Heard::Connection => Unclear::Connection,
        Heard::NotSent(NotSent::Refused(_)) => Unclear::Misconfigured,
    }
}

fn link(kind: InstructionKind, attempt: &Attempt, url: &str) -> PaymentFinding {
    match (kind, attempt.method) {
        (InstructionKind::Pay, Method::AlipayPage | Method::AlipayWap) => {
            action(ActionKind::Redirect, Some(url))
        }
        _ => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

fn action(kind: ActionKind, value: Option<&str>) -> PaymentFinding {
    match value {
        Some(value) if value.len() <= ACTION_MAX_BYTES => {
            PaymentFinding::ActionRequired(Action { kind, value: value.to_owned() })
        }
        Some(_) | None => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

fn payment_answer(kind: InstructionKind, attempt: &Attempt, answer: &Answer) -> PaymentFinding {
    let fields = Fields(answer);
    let waiting = answer.code == WAITING && kind == InstructionKind::Pay;
    if answer.code != OK && !waiting {
        return payment_refusal(kind, answer);
    }
    // Every success names the order it is about; one that names another is about something else.
    if fields.text("out_trade_no") != Some(&attempt.out_no) {
        return PaymentFinding::Unclear(Unclear::Unreadable);
    }
    match kind {
        InstructionKind::Pay if waiting => barcode_waiting(attempt),
        InstructionKind::Pay => pay_success(attempt, fields),
        InstructionKind::Query => queried(attempt, fields),
        InstructionKind::Close => PaymentFinding::Closed,
        InstructionKind::Cancel => cancelled(attempt, fields),
        InstructionKind::Refund
        | InstructionKind::RefundQuery
        | InstructionKind::RefundAwait
        | InstructionKind::ReceiverBind
        | InstructionKind::ReceiverUnbind
        | InstructionKind::Split
        | InstructionKind::SplitQuery
        | InstructionKind::SplitReturn
        | InstructionKind::SplitReturnQuery => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

fn barcode_waiting(attempt: &Attempt) -> PaymentFinding {
    if attempt.method == Method::AlipayBarcode {
        PaymentFinding::InProgress
    } else {
        PaymentFinding::Unclear(Unclear::UnknownCode)
    }
}

fn pay_success(attempt: &Attempt, fields: Fields<'_>) -> PaymentFinding {
    match attempt.method {
        Method::AlipayQr => action(ActionKind::Qr, fields.text("qr_code")),
        Method::AlipayBarcode => paid(fields, "gmt_payment"),
        Method::AlipayPage
        | Method::AlipayWap
        | Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::WechatBarcode
        | Method::QuickPay
        | Method::EbankB2c
        | Method::EbankB2b
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

fn queried(attempt: &Attempt, fields: Fields<'_>) -> PaymentFinding {
    match fields.text("trade_status") {
        Some("WAIT_BUYER_PAY") => PaymentFinding::WaitingPayer,
        Some("TRADE_SUCCESS" | "TRADE_FINISHED") => paid(fields, "send_pay_date"),
        Some("TRADE_CLOSED") if !fields.shows_payment() => PaymentFinding::Closed,
        // Paid and wholly given back: for a bar code that we cancelled this is the cancel that took effect.
        Some("TRADE_CLOSED") if cancel_was_asked(attempt) => undone(attempt),
        Some(_) => PaymentFinding::Unclear(Unclear::UnknownCode),
        None => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

/// The whole order was paid and given back: a bar-code order is for exactly what we asked.
const fn undone(attempt: &Attempt) -> PaymentFinding {
    PaymentFinding::Undone(Amount::new(attempt.amount_minor, attempt.currency))
}

fn cancel_was_asked(attempt: &Attempt) -> bool {
    attempt.method == Method::AlipayBarcode && attempt.close_requested_at_us.is_some()
}

fn paid(fields: Fields<'_>, time_field: &str) -> PaymentFinding {
    let (trade_no, total_fen) = (fields.text("trade_no"), fields.fen("total_amount"));
    match (trade_no, total_fen) {
        (Some(trade_no), Some(total_fen)) if trade_no.len() <= TXN_NO_MAX_BYTES => {
            PaymentFinding::Paid(PaidEvidence {
                channel_txn_no: trade_no.to_owned(),
                amount: Amount::fen(total_fen),
                payee_app: None,
                payee_merchant: None,
                borne: borne(total_fen, (fields.fen("buyer_pay_amount"), fields.fen("receipt_amount"))),
                paid_at_us: fields.time_us(time_field),
            })
        }
        _ => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

/// `retry_flag` N with an action: done. Without an action no trade was found, and one may still come.
fn cancelled(attempt: &Attempt, fields: Fields<'_>) -> PaymentFinding {
    match (fields.text("retry_flag"), fields.text("action")) {
        (Some("N"), Some("close")) => PaymentFinding::Closed,
        (Some("N"), Some("refund")) => undone(attempt),
        (Some("N"), None) => PaymentFinding::NotFound,
        (Some("Y"), _) => PaymentFinding::Unclear(Unclear::ServerError),
        _ => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

fn payment_refusal(kind: InstructionKind, answer: &Answer) -> PaymentFinding {
    match verdict(kind, answer) {
        Verdict::Failed => {
            let (code, message) = code_and_message(answer);
            PaymentFinding::Failed { code, message }
        }
        Verdict::NotFound => PaymentFinding::NotFound,
        Verdict::CloseRefused => PaymentFinding::CloseRefused,
        Verdict::NotYet | Verdict::Waiting => PaymentFinding::Unclear(Unclear::UnknownCode),
        Verdict::Unclear(why) => PaymentFinding::Unclear(why),
    }
}

fn refund_answer(
    kind: InstructionKind,
    refund: &Refund,
    attempt: &Attempt,
    answer: &Answer,
) -> RefundFinding {
    let fields = Fields(answer);
    if answer.code != OK {
        return refund_refusal(kind, answer);
    }
    match kind {
        // Whether or not the money moved just now: done needs a later query or callback.
        InstructionKind::Refund if fields.text("out_trade_no") == Some(&attempt.out_no) => {
            RefundFinding::Accepted
        }
        InstructionKind::RefundQuery => refund_queried(refund, attempt, fields),
        InstructionKind::Refund
        | InstructionKind::Pay
        | InstructionKind::Query
        | InstructionKind::Close
        | InstructionKind::Cancel
        | InstructionKind::RefundAwait
        | InstructionKind::ReceiverBind
        | InstructionKind::ReceiverUnbind
        | InstructionKind::Split
        | InstructionKind::SplitQuery
        | InstructionKind::SplitReturn
        | InstructionKind::SplitReturnQuery => RefundFinding::Unclear(Unclear::Unreadable),
    }
}

fn refund_queried(refund: &Refund, attempt: &Attempt, fields: Fields<'_>) -> RefundFinding {
    let ours = fields.text("out_trade_no") == Some(&attempt.out_no)
        && fields.text("out_request_no") == Some(&refund.out_no);
    match (fields.text("refund_status"), fields.fen("refund_amount")) {
        (None, _) => RefundFinding::NotFound,
        (Some("REFUND_SUCCESS"), Some(fen)) if ours => RefundFinding::Done {
            amount: Amount::fen(fen),
            borne: refund_borne(fields),
            at_us: fields.time_us("gmt_refund_pay"),
        },
        (Some("REFUND_SUCCESS"), _) => RefundFinding::Unclear(Unclear::Unreadable),
        (Some(_), _) => RefundFinding::Unclear(Unclear::UnknownCode),
    }
}

/// Who bears what of a trade (`buyer_pay_amount`, `receipt_amount`); nothing if the payer paid all of it. What the
/// merchant does not receive was its own discount (`mdiscount_amount`).
pub(super) fn borne(total_fen: i64, told: (Option<i64>, Option<i64>)) -> Option<Borne> {
    let (Some(payer_minor), Some(settled_minor)) = told else { return None };
    let whole = Borne { payer_minor, settled_minor };
    (whole != Borne { payer_minor: total_fen, settled_minor: total_fen }).then_some(whole)
}

/// Who gets what of a refund; told only where discounts were used.
fn refund_borne(fields: Fields<'_>) -> Option<Borne> {
    let payer_minor = fields.fen("present_refund_buyer_amount")?;
    let platform_fen = fields.fen("present_refund_discount_amount").unwrap_or(0);
    Some(Borne { payer_minor, settled_minor: payer_minor.checked_add(platform_fen)? })
}

fn refund_refusal(kind: InstructionKind, answer: &Answer) -> RefundFinding {
    let (code, message) = code_and_message(answer);
    match verdict(kind, answer) {
        Verdict::Failed => RefundFinding::Failed { code, message },
        Verdict::NotYet => RefundFinding::NotYet { code, message },
        Verdict::NotFound => RefundFinding::NotFound,
        Verdict::CloseRefused | Verdict::Waiting => RefundFinding::Unclear(Unclear::UnknownCode),
        Verdict::Unclear(why) => RefundFinding::Unclear(why),
    }
}

/// What the documents say about a refusing answer; only a business failure (40004) can be final.
pub(super) fn verdict(kind: InstructionKind, answer: &Answer) -> Verdict {
    let sub_code = answer.sub_code.as_deref().filter(|code| !code.is_empty());
    let documented = sub_code.and_then(|code| CAPABILITIES.verdict(kind, code));
    match (answer.code.as_str(), documented) {
        ("40004", Some(verdict)) => verdict,
        (code, Some(Verdict::Unclear(why))) if code != "40005" => Verdict::Unclear(why),
        (code, _) => Verdict::Unclear(by_gateway_code(code, sub_code)),
    }
}

/// Reads the gateway's own codes (alipay.md section 6); business codes without a document stay unknown.
fn by_gateway_code(code: &str, sub_code: Option<&str>) -> Unclear {
    let sub_code = sub_code.unwrap_or_default();
    match code {
        "40005" => Unclear::RateLimited,
        "20000" => Unclear::ServerError,
        "20001" | "40006" => Unclear::Misconfigured,
        _ if sub_code.starts_with("isv.") => Unclear::Misconfigured,
        _ if sub_code.starts_with("isp.") || sub_code.starts_with("aop.") => Unclear::ServerError,
        _ => Unclear::UnknownCode,
    }
}

pub(super) fn code_and_message(answer: &Answer) -> (String, String) {
    let code = answer.sub_code.clone().unwrap_or_else(|| answer.code.clone());
    (code, answer.sub_msg.clone().unwrap_or_else(|| answer.msg.clone()))
}

#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Answer);

impl<'a> Fields<'a> {
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.0.node.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty())
    }

    fn fen(self, name: &str) -> Option<i64> {
        amount::parse_fen(self.text(name)?).ok()
    }

    fn time_us(self, name: &str) -> Option<i64> {
        time::parse_us(self.text(name)?).ok()
    }

    /// Whether a trade's answer shows that money came in at some time.
    fn shows_payment(self) -> bool {
        let received = ["receipt_amount", "buyer_pay_amount", "invoice_amount"]
            .iter()
            .any(|name| self.text(name).is_some_and(|text| amount::parse_fen(text) != Ok(0)));
        let funds = self.0.node.get("fund_bill_list").is_some_and(|list| match list {
            serde_json::Value::Array(items) => !items.is_empty(),
            serde_json::Value::String(text) => !matches!(text.as_str(), "" | "[]"),
            serde_json::Value::Null => false,
            serde_json::Value::Bool(_) | serde_json::Value::Number(_) | serde_json::Value::Object(_) => true,
        });
        received || funds || self.text("send_pay_date").is_some()
    }
}

//! From what was heard to what it proves: pure, and the same for the gateway and for the simulation.
//!
//! Only codes that a document calls final fail anything; whatever is not listed proves nothing.

use super::{CAPABILITIES, Heard, Message, NotSent};
use crate::capabilities::Verdict;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::{Action, ActionKind, Attempt};
use tk_domain::refund::Refund;
use tk_domain::report::{PaidEvidence, PaymentFinding, RefundFinding, Source, Unclear};
use tk_formats::unionpay::{CNY, time};
use tk_money::Amount;

/// The trade is done; with `A6` but for a part that does not concern the payer (unionpay.md section 6).
const DONE: [&str; 2] = ["00", "A6"];
const CONSUME: &str = "01";
/// The longest number taken, bytes; UnionPay's have 21 digits.
const QUERY_ID_MAX_BYTES: usize = 64;
/// The longest form shown to a payer's browser, bytes.
const ACTION_MAX_BYTES: usize = 16 * 1024;

/// Whether the answer to this kind of call counts as a reply or as the answer to a question.
pub const fn source(kind: Kind) -> Source {
    match kind {
        Kind::Query | Kind::RefundQuery | Kind::SplitQuery | Kind::SplitReturnQuery => Source::Query,
        Kind::Pay
        | Kind::Close
        | Kind::Cancel
        | Kind::Refund
        | Kind::RefundAwait
        | Kind::ReceiverBind
        | Kind::ReceiverUnbind
        | Kind::Split
        | Kind::SplitReturn => Source::Reply,
    }
}

/// What a conversation about an attempt proves.
pub fn payment(kind: Kind, attempt: &Attempt, heard: &Heard) -> PaymentFinding {
    match heard {
        Heard::Form(form) if kind == Kind::Pay => {
            let value = form.to_value();
            if value.len() > ACTION_MAX_BYTES {
                return PaymentFinding::Unclear(Unclear::Unreadable);
            }
            PaymentFinding::ActionRequired(Action { kind: ActionKind::Form, value })
        }
        Heard::Answered(message) => match kind {
            Kind::Pay => pay_answer(attempt, message),
            Kind::Query | Kind::Close | Kind::Cancel => query_answer(kind, attempt, message),
            Kind::Refund
            | Kind::RefundQuery
            | Kind::RefundAwait
            | Kind::ReceiverBind
            | Kind::ReceiverUnbind
            | Kind::Split
            | Kind::SplitQuery
            | Kind::SplitReturn
            | Kind::SplitReturnQuery => PaymentFinding::Unclear(Unclear::Unreadable),
        },
        Heard::Form(_)
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection
        | Heard::NotSent(_) => PaymentFinding::Unclear(unheard(heard)),
    }
}

/// What a conversation about a refund proves.
pub fn refund(kind: Kind, refund: &Refund, heard: &Heard) -> RefundFinding {
    match heard {
        Heard::Answered(message) => match kind {
            Kind::Refund => refund_answer(refund, message),
            Kind::RefundQuery => refund_query_answer(refund, message),
            Kind::Pay
            | Kind::Query
            | Kind::Close
            | Kind::Cancel
            | Kind::RefundAwait
            | Kind::ReceiverBind
            | Kind::ReceiverUnbind
            | Kind::Split
            | Kind::SplitQuery
            | Kind::SplitReturn
            | Kind::SplitReturnQuery => RefundFinding::Unclear(Unclear::Unreadable),
        },
        Heard::Form(_)
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection
        | Heard::NotSent(_) => RefundFinding::Unclear(unheard(heard)),
    }
}

/// Why something else than a verified answer proves nothing.
pub(super) const fn unheard(heard: &Heard) -> Unclear {
    match heard {
        Heard::HttpStatus(429) | Heard::NotSent(NotSent::Busy) => Unclear::RateLimited,
        Heard::HttpStatus(500..) => Unclear::ServerError,
        Heard::HttpStatus(_) | Heard::Form(_) | Heard::Answered(_) | Heard::Unreadable(_) => {
            Unclear::Unreadable
        }
        Heard::Timeout | Heard::NotSent(NotSent::Expired) => Unclear::Timeout,
        Heard::Connection => Unclear::Connection,
        Heard::NotSent(NotSent::Refused(_)) => Unclear::Misconfigured,
    }
}

/// Whether a message is about the row with this number and time; every genuine one names both.
pub(super) fn is_about(message: &Message, out_no: &str, created_at_us: i64) -> bool {
    let second = |at_us: i64| at_us.div_euclid(1_000_000);
    message.order_id.as_deref() == Some(out_no)
        && message.txn_time_us.is_some_and(|at_us| second(at_us) == second(created_at_us))
}

fn pay_answer(attempt: &Attempt, message: &Message) -> PaymentFinding {
    if message.resp_code != "00" {
        return payment_verdict(Kind::Pay, &message.resp_code, &message.resp_msg);
    }
    // Taken is not paid: the outcome comes by notice or question.
    if is_about(message, &attempt.out_no, attempt.created_at_us) {
        PaymentFinding::InProgress
    } else {
        PaymentFinding::Unclear(Unclear::Unreadable)
    }
}

fn query_answer(kind: Kind, attempt: &Attempt, message: &Message) -> PaymentFinding {
    if message.resp_code != "00" {
        // The question failed, and not the order.
        return match CAPABILITIES.verdict(Kind::Query, &message.resp_code) {
            Some(Verdict::NotFound) => PaymentFinding::NotFound,
            Some(Verdict::Unclear(why)) => PaymentFinding::Unclear(why),
            Some(Verdict::Failed | Verdict::Waiting | Verdict::NotYet | Verdict::CloseRefused) | None => {
                PaymentFinding::Unclear(Unclear::UnknownCode)
            }
        };
    }
    if !is_about(message, &attempt.out_no, attempt.created_at_us) {
        return PaymentFinding::Unclear(Unclear::Unreadable);
    }
    let Some(code) = message.orig_resp_code.as_deref() else {
        return PaymentFinding::Unclear(Unclear::Unreadable);
    };
    let finding = if DONE.contains(&code) {
        paid(message)
    } else {
        payment_verdict(kind, code, message.orig_resp_msg.as_deref().unwrap_or_default())
    };
    match (kind, finding) {
        // Nothing closes an order that is being worked on but its own time.
        (Kind::Close | Kind::Cancel, PaymentFinding::InProgress | PaymentFinding::WaitingPayer) => {
            PaymentFinding::CloseRefused
        }
        (_, finding) => finding,
    }
}

pub(super) fn payment_verdict(kind: Kind, code: &str, text: &str) -> PaymentFinding {
    match CAPABILITIES.verdict(kind, code) {
        Some(Verdict::Failed) => PaymentFinding::Failed { code: code.to_owned(), message: text.to_owned() },
        Some(Verdict::Waiting) => PaymentFinding::InProgress,
        Some(Verdict::NotFound) => PaymentFinding::NotFound,
        Some(Verdict::CloseRefused) => PaymentFinding::CloseRefused,
        Some(Verdict::Unclear(why)) => PaymentFinding::Unclear(why),
        Some(Verdict::NotYet) | None => PaymentFinding::Unclear(Unclear::UnknownCode),
    }
}

/// The evidence of a payment; one that lacks what proves it proves nothing.
pub(super) fn paid(message: &Message) -> PaymentFinding {
    let number = message.query_id.as_ref().filter(|number| number.len() <= QUERY_ID_MAX_BYTES);
    let renminbi = message.currency_code.as_deref() == Some(CNY);
    match (number, message.txn_amt_fen, &message.mer_id) {
        (Some(number), Some(fen), Some(mer_id)) if renminbi => PaymentFinding::Paid(PaidEvidence {
            channel_txn_no: number.clone(),
            amount: Amount::fen(fen),
            payee_app: Some(mer_id.clone()),
            payee_merchant: message.payee().cloned(),
            borne: None,
            paid_at_us: done_at_us(message),
        }),
        (_, _, _) => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

fn refund_answer(refund: &Refund, message: &Message) -> RefundFinding {
    if message.resp_code != "00" {
        return refund_verdict(Kind::Refund, &message.resp_code, &message.resp_msg);
    }
    if is_about(message, &refund.out_no, refund.created_at_us) {
        RefundFinding::Accepted
    } else {
        RefundFinding::Unclear(Unclear::Unreadable)
    }
}

fn refund_query_answer(refund: &Refund, message: &Message) -> RefundFinding {
    if message.resp_code != "00" {
        return match CAPABILITIES.verdict(Kind::RefundQuery, &message.resp_code) {
            Some(Verdict::NotFound) => RefundFinding::NotFound,
            Some(Verdict::Unclear(why)) => RefundFinding::Unclear(why),
            Some(Verdict::Failed | Verdict::Waiting | Verdict::NotYet | Verdict::CloseRefused) | None => {
                RefundFinding::Unclear(Unclear::UnknownCode)
            }
        };
    }
    if !is_about(message, &refund.out_no, refund.created_at_us) {
        return RefundFinding::Unclear(Unclear::Unreadable);
    }
    match message.orig_resp_code.as_deref() {
        Some(code) if DONE.contains(&code) => given_back(message),
        Some(code) => {
            refund_verdict(Kind::RefundQuery, code, message.orig_resp_msg.as_deref().unwrap_or_default())
        }
        None => RefundFinding::Unclear(Unclear::Unreadable),
    }
}

pub(super) fn refund_verdict(kind: Kind, code: &str, text: &str) -> RefundFinding {
    match CAPABILITIES.verdict(kind, code) {
        Some(Verdict::Failed) => RefundFinding::Failed { code: code.to_owned(), message: text.to_owned() },
        Some(Verdict::Waiting) => RefundFinding::InProgress,
        Some(Verdict::NotFound) => RefundFinding::NotFound,
        Some(Verdict::NotYet) => RefundFinding::NotYet { code: code.to_owned(), message: text.to_owned() },
        Some(Verdict::Unclear(why)) => RefundFinding::Unclear(why),
        Some(Verdict::CloseRefused) | None => RefundFinding::Unclear(Unclear::UnknownCode),
    }
}

/// The evidence of a refund or undo; one that is about a payment proves nothing.
pub(super) fn given_back(message: &Message) -> RefundFinding {
    let is_payment =
        message.txn_type.as_deref() == Some(CONSUME) || message.text("origTxnType") == Some(CONSUME);
    match message.txn_amt_fen {
        Some(fen) if !is_payment => {
            RefundFinding::Done { amount: Amount::fen(fen), borne: None, at_us: done_at_us(message) }
        }
        Some(_) | None => RefundFinding::Unclear(Unclear::Unreadable),
    }
}

/// `traceTime` (`MMDDhhmmss`) in the year of `txnTime`, or in the next if it would lie before it.
fn done_at_us(message: &Message) -> Option<i64> {
    let (asked, done) = (message.text("txnTime")?, message.text("traceTime")?);
    let year: i32 = asked.get(..4)?.parse().ok()?;
    let asked_month = asked.get(4..6)?;
    let next = done.get(..2)? < asked_month;
    time::parse_us(&format!("{:04}{done}", year + i32::from(next))).ok()
}

//! From what was heard to what it proves: pure, and the same for the platform and for the simulation.
//!
//! A refusal is signed by nobody; it counts because TLS stands behind it, and only where a document calls its
//! code final.

use super::call::Call;
use super::order::{self, RefundState, TradeState};
use super::{CAPABILITIES, Heard, NotSent, Refusal};
use crate::capabilities::Verdict;
use serde_json::{Map, Value};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, ActionKind, Attempt};
use tk_domain::refund::Refund;
use tk_domain::report::{Borne, PaidEvidence, PaymentFinding, RefundFinding, Source, Unclear};
use tk_formats::form::address_part;
use tk_money::{Amount, Currency};

/// The longest channel number taken, bytes; WeChat's have 28 digits.
const TXN_NO_MAX_BYTES: usize = 64;
/// The longest address or code text shown to a payer, bytes.
const ACTION_MAX_BYTES: usize = 8 * 1024;

type Fields = Map<String, Value>;

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
        Heard::Done(fields) => payment_done(kind, attempt, fields),
        Heard::Bridge(parameters) if attempt.method == Method::WechatJsapi => {
            action(ActionKind::Bridge, Some(parameters))
        }
        Heard::Refused(refusal) => payment_refused(kind, refusal),
        Heard::Bridge(_)
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
        Heard::Done(fields) => refund_done(kind, refund, attempt, fields),
        Heard::Refused(refusal) => refund_refused(kind, refusal),
        Heard::Bridge(_)
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
        Heard::HttpStatus(429) | Heard::NotSent(NotSent::Busy) => Unclear::RateLimited,
        Heard::HttpStatus(500..) => Unclear::ServerError,
        Heard::HttpStatus(401) | Heard::NotSent(NotSent::Refused(_)) => Unclear::Misconfigured,
        Heard::HttpStatus(_)
        | Heard::Done(_)
        | Heard::Bridge(_)
        | Heard::Refused(_)
        | Heard::Unreadable(_) => Unclear::Unreadable,
        Heard::Timeout | Heard::NotSent(NotSent::Expired) => Unclear::Timeout,
        Heard::Connection => Unclear::Connection,
    }
}

fn payment_done(kind: InstructionKind, attempt: &Attempt, fields: &Fields) -> PaymentFinding {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (kind, attempt.method) {
        (InstructionKind::Pay, Method::WechatNative) => action(ActionKind::Qr, text("code_url")),
        (InstructionKind::Pay, Method::WechatH5) => action(ActionKind::Redirect, text("h5_url")),
        (InstructionKind::Pay, Method::WechatBarcode) => charged(ordered(attempt, fields)),
        (InstructionKind::Query, _) => ordered(attempt, fields),
        (InstructionKind::Close, _) if fields.is_empty() => PaymentFinding::Closed,
        (InstructionKind::Cancel, _) => reversed(attempt, fields),
        _ => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

/// A bar code that waits for its payer is under way, not merely offered.
fn charged(finding: PaymentFinding) -> PaymentFinding {
    if finding == PaymentFinding::WaitingPayer { PaymentFinding::InProgress } else { finding }
}

/// A reversal is believed when the order asked about afterwards says so.
fn reversed(attempt: &Attempt, fields: &Fields) -> PaymentFinding {
    match ordered(attempt, fields) {
        told @ (PaymentFinding::Closed | PaymentFinding::Undone(_) | PaymentFinding::Unclear(_)) => told,
        PaymentFinding::Paid(_)
        | PaymentFinding::ActionRequired(_)
        | PaymentFinding::WaitingPayer
        | PaymentFinding::InProgress
        | PaymentFinding::Failed { .. }
        | PaymentFinding::CloseRefused
        | PaymentFinding::NotFound => PaymentFinding::Unclear(Unclear::UnknownCode),
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

fn ordered(attempt: &Attempt, fields: &Fields) -> PaymentFinding {
    match order::parse_order(fields) {
        Ok(order) if order.out_trade_no == attempt.out_no => finding(&order),
        Ok(_) | Err(_) => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

/// What has to be asked before an answer says what happened: a reversal does not tell whether there was money to
/// give back, the order does.
pub fn asked_next(kind: InstructionKind, attempt: &Attempt, heard: &Heard) -> Option<Call> {
    let reversed = kind == InstructionKind::Cancel && matches!(heard, Heard::Done(_));
    reversed.then(|| Call::Query { out_trade_no: attempt.out_no.clone() })
}

/// What an order proves, of a reply or of a callback. A success carries whom it names and is compared by the
/// decision.
pub fn finding(order: &order::Order) -> PaymentFinding {
    match order.trade_state {
        TradeState::Success | TradeState::Refund => paid(order),
        TradeState::NotPay | TradeState::UserPaying => PaymentFinding::WaitingPayer,
        TradeState::Accept => PaymentFinding::InProgress,
        TradeState::Closed => PaymentFinding::Closed,
        TradeState::Revoked => undone(order),
        TradeState::PayError => PaymentFinding::Failed {
            code: TradeState::PayError.word().to_owned(),
            message: order.trade_state_desc.clone(),
        },
    }
}

/// A reversed order that names WeChat's number had been paid, and all of it went back.
fn undone(order: &order::Order) -> PaymentFinding {
    match (&order.transaction_id, order.total_fen, currency(order)) {
        (None, _, _) => PaymentFinding::Closed,
        (Some(_), Some(total_fen), Some(currency)) => {
            let minor = total_fen.saturating_sub(order.promotions.unsettled_fen);
            PaymentFinding::Undone(Amount { minor, currency })
        }
        (Some(_), _, _) => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

fn currency(order: &order::Order) -> Option<Currency> {
    order.currency.as_deref().map_or(Some(Currency::Cny), |code| code.parse().ok())
}

fn paid(order: &order::Order) -> PaymentFinding {
    let Ok(borne) = borne(order) else { return PaymentFinding::Unclear(Unclear::Unreadable) };
    match (&order.transaction_id, order.total_fen, currency(order)) {
        (Some(number), Some(total_fen), Some(currency)) if number.len() <= TXN_NO_MAX_BYTES => {
            PaymentFinding::Paid(PaidEvidence {
                channel_txn_no: number.clone(),
                amount: Amount { minor: total_fen, currency },
                payee_app: order.appid.clone(),
                payee_merchant: order.payee().cloned(),
                borne,
                paid_at_us: order.success_at_us,
            })
        }
        _ => PaymentFinding::Unclear(Unclear::Unreadable),
    }
}

/// The coupons of an order do not account for what its payer did not pay.
struct Unaccounted;

/// Who bears what of an order: nobody but the payer, unless he paid less and its coupons say for the rest whose they are.
fn borne(order: &order::Order) -> Result<Option<Borne>, Unaccounted> {
    let Some((total_fen, payer_fen)) = order.total_fen.zip(order.payer_total_fen) else { return Ok(None) };
    let less_fen = total_fen.checked_sub(payer_fen).ok_or(Unaccounted)?;
    if less_fen == 0 && order.promotions.whole_fen == 0 {
        return Ok(None);
    }
    if less_fen != order.promotions.whole_fen {
        return Err(Unaccounted);
    }
    let settled_minor = total_fen.checked_sub(order.promotions.unsettled_fen).ok_or(Unaccounted)?;
    Ok(Some(Borne { payer_minor: payer_fen, settled_minor }))
}

fn payment_refused(kind: InstructionKind, refusal: &Refusal) -> PaymentFinding {
    match verdict(kind, refusal) {
        Verdict::Failed => {
            PaymentFinding::Failed { code: refusal.code.clone(), message: refusal.message.clone() }
        }
        Verdict::Waiting => PaymentFinding::InProgress,
        Verdict::NotFound => PaymentFinding::NotFound,
        Verdict::CloseRefused => PaymentFinding::CloseRefused,
        Verdict::NotYet => PaymentFinding::Unclear(Unclear::UnknownCode),
        Verdict::Unclear(why) => PaymentFinding::Unclear(why),
    }
}

fn refund_done(kind: InstructionKind, refund: &Refund, attempt: &Attempt, fields: &Fields) -> RefundFinding {
    let Ok(told) = order::parse_refund(fields) else { return RefundFinding::Unclear(Unclear::Unreadable) };
    if told.out_refund_no != refund.out_no || told.out_trade_no != attempt.out_no {
        return RefundFinding::Unclear(Unclear::Unreadable);
    }
    match (kind, told.state) {
        // Whether or not the money moved just now: done needs a later query or callback.
        (InstructionKind::Refund, RefundState::Success | RefundState::Processing) => RefundFinding::Accepted,
        (InstructionKind::Refund | InstructionKind::RefundQuery, _) => refund_finding(&told),
        _ => RefundFinding::Unclear(Unclear::Unreadable),
    }
}

/// What a refund proves, of a query or of a callback.
pub fn refund_finding(refund: &order::Refund) -> RefundFinding {
    match refund.state {
        RefundState::Success => RefundFinding::Done {
            amount: Amount::fen(refund.refund_fen),
            borne: refund_borne(refund),
            at_us: refund.success_at_us,
        },
        RefundState::Processing => RefundFinding::InProgress,
        RefundState::Closed => RefundFinding::Failed {
            code: RefundState::Closed.word().to_owned(),
            message: "the refund was closed at WeChat Pay".to_owned(),
        },
        // The payer's account does not take it, and the money has left ours: neither done nor failed until
        // somebody has acted at WeChat.
        RefundState::Abnormal => RefundFinding::Unclear(Unclear::UnknownCode),
    }
}

/// Whether coupons were used on the order, so that not all of a refund may be the payer's.
pub(super) fn had_coupons(refund: &order::Refund) -> bool {
    refund.payer_total_fen.is_some_and(|payer_fen| payer_fen != refund.total_fen)
}

/// Who gets what of a refund, where coupons were used on its order.
fn refund_borne(refund: &order::Refund) -> Option<Borne> {
    let told = refund.payer_refund_fen.zip(refund.settlement_refund_fen).filter(|_| had_coupons(refund));
    told.map(|(payer_minor, settled_minor)| Borne { payer_minor, settled_minor })
}

fn refund_refused(kind: InstructionKind, refusal: &Refusal) -> RefundFinding {
    let (code, message) = (refusal.code.clone(), refusal.message.clone());
    match verdict(kind, refusal) {
        Verdict::Failed => RefundFinding::Failed { code, message },
        Verdict::NotYet => RefundFinding::NotYet { code, message },
        Verdict::NotFound => RefundFinding::NotFound,
        Verdict::CloseRefused | Verdict::Waiting => RefundFinding::Unclear(Unclear::UnknownCode),
        Verdict::Unclear(why) => RefundFinding::Unclear(why),
    }
}

/// What the documents say about a refusal; only 4xx without 401 and 429 can be final (wechatpay.md section 4).
pub(super) fn verdict(kind: InstructionKind, refusal: &Refusal) -> Verdict {
    let documented = CAPABILITIES.verdict(kind, &refusal.code);
    match (refusal.status, documented) {
        (_, Some(verdict @ Verdict::Unclear(_))) | (202, Some(verdict @ Verdict::Waiting)) => verdict,
        (429, _) => Verdict::Unclear(Unclear::RateLimited),
        (401, _) => Verdict::Unclear(Unclear::Misconfigured),
        (400..500, Some(verdict)) => verdict,
        (500.., _) => Verdict::Unclear(Unclear::ServerError),
        (_, _) => Verdict::Unclear(Unclear::UnknownCode),
    }
}

/// The address to which the payer's browser goes, with where it comes back to.
pub fn with_return(call: &Call, mut fields: Fields) -> Fields {
    if let (Call::H5 { return_url: Some(back), .. }, Some(Value::String(address))) =
        (call, fields.get_mut("h5_url"))
    {
        let joint = if address.contains('?') { '&' } else { '?' };
        *address = format!("{address}{joint}redirect_url={}", address_part(back));
    }
    fields
}

//! From an instruction to the call that carries it out (unionpay.md section 5).

use super::credentials::{SameDay, Settings};
use serde::Deserialize;
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::refund::Refund;
use tk_money::Currency;

/// The longest commodity name, characters.
const TEXT_MAX_CHARS: usize = 32;
const DAY_US: i64 = 86_400_000_000;
/// Beijing is ahead of UTC by this much.
const BEIJING_US: i64 = 8 * 3_600_000_000;

/// One thing to say to UnionPay; times are Unix microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Consume on UnionPay's page: a signed form for the payer's browser, nothing is sent by us.
    Page(Page),
    /// Consume with a token and the code that the payer was sent.
    Token(TokenOrder),
    /// What became of an order, refund or undo.
    Query {
        /// Its number.
        order_id: String,
        /// Its time; number and time identify it.
        txn_time_us: i64,
        /// The product it was made by.
        biz_type: &'static str,
    },
    /// Give back money of a payment.
    Refund(Back),
    /// Undo a whole payment on its day.
    Undo(Back),
    /// Ask for the settlement file of a day.
    File {
        /// `MMDD`.
        settle_date: String,
    },
    /// Open a card for payment by token, on UnionPay's page.
    OpenCard(OpenCard),
    /// What became of an opening.
    QueryOpening(Opening),
    /// Have UnionPay send the payer a code for an order to come.
    SendCode(TokenOrder),
    /// End a token.
    Unbind(Unbind),
}

/// What the payer is asked to pay on UnionPay's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The attempt's number.
    pub order_id: String,
    /// The attempt's time.
    pub txn_time_us: i64,
    /// Fen.
    pub txn_amt_fen: i64,
    /// `000201` for persons, `000202` for companies.
    pub biz_type: &'static str,
    /// What the payer sees.
    pub commodity: String,
    /// When UnionPay itself stops accepting payment.
    pub expires_at_us: i64,
    /// Where the payer's browser returns to; for display only.
    pub return_url: Option<String>,
}

/// What is to be paid with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOrder {
    /// The attempt's number.
    pub order_id: String,
    /// The attempt's time.
    pub txn_time_us: i64,
    /// Fen.
    pub txn_amt_fen: i64,
    /// `trId`.
    pub token: String,
    /// What the payer typed; empty when a code is asked for.
    pub sms_code: String,
    /// When UnionPay itself stops accepting payment.
    pub expires_at_us: i64,
}

/// Money of a payment that goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    /// The refund's number.
    pub order_id: String,
    /// The refund's time.
    pub txn_time_us: i64,
    /// UnionPay's number of the payment.
    pub orig_qry_id: String,
    /// Fen.
    pub txn_amt_fen: i64,
    /// The product the payment was made by.
    pub biz_type: &'static str,
}

/// A card to be opened for payment by token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCard {
    /// Our number of this request.
    pub order_id: String,
    /// Its time.
    pub txn_time_us: i64,
    /// Until when the page may be used.
    pub expires_at_us: i64,
    /// Where the payer's browser returns to; for display only.
    pub return_url: Option<String>,
}

/// An opening that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Our number of it.
    pub order_id: String,
    /// Its time; number and time identify it.
    pub txn_time_us: i64,
}

/// A token to be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbind {
    /// Our number of this request.
    pub order_id: String,
    /// Its time.
    pub txn_time_us: i64,
    /// `trId`.
    pub token: String,
}

/// Why rows make no call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The attempt's method is not one of UnionPay's.
    #[error("method {0} is not one of UnionPay")]
    MethodForeign(Method),
    /// The instruction is about the other kind of row.
    #[error("instruction {0} does not fit the row")]
    KindForeign(InstructionKind),
    /// UnionPay settles in renminbi only here.
    #[error("currency {0} is not CNY")]
    CurrencyForeign(Currency),
    /// The amount is outside what UnionPay takes.
    #[error("amount {0} fen is outside what UnionPay takes")]
    AmountOutOfRange(i64),
    /// The instruction's payload cannot be read or lacks token or code.
    #[error("payload lacks what the method needs")]
    Payload,
    /// The payment has no number of UnionPay's, so that nothing of it can go back.
    #[error("the payment has no number of UnionPay")]
    NumberMissing,
    /// A time or text cannot be written.
    #[error("{0} cannot be written")]
    Unwritable(&'static str),
    /// A card is opened and used in the name of a token requestor, which the settings do not have.
    #[error("settings lack tr_id")]
    RequestorMissing,
    /// A code is not sent once its time is over: an earlier sending may have taken the money.
    #[error("the time for the code is over")]
    Expired,
}

#[derive(Debug, Default, Deserialize)]
struct Payload {
    token: Option<String>,
    sms_code: Option<String>,
    return_url: Option<String>,
}

/// The call that carries out an instruction about an attempt; UnionPay has no close, so that one asks instead.
pub fn for_payment(
    kind: InstructionKind,
    payment: &Payment,
    attempt: &Attempt,
    payload: Option<&str>,
) -> Result<Call, CallError> {
    match kind {
        InstructionKind::Pay => for_pay(payment, attempt, payload),
        InstructionKind::Query | InstructionKind::Close | InstructionKind::Cancel => Ok(Call::Query {
            order_id: attempt.out_no.clone(),
            txn_time_us: attempt.created_at_us,
            biz_type: biz_type(attempt.method)?,
        }),
        InstructionKind::Refund
        | InstructionKind::RefundQuery
        | InstructionKind::RefundAwait
        | InstructionKind::ReceiverBind
        | InstructionKind::ReceiverUnbind
        | InstructionKind::Split
        | InstructionKind::SplitQuery
        | InstructionKind::SplitReturn
        | InstructionKind::SplitReturnQuery => Err(CallError::KindForeign(kind)),
    }
}

/// The call that carries out an instruction about a refund of an attempt.
pub fn for_refund(
    kind: InstructionKind,
    refund: &Refund,
    attempt: &Attempt,
    settings: &Settings,
) -> Result<Call, CallError> {
    let biz_type = biz_type(attempt.method)?;
    match kind {
        InstructionKind::Refund => {
            let back = Back {
                order_id: refund.out_no.clone(),
                txn_time_us: refund.created_at_us,
                orig_qry_id: attempt.channel_txn_no.clone().ok_or(CallError::NumberMissing)?,
                txn_amt_fen: fen(refund.order_minor, refund.currency)?,
                biz_type,
            };
            Ok(if is_undo(refund, attempt, settings) { Call::Undo(back) } else { Call::Refund(back) })
        }
        InstructionKind::RefundQuery => {
            Ok(Call::Query { order_id: refund.out_no.clone(), txn_time_us: refund.created_at_us, biz_type })
        }
        InstructionKind::Pay
        | InstructionKind::Query
        | InstructionKind::Close
        | InstructionKind::Cancel
        | InstructionKind::RefundAwait
        | InstructionKind::ReceiverBind
        | InstructionKind::ReceiverUnbind
        | InstructionKind::Split
        | InstructionKind::SplitQuery
        | InstructionKind::SplitReturn
        | InstructionKind::SplitReturnQuery => Err(CallError::KindForeign(kind)),
    }
}

/// Decided by what never changes, so that a refund sent again is the same message.
fn is_undo(refund: &Refund, attempt: &Attempt, settings: &Settings) -> bool {
    let day = |at_us: i64| at_us.saturating_add(BEIJING_US).div_euclid(DAY_US);
    let whole = refund.order_minor == attempt.amount_minor;
    let same_day = attempt.paid_at_us.is_some_and(|paid_at_us| day(paid_at_us) == day(refund.created_at_us));
    settings.same_day == SameDay::Undo && whole && same_day
}

fn for_pay(payment: &Payment, attempt: &Attempt, payload: Option<&str>) -> Result<Call, CallError> {
    let payload: Payload = match payload {
        Some(text) => serde_json::from_str(text).map_err(|_| CallError::Payload)?,
        None => Payload::default(),
    };
    let biz_type = biz_type(attempt.method)?;
    let txn_amt_fen = fen(attempt.amount_minor, attempt.currency)?;
    let (order_id, txn_time_us) = (attempt.out_no.clone(), attempt.created_at_us);
    if attempt.method == Method::QuickPay {
        return Ok(Call::Token(TokenOrder {
            order_id,
            txn_time_us,
            txn_amt_fen,
            token: payload.token.ok_or(CallError::Payload)?,
            sms_code: payload.sms_code.ok_or(CallError::Payload)?,
            expires_at_us: attempt.channel_expires_at_us,
        }));
    }
    Ok(Call::Page(Page {
        order_id,
        txn_time_us,
        txn_amt_fen,
        biz_type,
        commodity: cleaned(&payment.description),
        expires_at_us: attempt.channel_expires_at_us,
        return_url: payload.return_url,
    }))
}

/// `bizType`: who may pay, and how.
fn biz_type(method: Method) -> Result<&'static str, CallError> {
    match method {
        Method::EbankB2c => Ok("000201"),
        Method::EbankB2b => Ok("000202"),
        Method::QuickPay => Ok(TOKEN_BIZ_TYPE),
        Method::AlipayPage
        | Method::AlipayWap
        | Method::AlipayQr
        | Method::AlipayBarcode
        | Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::WechatBarcode
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => Err(CallError::MethodForeign(method)),
    }
}

pub(super) const TOKEN_BIZ_TYPE: &str = "000902";

fn fen(minor: i64, currency: Currency) -> Result<i64, CallError> {
    let terms = super::CAPABILITIES;
    if !terms.currencies.contains(&currency) {
        return Err(CallError::CurrencyForeign(currency));
    }
    if !(terms.amount_min_minor..=terms.amount_max_minor).contains(&minor) {
        return Err(CallError::AmountOutOfRange(minor));
    }
    Ok(minor)
}

/// Without the characters that messages are made of, clipped.
fn cleaned(text: &str) -> String {
    let kept = text.chars().filter(|letter| !letter.is_control() && !"{}[]&=\"".contains(*letter));
    kept.take(TEXT_MAX_CHARS).collect::<String>().trim().to_owned()
}

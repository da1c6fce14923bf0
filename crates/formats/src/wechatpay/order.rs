//! Orders and refunds as replies and callbacks carry them, read into types.

use serde_json::{Map, Value};

use super::time;

/// The longest text of a number, bytes.
const NUMBER_MAX_BYTES: usize = 64;
/// Coupons that one order may have.
const PROMOTIONS_MAX: usize = 100;

/// An order (wechatpay.md §3 and §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Our application (`appid`, of a service provider `sp_appid`), if named.
    pub appid: Option<String>,
    /// Our merchant number (`mchid`, of a service provider `sp_mchid`), if named.
    pub mchid: Option<String>,
    /// The sub-merchant that the money is for, if a service provider's order.
    pub sub_mchid: Option<String>,
    /// Our number.
    pub out_trade_no: String,
    /// WeChat's number; absent before payment.
    pub transaction_id: Option<String>,
    /// Its state.
    pub trade_state: TradeState,
    /// For people.
    pub trade_state_desc: String,
    /// When it was paid, Unix microseconds.
    pub success_at_us: Option<i64>,
    /// Fen of the order, if named; unpaid orders name none.
    pub total_fen: Option<i64>,
    /// Fen of it that the payer paid himself (`amount.payer_total`), if named.
    pub payer_total_fen: Option<i64>,
    /// The coupons used (`promotion_detail`).
    pub promotions: Promotions,
    /// `amount.currency`, if named.
    pub currency: Option<String>,
    /// The payer, if named.
    pub openid: Option<String>,
}

/// What the coupons of an order amount to (wechatpay.md §5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Promotions {
    /// Fen of all of them.
    pub whole_fen: i64,
    /// Fen that are not paid over: coupons of the type `NOCASH`, and where no type is named the merchant's contribution.
    pub unsettled_fen: i64,
}

/// A refund (wechatpay.md §2 and §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Our merchant number (`mchid`, of a service provider `sp_mchid`); replies name none.
    pub mchid: Option<String>,
    /// The sub-merchant whose money goes back, if a service provider's order.
    pub sub_mchid: Option<String>,
    /// Our order number.
    pub out_trade_no: String,
    /// Our refund number.
    pub out_refund_no: String,
    /// WeChat's number of the refund.
    pub refund_id: String,
    /// `status` of replies, `refund_status` of callbacks.
    pub state: RefundState,
    /// When it was done, Unix microseconds.
    pub success_at_us: Option<i64>,
    /// Fen of the order.
    pub total_fen: i64,
    /// Fen that go back.
    pub refund_fen: i64,
    /// Fen of the order that the payer paid himself (`amount.payer_total`), if named.
    pub payer_total_fen: Option<i64>,
    /// Fen that go back to him (`amount.payer_refund`), if named.
    pub payer_refund_fen: Option<i64>,
    /// Fen that leave the merchant for it (`amount.settlement_refund`); callbacks name none.
    pub settlement_refund_fen: Option<i64>,
}

/// `trade_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeState {
    /// `SUCCESS`
    Success,
    /// `REFUND`: paid, and at least a part went back.
    Refund,
    /// `NOTPAY`
    NotPay,
    /// `CLOSED`
    Closed,
    /// `REVOKED`: a bar-code payment undone.
    Revoked,
    /// `USERPAYING`
    UserPaying,
    /// `PAYERROR`
    PayError,
    /// `ACCEPT`: a debit taken, not yet done.
    Accept,
}

/// The state of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    /// `PROCESSING`
    Processing,
    /// `SUCCESS`
    Success,
    /// `CLOSED`: it failed and the money is back with the merchant.
    Closed,
    /// `ABNORMAL`: the payer's account does not take it; somebody has to act.
    Abnormal,
}

/// A field is absent, of another type or has an undocumented value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("field {0} is missing or wrong")]
pub struct FieldWrong(pub &'static str);

impl Order {
    /// Who gets the money: the sub-merchant if one is named, or else the merchant.
    pub const fn payee(&self) -> Option<&String> {
        if self.sub_mchid.is_some() { self.sub_mchid.as_ref() } else { self.mchid.as_ref() }
    }
}

impl TradeState {
    /// Every state with its word.
    pub const WORDS: [(Self, &'static str); 8] = [
        (Self::Success, "SUCCESS"),
        (Self::Refund, "REFUND"),
        (Self::NotPay, "NOTPAY"),
        (Self::Closed, "CLOSED"),
        (Self::Revoked, "REVOKED"),
        (Self::UserPaying, "USERPAYING"),
        (Self::PayError, "PAYERROR"),
        (Self::Accept, "ACCEPT"),
    ];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, &self)
    }
}

impl RefundState {
    /// Every state with its word.
    pub const WORDS: [(Self, &'static str); 4] = [
        (Self::Processing, "PROCESSING"),
        (Self::Success, "SUCCESS"),
        (Self::Closed, "CLOSED"),
        (Self::Abnormal, "ABNORMAL"),
    ];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, &self)
    }
}

pub(super) fn word_of<T: PartialEq>(words: &[(T, &'static str)], value: &T) -> &'static str {
    words.iter().find(|(known, _)| known == value).map_or("", |(_, word)| *word)
}

pub(super) fn by_word<T: Copy>(words: &[(T, &'static str)], text: &str) -> Option<T> {
    words.iter().find(|(_, word)| *word == text).map(|(value, _)| *value)
}

/// Reads an order.
pub fn parse_order(fields: &Map<String, Value>) -> Result<Order, FieldWrong> {
    let state = required(fields, "trade_state")?;
    let amount = part(fields, "amount")?;
    let total_fen = amount.map(|amount| optional_fen(amount, "total")).transpose()?.flatten();
    let payer = part(fields, "payer")?;
    Ok(Order {
        appid: either(fields, ["appid", "sp_appid"])?,
        mchid: either(fields, ["mchid", "sp_mchid"])?,
        sub_mchid: optional(fields, "sub_mchid")?,
        out_trade_no: number(fields, "out_trade_no")?,
        transaction_id: optional(fields, "transaction_id")?,
        trade_state: by_word(&TradeState::WORDS, state).ok_or(FieldWrong("trade_state"))?,
        trade_state_desc: optional(fields, "trade_state_desc")?.unwrap_or_default(),
        success_at_us: moment(fields)?,
        total_fen,
        payer_total_fen: amount.map(|amount| optional_fen(amount, "payer_total")).transpose()?.flatten(),
        promotions: promotions(fields)?,
        currency: amount.map(|amount| optional(amount, "currency")).transpose()?.flatten(),
        openid: payer.map(|payer| either(payer, ["openid", "sp_openid"])).transpose()?.flatten(),
    })
}

/// Reads a refund, of a reply or of a callback.
pub fn parse_refund(fields: &Map<String, Value>) -> Result<Refund, FieldWrong> {
    let state = match (fields.get("status"), fields.get("refund_status")) {
        (Some(state), None) | (None, Some(state)) => state.as_str(),
        (Some(_), Some(_)) | (None, None) => None,
    };
    let state = state.and_then(|word| by_word(&RefundState::WORDS, word)).ok_or(FieldWrong("status"))?;
    let amount = part(fields, "amount")?.ok_or(FieldWrong("amount"))?;
    Ok(Refund {
        mchid: either(fields, ["mchid", "sp_mchid"])?,
        sub_mchid: optional(fields, "sub_mchid")?,
        out_trade_no: number(fields, "out_trade_no")?,
        out_refund_no: number(fields, "out_refund_no")?,
        refund_id: number(fields, "refund_id")?,
        state,
        success_at_us: moment(fields)?,
        total_fen: optional_fen(amount, "total")?.ok_or(FieldWrong("total"))?,
        refund_fen: optional_fen(amount, "refund")?.ok_or(FieldWrong("refund"))?,
        payer_total_fen: optional_fen(amount, "payer_total")?,
        payer_refund_fen: optional_fen(amount, "payer_refund")?,
        settlement_refund_fen: optional_fen(amount, "settlement_refund")?,
    })
}

/// The coupons of an order; more than a hundred, or sums that do not fit, are wrong.
fn promotions(fields: &Map<String, Value>) -> Result<Promotions, FieldWrong> {
    const WRONG: FieldWrong = FieldWrong("promotion_detail");
    let list = match fields.get("promotion_detail") {
        None | Some(Value::Null) => return Ok(Promotions::default()),
        Some(Value::Array(list)) if list.len() <= PROMOTIONS_MAX => list,
        Some(Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err(WRONG);
        }
    };
    let mut sums = Promotions::default();
    for one in list {
        let Value::Object(one) = one else { return Err(WRONG) };
        let fen = optional_fen(one, "amount")?.ok_or(WRONG)?;
        let unsettled = match optional(one, "type")?.as_deref() {
            Some("CASH") => 0,
            Some("NOCASH") => fen,
            Some(_) => return Err(WRONG),
            None => optional_fen(one, "merchant_contribute")?.unwrap_or(0).min(fen),
        };
        sums.whole_fen = sums.whole_fen.checked_add(fen).ok_or(WRONG)?;
        sums.unsettled_fen = sums.unsettled_fen.checked_add(unsettled).ok_or(WRONG)?;
    }
    Ok(sums)
}

pub(super) fn required<'a>(
    fields: &'a Map<String, Value>,
    name: &'static str,
) -> Result<&'a str, FieldWrong> {
    fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or(FieldWrong(name))
}

pub(super) fn number(fields: &Map<String, Value>, name: &'static str) -> Result<String, FieldWrong> {
    let text = required(fields, name)?;
    if text.len() <= NUMBER_MAX_BYTES { Ok(text.to_owned()) } else { Err(FieldWrong(name)) }
}

/// Absent, null and empty are the same; anything but text is wrong.
pub(super) fn optional(
    fields: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<String>, FieldWrong> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => Err(FieldWrong(name)),
    }
}

/// A field that a merchant and a service provider find under different names; both at once are wrong.
fn either(
    fields: &Map<String, Value>,
    [direct, provider]: [&'static str; 2],
) -> Result<Option<String>, FieldWrong> {
    match (optional(fields, direct)?, optional(fields, provider)?) {
        (Some(_), Some(_)) => Err(FieldWrong(provider)),
        (one, other) => Ok(one.or(other)),
    }
}

fn part<'a>(
    fields: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a Map<String, Value>>, FieldWrong> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(part)) => Ok(Some(part)),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => Err(FieldWrong(name)),
    }
}

/// Whole fen that fit 64 bits; a fraction, a text and a negative number are wrong.
pub(super) fn optional_fen(
    fields: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<i64>, FieldWrong> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().filter(|fen| *fen >= 0).map(Some).ok_or(FieldWrong(name)),
    }
}

fn moment(fields: &Map<String, Value>) -> Result<Option<i64>, FieldWrong> {
    let text = optional(fields, "success_time")?;
    text.map(|text| time::parse_us(&text).map_err(|_| FieldWrong("success_time"))).transpose()
}

//! Asynchronous notifications: a signed form posted to `notify_url` or to the application gateway.

use serde_json::{Map, Value};

use super::params::{self, Params, ParamsError};
use super::{SIGN_TYPE, amount, json, time};
use crate::charset::{Charset, CharsetError};
use crate::keys::{SignatureError, SigningKey, VerifyingKey};

/// The body that acknowledges a notification; anything else makes the platform send it again.
pub const ACK: &str = "success";

/// Why a notification was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// The form itself is refused; a duplicate field is `ParamsError::Duplicate`.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The charset is unknown or does not fit.
    #[error(transparent)]
    Charset(#[from] CharsetError),
    /// `sign` is absent or empty.
    #[error("notification is not signed")]
    SignatureMissing,
    /// `sign_type` is absent or not RSA2.
    #[error("sign_type is not RSA2")]
    SignTypeRefused,
    /// The signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A field this kind of notification must have is absent or empty.
    #[error("field {0} is missing")]
    FieldMissing(&'static str),
    /// A field has a value that cannot be read.
    #[error("field {0} is invalid")]
    FieldInvalid(&'static str),
}

/// A verified notification.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// The application it is for.
    pub app_id: String,
    /// The notification's own number; it may repeat.
    pub notify_id: String,
    /// What it tells.
    pub notice: Notice,
    /// Every field as it came, signature included.
    pub params: Params,
}

/// What a notification tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The state of a trade (`notify_type=trade_status_sync`).
    Trade(Box<TradeNotice>),
    /// A message of the application gateway (`msg_method`), such as a payout change.
    Message(MessageNotice),
    /// Any other kind, such as a signed or ended withholding agreement; read from `params`.
    Other {
        /// `notify_type` as sent.
        notify_type: String,
    },
}

/// Trade states (alipay.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeStatus {
    /// `WAIT_BUYER_PAY`.
    WaitBuyerPay,
    /// `TRADE_SUCCESS`.
    Success,
    /// `TRADE_FINISHED`.
    Finished,
    /// `TRADE_CLOSED`.
    Closed,
}

impl TradeStatus {
    /// Reads the platform's word; another word is nothing.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::WaitBuyerPay, Self::Success, Self::Finished, Self::Closed]
            .into_iter()
            .find(|status| status.word() == word)
    }

    /// The platform's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::WaitBuyerPay => "WAIT_BUYER_PAY",
            Self::Success => "TRADE_SUCCESS",
            Self::Finished => "TRADE_FINISHED",
            Self::Closed => "TRADE_CLOSED",
        }
    }
}

/// The fields of a trade notification (alipay.md §8); amounts in fen, times in UTC microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeNotice {
    /// When the notification was sent.
    pub notify_time_us: i64,
    /// The platform's trade number.
    pub trade_no: String,
    /// Our order number.
    pub out_trade_no: String,
    /// The state of the trade.
    pub trade_status: TradeStatus,
    /// The order amount.
    pub total_amount_fen: i64,
    /// What the merchant receives.
    pub receipt_amount_fen: Option<i64>,
    /// What the payer pays.
    pub buyer_pay_amount_fen: Option<i64>,
    /// Refunded so far, all refunds together.
    pub refund_fee_fen: Option<i64>,
    /// The refund request this notification follows.
    pub out_biz_no: Option<String>,
    /// The payee's platform number.
    pub seller_id: Option<String>,
    /// The payer's platform number.
    pub buyer_id: Option<String>,
    /// The payer's masked login.
    pub buyer_logon_id: Option<String>,
    /// When the trade was created.
    pub gmt_create_us: Option<i64>,
    /// When it was paid.
    pub gmt_payment_us: Option<i64>,
    /// When it was refunded.
    pub gmt_refund_us: Option<i64>,
    /// When it was closed.
    pub gmt_close_us: Option<i64>,
    /// Text the merchant sent along with the order.
    pub passback_params: Option<String>,
}

/// A message of the application gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageNotice {
    /// The message name, such as `alipay.fund.trans.order.changed`.
    pub msg_method: String,
    /// When it was sent, UTC microseconds.
    pub sent_at_us: i64,
    /// What it says.
    pub biz_content: Map<String, Value>,
}

/// Verifies and reads a posted form; without a charset the form's own `charset` field decides.
pub fn decode(
    bytes: &[u8],
    charset: Option<Charset>,
    key: &VerifyingKey,
) -> Result<Notification, NotifyError> {
    let charset = match charset {
        Some(charset) => charset,
        None if bytes.len() > params::BODY_MAX_BYTES => return Err(ParamsError::TooLarge.into()),
        None => params::detect_charset(bytes)?,
    };
    let params = params::parse_urlencoded(bytes, charset)?;
    let sign = params.get_filled("sign").ok_or(NotifyError::SignatureMissing)?;
    if params.get("sign_type") != Some(SIGN_TYPE) {
        return Err(NotifyError::SignTypeRefused);
    }
    key.verify(&charset.encode(&params::notify_string(&params))?, sign)?;
    let fields = Fields(&params);
    Ok(Notification {
        app_id: fields.text("app_id")?,
        notify_id: fields.text("notify_id")?,
        notice: read_notice(&fields)?,
        params,
    })
}

/// Signs the fields in their order and writes the form, for the simulator; `sign` is set last.
pub fn encode(params: &Params, key: &SigningKey) -> Result<Vec<u8>, NotifyError> {
    let charset = params::charset_of(params)?;
    let mut signed = params.clone();
    signed.remove("sign");
    if signed.get("sign_type").is_none() {
        signed.insert("sign_type", SIGN_TYPE)?;
    }
    let sign = key.sign(&charset.encode(&params::notify_string(&signed))?)?;
    signed.insert("sign", sign)?;
    Ok(params::encode_urlencoded(&signed, charset)?.into_bytes())
}

fn read_notice(fields: &Fields<'_>) -> Result<Notice, NotifyError> {
    if fields.optional("msg_method").is_some() {
        return Ok(Notice::Message(read_message(fields)?));
    }
    if fields.optional("trade_status").is_some() {
        return Ok(Notice::Trade(Box::new(read_trade(fields)?)));
    }
    Ok(Notice::Other { notify_type: fields.text("notify_type")? })
}

fn read_message(fields: &Fields<'_>) -> Result<MessageNotice, NotifyError> {
    let millis: i64 =
        fields.text("utc_timestamp")?.parse().map_err(|_| NotifyError::FieldInvalid("utc_timestamp"))?;
    let biz_content = json::parse_object(&fields.text("biz_content")?)
        .map_err(|_| NotifyError::FieldInvalid("biz_content"))?;
    Ok(MessageNotice {
        msg_method: fields.text("msg_method")?,
        sent_at_us: millis.checked_mul(1000).ok_or(NotifyError::FieldInvalid("utc_timestamp"))?,
        biz_content,
    })
}

fn read_trade(fields: &Fields<'_>) -> Result<TradeNotice, NotifyError> {
    let status = TradeStatus::parse(&fields.text("trade_status")?);
    Ok(TradeNotice {
        notify_time_us: fields.time("notify_time")?.ok_or(NotifyError::FieldMissing("notify_time"))?,
        trade_no: fields.text("trade_no")?,
        out_trade_no: fields.text("out_trade_no")?,
        trade_status: status.ok_or(NotifyError::FieldInvalid("trade_status"))?,
        total_amount_fen: fields.fen("total_amount")?.ok_or(NotifyError::FieldMissing("total_amount"))?,
        receipt_amount_fen: fields.fen("receipt_amount")?,
        buyer_pay_amount_fen: fields.fen("buyer_pay_amount")?,
        refund_fee_fen: fields.fen("refund_fee")?,
        out_biz_no: fields.optional("out_biz_no"),
        seller_id: fields.optional("seller_id"),
        buyer_id: fields.optional("buyer_id"),
        buyer_logon_id: fields.optional("buyer_logon_id"),
        gmt_create_us: fields.time("gmt_create")?,
        gmt_payment_us: fields.time("gmt_payment")?,
        gmt_refund_us: fields.time("gmt_refund")?,
        gmt_close_us: fields.time("gmt_close")?,
        passback_params: fields.optional("passback_params"),
    })
}

struct Fields<'a>(&'a Params);

impl Fields<'_> {
    fn optional(&self, name: &str) -> Option<String> {
        self.0.get_filled(name).map(str::to_owned)
    }

    fn text(&self, name: &'static str) -> Result<String, NotifyError> {
        self.optional(name).ok_or(NotifyError::FieldMissing(name))
    }

    fn fen(&self, name: &'static str) -> Result<Option<i64>, NotifyError> {
        let read = self.0.get_filled(name).map(amount::parse_fen).transpose();
        read.map_err(|_| NotifyError::FieldInvalid(name))
    }

    fn time(&self, name: &'static str) -> Result<Option<i64>, NotifyError> {
        let read = self.0.get_filled(name).map(time::parse_us).transpose();
        read.map_err(|_| NotifyError::FieldInvalid(name))
    }
}

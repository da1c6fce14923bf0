//! Verified callbacks: raw bytes in, findings out; nothing here can be told to skip verification.

use super::Credentials;
use tk_domain::report::{PaidEvidence, PaymentFinding, RefundFinding, Unclear};
use tk_formats::alipay::notify::{self, Notice, Notification, NotifyError, TradeNotice, TradeStatus};
use tk_formats::alipay::params::ParamsError;
use tk_formats::alipay::{Charset, keys, response};
use tk_money::Amount;

const FORM: &str = "application/x-www-form-urlencoded";
/// The answer that ends the resending; anything else makes Alipay send it again.
pub const ACK: &str = notify::ACK;

/// A verified callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackFinding {
    /// The application it is for, which may not be ours.
    pub app_id: String,
    /// Alipay's number of the message; it may repeat.
    pub notify_id: String,
    /// The payee it names.
    pub seller_id: Option<String>,
    /// What it is about.
    pub about: About,
}

/// What a callback is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// An order.
    Trade {
        /// Our order number as Alipay knows it; nothing says that we have it.
        out_trade_no: String,
        /// What it says about the attempt of that number.
        payment: PaymentFinding,
        /// The refund it follows, if it follows one.
        refund: Option<RefundHint>,
    },
    /// A genuine message about something not kept here; it is acknowledged and changes nothing.
    Other {
        /// `notify_type` or `msg_method`.
        name: String,
    },
}

/// A refund that a callback names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundHint {
    /// The refund's number.
    pub out_no: String,
    /// What is proven: nothing, because `refund_fee` adds up all refunds of the order; ask.
    pub finding: Option<RefundFinding>,
}

/// Why a callback is turned away; the channel gets no acknowledgement and nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackRefusal {
    /// No, another or a wrong signature.
    #[error("the callback's signature is missing or wrong")]
    SignatureInvalid,
    /// Not a form, or a field that cannot be read.
    #[error("the callback cannot be read: {0}")]
    Malformed(String),
    /// Larger than any genuine message.
    #[error("the callback is too large")]
    TooLarge,
}

impl CallbackRefusal {
    /// The code on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignatureInvalid => "callback_signature_invalid",
            Self::Malformed(_) => "callback_malformed",
            Self::TooLarge => "body_too_large",
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::SignatureInvalid => 401,
            Self::Malformed(_) => 400,
            Self::TooLarge => 413,
        }
    }
}

/// Verifies a posted form against the contract's platform keys and reads it.
pub fn verify(
    body: &[u8],
    content_type: Option<&str>,
    credentials: &Credentials,
) -> Result<CallbackFinding, CallbackRefusal> {
    let charset = charset_of(body, content_type)?;
    let mut refusal = CallbackRefusal::SignatureInvalid;
    for key in platform_keys(&credentials.platform) {
        match notify::decode(body, charset, key) {
            Ok(notification) => return Ok(read(notification, credentials)),
            Err(error) => refusal = refused(&error),
        }
        if refusal != CallbackRefusal::SignatureInvalid {
            break;
        }
    }
    Err(refusal)
}

fn platform_keys(keys: &response::PlatformKeys) -> Vec<&keys::VerifyingKey> {
    match keys {
        response::PlatformKeys::PublicKey(key) => vec![key],
        response::PlatformKeys::Certificates(by_serial) => by_serial.values().collect(),
    }
}

/// The form's own `charset` decides; the header does where the form names none.
fn charset_of(body: &[u8], content_type: Option<&str>) -> Result<Option<Charset>, CallbackRefusal> {
    let Some(content_type) = content_type else { return Ok(None) };
    let media = content_type.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case(FORM) {
        return Err(CallbackRefusal::Malformed("it is not a form".to_owned()));
    }
    if body.split(|byte| *byte == b'&').any(|pair| pair.starts_with(b"charset=")) {
        return Ok(None);
    }
    let charset = response::charset_of_content_type(content_type);
    charset.map(Some).map_err(|error| CallbackRefusal::Malformed(error.to_string()))
}

fn refused(error: &NotifyError) -> CallbackRefusal {
    match error {
        NotifyError::SignatureMissing | NotifyError::SignTypeRefused | NotifyError::Signature(_) => {
            CallbackRefusal::SignatureInvalid
        }
        NotifyError::Params(ParamsError::TooLarge) => CallbackRefusal::TooLarge,
        // Never the text of a parameter: it may hold the payer's data.
        NotifyError::Params(ParamsError::Duplicate(_)) => {
            CallbackRefusal::Malformed("a field occurs twice".to_owned())
        }
        NotifyError::Params(_)
        | NotifyError::Charset(_)
        | NotifyError::FieldMissing(_)
        | NotifyError::FieldInvalid(_) => CallbackRefusal::Malformed(error.to_string()),
    }
}

fn read(notification: Notification, credentials: &Credentials) -> CallbackFinding {
    let app_id = notification.app_id;
    let (seller_id, about) = match notification.notice {
        Notice::Trade(trade) => {
            let payment = finding(&trade, &app_id, credentials);
            let refund = trade.out_biz_no.map(|out_no| RefundHint { out_no, finding: None });
            (trade.seller_id, About::Trade { out_trade_no: trade.out_trade_no, payment, refund })
        }
        Notice::Message(message) => (None, About::Other { name: message.msg_method }),
        Notice::Other { notify_type } => (None, About::Other { name: notify_type }),
    };
    CallbackFinding { app_id, notify_id: notification.notify_id, seller_id, about }
}

/// A success carries whom it names and is compared by the decision; anything else counts only if it is ours.
fn finding(trade: &TradeNotice, app_id: &str, credentials: &Credentials) -> PaymentFinding {
    let settings = &credentials.settings;
    let ours = app_id == settings.app_id
        && trade.seller_id.as_ref().is_none_or(|seller| *seller == settings.seller_id);
    let was_paid = trade.gmt_payment_us.is_some() || trade.refund_fee_fen.is_some_and(|fen| fen > 0);
    match trade.trade_status {
        TradeStatus::Success | TradeStatus::Finished => PaymentFinding::Paid(PaidEvidence {
            channel_txn_no: trade.trade_no.clone(),
            amount: Amount::fen(trade.total_amount_fen),
            payee_app: Some(app_id.to_owned()),
            payee_merchant: trade.seller_id.clone(),
            paid_at_us: trade.gmt_payment_us,
        }),
        TradeStatus::WaitBuyerPay if ours => PaymentFinding::WaitingPayer,
        TradeStatus::Closed if ours && !was_paid => PaymentFinding::Closed,
        TradeStatus::WaitBuyerPay | TradeStatus::Closed => PaymentFinding::Unclear(Unclear::UnknownCode),
    }
}

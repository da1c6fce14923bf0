//! Verified callbacks: raw bytes in, findings out; nothing here can be told to skip verification.

use super::{Credentials, Settings};
use crate::callback::{About, CallbackFinding, CallbackRefusal, RawCallback, RefundHint};
use tk_domain::report::{PaidEvidence, PaymentFinding, Unclear};
use tk_formats::alipay::notify::{
    self, MessageNotice, Notice, Notification, NotifyError, TradeNotice, TradeStatus,
};
use tk_formats::alipay::params::ParamsError;
use tk_formats::alipay::{Charset, keys, response};
use tk_money::Amount;

const FORM: &str = "application/x-www-form-urlencoded";
/// The message that a split was carried out (交易分账结果通知).
const SETTLED: &str = "alipay.trade.order.settle.notify";
/// The answer that ends the resending; anything else makes Alipay send it again.
pub const ACK: &str = notify::ACK;

/// Verifies a posted form against the contract's platform keys and reads it.
pub fn verify(
    callback: RawCallback<'_>,
    credentials: &Credentials,
) -> Result<CallbackFinding, CallbackRefusal> {
    let body = callback.body;
    let charset = charset_of(body, callback.headers.get("content-type"))?;
    let mut refusal = CallbackRefusal::SignatureInvalid;
    for key in platform_keys(&credentials.platform) {
        match notify::decode(body, charset, key) {
            Ok(notification) => return Ok(read(notification, &credentials.settings)),
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

/// What a verified notification says.
pub fn read(notification: Notification, settings: &Settings) -> CallbackFinding {
    let app_id = named_app(&notification, settings);
    let (payee_merchant, about) = match notification.notice {
        Notice::Trade(trade) => {
            let payment = finding(&trade, &app_id, settings);
            let refund = trade.out_biz_no.map(|out_no| RefundHint { out_no, finding: None });
            (trade.seller_id, About::Order { out_no: trade.out_trade_no, payment, refund })
        }
        Notice::Message(message) => (None, about(message)),
        Notice::Other { notify_type } => (None, About::Other { name: notify_type }),
    };
    CallbackFinding { message_id: notification.notify_id, payee_app: Some(app_id), payee_merchant, about }
}

/// What a message of the platform is about. The result of a split (`alipay.trade.order.settle.notify`) names its request; one
/// that does not, such as a release when its time was over, is nothing of ours.
fn about(message: MessageNotice) -> About {
    let number = message.biz_content.get("out_request_no").and_then(serde_json::Value::as_str);
    match number.filter(|_| message.msg_method == SETTLED) {
        Some(out_no) => About::Division { out_no: out_no.to_owned() },
        None => About::Other { name: message.msg_method },
    }
}

/// The application that a notification names: the one that sent the order, unless another than ours stands behind
/// it (`auth_app_id`), which is then as good as another payee.
fn named_app(notification: &Notification, settings: &Settings) -> String {
    let behind = settings.auth_app_id.as_ref().unwrap_or(&settings.app_id);
    let other = notification.params.get_filled("auth_app_id").filter(|named| named != behind);
    other.map_or_else(|| notification.app_id.clone(), str::to_owned)
}

/// A success carries whom it names and is compared by the decision; anything else counts only if it is ours.
pub fn finding(trade: &TradeNotice, app_id: &str, settings: &Settings) -> PaymentFinding {
    let ours = app_id == settings.app_id
        && trade.seller_id.as_ref().is_none_or(|seller| *seller == settings.seller_id);
    let was_paid = trade.gmt_payment_us.is_some() || trade.refund_fee_fen.is_some_and(|fen| fen > 0);
    match trade.trade_status {
        TradeStatus::Success | TradeStatus::Finished => PaymentFinding::Paid(PaidEvidence {
            channel_txn_no: trade.trade_no.clone(),
            amount: Amount::fen(trade.total_amount_fen),
            payee_app: Some(app_id.to_owned()),
            payee_merchant: trade.seller_id.clone(),
            borne: super::report::borne(
                trade.total_amount_fen,
                (trade.buyer_pay_amount_fen, trade.receipt_amount_fen),
            ),
            paid_at_us: trade.gmt_payment_us,
        }),
        TradeStatus::WaitBuyerPay if ours => PaymentFinding::WaitingPayer,
        TradeStatus::Closed if ours && !was_paid => PaymentFinding::Closed,
        TradeStatus::WaitBuyerPay | TradeStatus::Closed => PaymentFinding::Unclear(Unclear::UnknownCode),
    }
}

//! Notifications: verified first, then read as a finding.

use super::{Credentials, Settings, agreement, report};
use crate::callback::{About, CallbackFinding, CallbackRefusal, RawCallback, RefundHint};
use tk_domain::instruction::InstructionKind;
use tk_domain::report::{PaymentFinding, Unclear};
use tk_formats::form::{BODY_MAX_BYTES, ParamsError};
pub use tk_formats::unionpay::notify::ACK;
use tk_formats::unionpay::notify::{self, Notification, NotifyError};
use tk_formats::unionpay::trust::TrustError;

/// Verifies a callback with the contract's roots or key and reads it.
pub fn verify(
    callback: RawCallback<'_>,
    credentials: &Credentials,
) -> Result<CallbackFinding, CallbackRefusal> {
    if callback.body.len() > BODY_MAX_BYTES {
        return Err(CallbackRefusal::TooLarge);
    }
    let notification = notify::decode(callback.body, &credentials.verifier, callback.received_at_us)
        .map_err(|error| refusal(&error))?;
    Ok(read(&notification, &credentials.settings))
}

fn refusal(error: &NotifyError) -> CallbackRefusal {
    match error {
        NotifyError::Params(ParamsError::TooLarge) => CallbackRefusal::TooLarge,
        NotifyError::Trust(
            TrustError::Certificate(_)
            | TrustError::NameForeign
            | TrustError::Key(_)
            | TrustError::CertificateMissing,
        ) => CallbackRefusal::CertificateUntrusted,
        NotifyError::Trust(
            TrustError::SignatureMissing | TrustError::MethodRefused | TrustError::Signature(_),
        ) => CallbackRefusal::SignatureInvalid,
        NotifyError::Params(_) | NotifyError::Charset(_) | NotifyError::Field(_) => {
            CallbackRefusal::Malformed(error.to_string())
        }
    }
}

/// What a verified notification says.
pub fn read(notification: &Notification, settings: &Settings) -> CallbackFinding {
    let message = &notification.message;
    let ours = message.mer_id.as_deref() == Some(settings.mer_id.as_str())
        && message.payee().map(String::as_str) == Some(settings.payee());
    let about = match notification.txn_type.as_str() {
        "01" => About::Order {
            out_no: notification.order_id.clone(),
            payment: payment(notification, ours),
            refund: None,
        },
        "04" | "31" => {
            let refund = RefundHint {
                out_no: notification.order_id.clone(),
                // A refund is taken only from a message about our own merchant number.
                finding: ours.then(|| refund(notification)),
            };
            About::Refund { out_no: message.orig_qry_id.clone().unwrap_or_default(), refund }
        }
        // A card counts only if it was opened for us.
        "79" => About::Card {
            order_no: notification.order_id.clone(),
            card: agreement::card_of(message).filter(|_| ours),
        },
        other => About::Other { name: other.to_owned() },
    };
    CallbackFinding {
        message_id: message.query_id.clone().unwrap_or_else(|| notification.order_id.clone()),
        payee_app: message.mer_id.clone(),
        payee_merchant: message.payee().cloned(),
        about,
    }
}

/// A success carries whom it names and is compared by the decision; anything else counts only if it is ours.
fn payment(notification: &Notification, ours: bool) -> PaymentFinding {
    let message = &notification.message;
    match message.resp_code.as_str() {
        "00" | "A6" => report::paid(message),
        code if ours => report::payment_verdict(InstructionKind::Pay, code, &message.resp_msg),
        _ => PaymentFinding::Unclear(Unclear::UnknownCode),
    }
}

fn refund(notification: &Notification) -> tk_domain::report::RefundFinding {
    let message = &notification.message;
    match message.resp_code.as_str() {
        "00" | "A6" => report::given_back(message),
        code => report::refund_verdict(InstructionKind::Refund, code, &message.resp_msg),
    }
}

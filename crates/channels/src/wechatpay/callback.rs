//! Verified callbacks: headers and raw bytes in, findings out; nothing here can be told to skip verification.

use super::order::{parse_order, parse_refund};
use super::sharing::parse_moved;
use super::{Credentials, Settings, report};
use crate::callback::{About, CallbackFinding, CallbackRefusal, RawCallback, RefundHint, Reply};
use serde_json::json;
use tk_domain::report::PaymentFinding;
use tk_formats::wechatpay::callback::{self, CallbackError, Notice};
use tk_formats::wechatpay::signature::{SignatureHeaders, VerifyError};

/// Verifies a callback against the contract's platform keys, opens it and reads it.
pub fn verify(raw: RawCallback<'_>, credentials: &Credentials) -> Result<CallbackFinding, CallbackRefusal> {
    let keys = credentials.platform.keys();
    let headers =
        SignatureHeaders::from_lookup(|name| raw.headers.get(name)).map_err(|error| unverified(&error))?;
    let notice = callback::decode(&headers, raw.body, &keys, &credentials.api_v3_key, raw.received_at_us)
        .map_err(|error| refused(&error))?;
    read(&notice, &credentials.settings)
}

fn refused(error: &CallbackError) -> CallbackRefusal {
    match error {
        CallbackError::TooLarge => CallbackRefusal::TooLarge,
        CallbackError::Verify(error) => unverified(error),
        CallbackError::Malformed(_) => CallbackRefusal::Malformed(error.to_string()),
        // Signed by WeChat for somebody else: as good as not signed for us.
        CallbackError::Sealed(_) => CallbackRefusal::SignatureInvalid,
    }
}

const fn unverified(error: &VerifyError) -> CallbackRefusal {
    match error {
        VerifyError::TimestampOff => CallbackRefusal::Expired,
        VerifyError::Missing(_)
        | VerifyError::TypeRefused
        | VerifyError::Probe
        | VerifyError::TimestampInvalid
        | VerifyError::SerialUnknown(_)
        | VerifyError::OutsideValidity(_)
        | VerifyError::Signature(_) => CallbackRefusal::SignatureInvalid,
    }
}

/// What a verified and opened notice says; a refund is proven only by a message about our own merchant number.
pub fn read(notice: &Notice, settings: &Settings) -> Result<CallbackFinding, CallbackRefusal> {
    let message_id = notice.id.clone();
    let malformed = |error: &dyn std::fmt::Display| CallbackRefusal::Malformed(error.to_string());
    let refund_told = notice.event_type.starts_with("REFUND.");
    match notice.original_type.as_str() {
        "transaction" => {
            let order = parse_order(&notice.resource).map_err(|error| malformed(&error))?;
            let (payee_app, payee_merchant) = (order.appid.clone(), order.payee().cloned());
            let payment: PaymentFinding = report::finding(&order);
            let about = About::Order { out_no: order.out_trade_no, payment, refund: None };
            Ok(CallbackFinding { message_id, payee_app, payee_merchant, about })
        }
        "refund" if refund_told => {
            let refund = parse_refund(&notice.resource).map_err(|error| malformed(&error))?;
            let payee = refund.sub_mchid.as_ref().or(refund.mchid.as_ref());
            let ours = payee.map(String::as_str) == Some(settings.payee());
            // It does not say what left the merchant: where coupons were used, the question that follows does.
            let finding = (ours && !report::had_coupons(&refund)).then(|| report::refund_finding(&refund));
            let hint = RefundHint { out_no: refund.out_refund_no.clone(), finding };
            let about = About::Refund { out_no: refund.out_trade_no, refund: hint };
            let payee_merchant = refund.sub_mchid.or(refund.mchid);
            Ok(CallbackFinding { message_id, payee_app: None, payee_merchant, about })
        }
        "profitsharing" => {
            let moved = parse_moved(&notice.resource).map_err(|error| malformed(&error))?;
            let about = About::Division { out_no: moved.out_order_no };
            let payee_merchant = moved.sub_mchid.or(moved.mchid);
            Ok(CallbackFinding { message_id, payee_app: None, payee_merchant, about })
        }
        _ => {
            let about = About::Other { name: notice.event_type.clone() };
            Ok(CallbackFinding { message_id, payee_app: None, payee_merchant: None, about })
        }
    }
}

/// The answer that ends the resending: a success without a body (wechatpay.md section 5).
pub fn acknowledgement() -> Reply {
    Reply { status: 204, content_type: "application/json", body: "".into() }
}

/// The answer to what is turned away; anything but a success makes WeChat send it again.
pub fn rejection(refusal: &CallbackRefusal) -> Reply {
    let body = json!({ "code": "FAIL", "message": refusal.code() }).to_string();
    Reply { status: refusal.status(), content_type: "application/json", body: body.into() }
}

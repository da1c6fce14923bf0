//! Notifications: a signed form posted to `backUrl`, and the same form brought to `frontUrl` by the browser.

use super::message::{FieldError, Message};
use super::reply::signed;
use super::sign::{SignError, Signer, charset_of};
use super::trust::{TrustError, Verifier};
use crate::charset::{Charset, CharsetError};
use crate::form::{BODY_MAX_BYTES, Params, ParamsError, encode_urlencoded, find_encoded, parse_urlencoded};

/// The body that acknowledges a notification; only the status 200 counts (unionpay.md §7).
pub const ACK: &str = "ok";

/// Why a notification was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// The form itself is refused; a duplicate field is `ParamsError::Duplicate`.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The charset is unknown, or the bytes do not fit the one they declare.
    #[error(transparent)]
    Charset(#[from] CharsetError),
    /// The signature or its certificate is not believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A field is missing or invalid.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// A verified notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Our number.
    pub order_id: String,
    /// Our time, part of the order's key, UTC microseconds.
    pub txn_time_us: i64,
    /// What kind of trade it is about (unionpay.md §5).
    pub txn_type: String,
    /// Every field.
    pub message: Message,
}

/// Verifies and reads a posted form in the charset its `encoding` field names.
pub fn decode(bytes: &[u8], verifier: &Verifier, at_us: i64) -> Result<Notification, NotifyError> {
    if bytes.len() > BODY_MAX_BYTES {
        return Err(ParamsError::TooLarge.into());
    }
    let charset = find_encoded(bytes, "encoding")?.map_or(Ok(Charset::Utf8), |name| Charset::parse(&name))?;
    let params = parse_urlencoded(bytes, charset)?;
    if charset_of(&params)? != charset {
        return Err(CharsetError::Unknown.into());
    }
    verifier.verify(&params, charset, at_us)?;
    let message = Message::read(params)?;
    Ok(Notification {
        order_id: message.order_id.clone().ok_or(FieldError::Missing("orderId"))?,
        txn_time_us: message.txn_time_us.ok_or(FieldError::Missing("txnTime"))?,
        txn_type: message.txn_type.clone().ok_or(FieldError::Missing("txnType"))?,
        message,
    })
}

/// Signs the fields in their order and writes the form, for the simulator.
pub fn encode(fields: &Params, signer: &Signer, certificate_pem: Option<&str>) -> Result<Vec<u8>, SignError> {
    let sealed = signed(fields, signer, certificate_pem)?;
    Ok(encode_urlencoded(&sealed, charset_of(&sealed)?)?.into_bytes())
}

/// Signs the fields and gives the pairs of a form for the payer's browser, for the simulator's front page.
pub fn encode_pairs(
    fields: &Params,
    signer: &Signer,
    certificate_pem: Option<&str>,
) -> Result<Params, SignError> {
    signed(fields, signer, certificate_pem)
}

//! Callbacks: verified over the raw body, then opened with the APIv3 key (wechatpay.md §5).

use serde_json::{Map, Value, json};

use super::aead::{AeadError, ApiV3Key};
use super::signature::{PlatformKeys, SignatureHeaders, VerifyError};
use super::time;
use crate::alipay::json;

/// The longest body read, bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;

/// A verified and opened callback.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The number of the message; a repetition has the same.
    pub id: String,
    /// When it was made, Unix microseconds.
    pub created_at_us: i64,
    /// Such as `TRANSACTION.SUCCESS` or `REFUND.CLOSED`.
    pub event_type: String,
    /// What was sealed, such as `transaction` or `refund`.
    pub original_type: String,
    /// The opened object.
    pub resource: Map<String, Value>,
}

/// Why a callback is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Longer than [`BODY_MAX_BYTES`].
    #[error("the callback is larger than {BODY_MAX_BYTES} bytes")]
    TooLarge,
    /// Not signed by the platform, or not now.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Signed, and yet not of the documented shape.
    #[error("the callback cannot be read: {0}")]
    Malformed(&'static str),
    /// Signed, and yet not sealed for this merchant.
    #[error(transparent)]
    Sealed(#[from] AeadError),
}

/// Verifies a body by its headers and opens it.
pub fn decode(
    headers: &SignatureHeaders<'_>,
    body: &[u8],
    keys: &PlatformKeys,
    secret: &ApiV3Key,
    now_us: i64,
) -> Result<Notice, CallbackError> {
    if body.len() > BODY_MAX_BYTES {
        return Err(CallbackError::TooLarge);
    }
    headers.verify(body, keys, now_us)?;
    open(body, secret)
}

fn open(body: &[u8], secret: &ApiV3Key) -> Result<Notice, CallbackError> {
    let text = std::str::from_utf8(body).map_err(|_| CallbackError::Malformed("not UTF-8"))?;
    let object = json::parse_object(text).map_err(|_| CallbackError::Malformed("not a JSON object"))?;
    let field = |name: &'static str| {
        let value = object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        value.ok_or(CallbackError::Malformed(name))
    };
    if field("resource_type")? != "encrypt-resource" {
        return Err(CallbackError::Malformed("resource_type"));
    }
    let sealed =
        object.get("resource").and_then(Value::as_object).ok_or(CallbackError::Malformed("resource"))?;
    let plain = String::from_utf8(secret.open(sealed)?).map_err(|_| CallbackError::Malformed("resource"))?;
    let original = sealed.get("original_type").and_then(Value::as_str);
    Ok(Notice {
        id: field("id")?.to_owned(),
        created_at_us: time::parse_us(field("create_time")?)
            .map_err(|_| CallbackError::Malformed("create_time"))?,
        event_type: field("event_type")?.to_owned(),
        original_type: original.unwrap_or_default().to_owned(),
        resource: json::parse_object(&plain).map_err(|_| CallbackError::Malformed("resource"))?,
    })
}

/// Writes a body, for the simulator; it is signed by [`super::signature::sign`]. The nonce has 12 bytes.
pub fn encode(
    notice: &Notice,
    summary: &str,
    secret: &ApiV3Key,
    nonce: &str,
) -> Result<String, CallbackError> {
    let plain = Value::Object(notice.resource.clone()).to_string();
    let mut sealed = secret.seal(plain.as_bytes(), nonce, &notice.original_type)?;
    sealed["original_type"] = Value::from(notice.original_type.as_str());
    let created =
        time::format_us(notice.created_at_us).map_err(|_| CallbackError::Malformed("create_time"))?;
    Ok(json!({
        "id": notice.id,
        "create_time": created,
        "resource_type": "encrypt-resource",
        "event_type": notice.event_type,
        "summary": summary,
        "resource": sealed,
    })
    .to_string())
}

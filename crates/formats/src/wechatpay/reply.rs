//! Replies: what succeeded is signed; a refusal is not, and has a code (wechatpay.md §1 and §4).

use serde_json::{Map, Value};

use super::signature::{PlatformKeys, SignatureHeaders, VerifyError};
use crate::alipay::json;

/// The longest body read, bytes.
pub const BODY_MAX_BYTES: usize = 1024 * 1024;
/// The longest code and message kept, bytes.
const CODE_MAX_BYTES: usize = 64;
const MESSAGE_MAX_CHARS: usize = 256;

/// A reply read.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// 2xx, verified: the object; empty where there is no body (204).
    Done {
        /// 200, 202 or 204.
        status: u16,
        /// The fields.
        fields: Map<String, Value>,
    },
    /// Another status with a code; nobody signed it, TLS alone stands behind it.
    Refused(Refusal),
}

/// A refusal as the platform words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Such as `ORDER_NOT_EXIST`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Why no reply came out of status, headers and body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Longer than [`BODY_MAX_BYTES`].
    #[error("the reply is larger than {BODY_MAX_BYTES} bytes")]
    TooLarge,
    /// A success that the platform did not sign, or not now.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// No JSON object with unique keys (an HTML page, for example).
    #[error("the reply is not a JSON object with unique keys")]
    NotJson,
    /// A refusal without a code.
    #[error("the refusal has no code")]
    CodeMissing,
}

/// Verifies and reads a reply; `headers` tells whether it carries a signature at all.
pub fn decode(
    status: u16,
    headers: Result<SignatureHeaders<'_>, VerifyError>,
    body: &[u8],
    keys: &PlatformKeys,
    now_us: i64,
) -> Result<Reply, ReplyError> {
    if body.len() > BODY_MAX_BYTES {
        return Err(ReplyError::TooLarge);
    }
    if (200..300).contains(&status) {
        headers?.verify(body, keys, now_us)?;
        let fields = if body.is_empty() { Map::new() } else { object(body)? };
        return Ok(Reply::Done { status, fields });
    }
    // Where a refusal is signed, a wrong signature counts as one.
    if let Ok(headers) = headers {
        headers.verify(body, keys, now_us)?;
    }
    read_refusal(status, body).map(Reply::Refused)
}

/// Reads the code and message of a body that is no success.
pub fn read_refusal(status: u16, body: &[u8]) -> Result<Refusal, ReplyError> {
    if body.len() > BODY_MAX_BYTES {
        return Err(ReplyError::TooLarge);
    }
    let object = object(body)?;
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let code = text("code");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if code.is_empty() || code.len() > CODE_MAX_BYTES || !code.bytes().all(plain) {
        return Err(ReplyError::CodeMissing);
    }
    let message = text("message").chars().take(MESSAGE_MAX_CHARS).collect();
    Ok(Refusal { status, code: code.to_owned(), message })
}

fn object(body: &[u8]) -> Result<Map<String, Value>, ReplyError> {
    let text = std::str::from_utf8(body).map_err(|_| ReplyError::NotJson)?;
    json::parse_object(text).map_err(|_| ReplyError::NotJson)
}

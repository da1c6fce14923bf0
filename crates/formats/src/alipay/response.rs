//! Synchronous answers of the gateway: `{"<method>_response":{…},"alipay_cert_sn":"…","sign":"…"}`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use super::json::{self, Member};
use crate::charset::{Charset, CharsetError};
use crate::keys::{SignatureError, SigningKey, VerifyingKey};

/// The longest response body read, in bytes.
pub const BODY_MAX_BYTES: usize = 4 * 1024 * 1024;

const ERROR_NODE: &str = "error_response";

/// The platform keys an answer may be signed with.
#[derive(Debug, Clone)]
pub enum PlatformKeys {
    /// Public key mode: one configured key.
    PublicKey(VerifyingKey),
    /// Certificate mode: keys of checked platform certificates by serial (`alipay_cert_sn`).
    Certificates(BTreeMap<String, VerifyingKey>),
}

/// A verified answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The gateway code, such as `10000`.
    pub code: String,
    /// The gateway message.
    pub msg: String,
    /// The business code, such as `ACQ.TRADE_NOT_EXIST`.
    pub sub_code: Option<String>,
    /// The business message.
    pub sub_msg: Option<String>,
    /// The whole verified node, codes included.
    pub node: Map<String, Value>,
}

/// Why no verified answer came out of a body.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ResponseError {
    /// The body is longer than [`BODY_MAX_BYTES`].
    #[error("response is larger than {BODY_MAX_BYTES} bytes")]
    TooLarge,
    /// The bytes do not fit the charset.
    #[error(transparent)]
    Charset(#[from] CharsetError),
    /// The body is not a JSON object with unique keys (an HTML page, for example).
    #[error("response is not a JSON object with unique keys")]
    NotJson,
    /// Neither the method's node nor `error_response` is there, or both are.
    #[error("response has no single node for the method")]
    NodeMissing,
    /// The node is not an object (encrypted content, for example) or has no text `code`.
    #[error("response node is not an answer object")]
    NodeInvalid,
    /// The gateway answered with an error and signed nothing; this is evidence of nothing.
    #[error("unsigned gateway error {code} {sub_code:?}")]
    UnsignedError {
        /// The gateway code claimed.
        code: String,
        /// The gateway message claimed.
        msg: String,
        /// The business code claimed.
        sub_code: Option<String>,
        /// The business message claimed.
        sub_msg: Option<String>,
    },
    /// A node that claims to have done something carries no signature.
    #[error("response is not signed")]
    SignatureMissing,
    /// The signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Certificate mode, and the response names no certificate.
    #[error("response names no platform certificate")]
    CertificateMissing,
    /// Certificate mode, and the named certificate is not among those configured.
    #[error("platform certificate {0} is not known")]
    CertificateUnknown(String),
}

/// Verifies the raw bytes of the node and then reads it.
pub fn decode(
    method: &str,
    http_body: &[u8],
    charset: Charset,
    keys: &PlatformKeys,
) -> Result<Answer, ResponseError> {
    if http_body.len() > BODY_MAX_BYTES {
        return Err(ResponseError::TooLarge);
    }
    // The whole body must be valid text before byte positions in it mean anything.
    charset.decode(http_body)?;
    let members = json::top_members(http_body, charset).map_err(|_| ResponseError::NotJson)?;
    let range = find_node(&members, &node_name(method))?;
    let raw = slice(http_body, range);
    let text = charset.decode(raw)?;
    let node = read_node(&text)?;
    match member_text(&members, http_body, "sign")?.filter(|sign| !sign.is_empty()) {
        Some(sign) => {
            pick_key(keys, &members, http_body)?.verify(raw, &sign)?;
            to_answer(node)
        }
        None => Err(unsigned(node)),
    }
}

/// Writes a signed answer the way the gateway does, for the simulator.
pub fn encode(
    method: &str,
    node: &Value,
    key: &SigningKey,
    cert_sn: Option<&str>,
    charset: Charset,
) -> Result<Vec<u8>, ResponseError> {
    let text = node.to_string();
    let raw = charset.encode(&text)?;
    let sign = key.sign(&raw)?;
    let mut body = format!("{{\"{}\":", node_name(method)).into_bytes();
    body.extend_from_slice(&raw);
    if let Some(serial) = cert_sn {
        body.extend_from_slice(format!(",\"alipay_cert_sn\":{}", Value::from(serial)).as_bytes());
    }
    body.extend_from_slice(format!(",\"sign\":\"{sign}\"}}").as_bytes());
    Ok(body)
}

/// Writes an unsigned `error_response`, as the gateway does before it knows the application, for the simulator.
pub fn encode_unsigned_error(node: &Value, charset: Charset) -> Result<Vec<u8>, ResponseError> {
    Ok(charset.encode(&format!("{{\"{ERROR_NODE}\":{node}}}"))?.into_owned())
}

/// The name of the node that answers a method: dots become underscores, `_response` follows.
pub fn node_name(method: &str) -> String {
    format!("{}_response", method.replace('.', "_"))
}

fn find_node(members: &[Member<'_>], name: &str) -> Result<Range<usize>, ResponseError> {
    let mut nodes =
        members.iter().filter(|member| member.key == name.as_bytes() || member.key == ERROR_NODE.as_bytes());
    match (nodes.next(), nodes.next()) {
        (Some(only), None) => Ok(only.value.clone()),
        (None | Some(_), _) => Err(ResponseError::NodeMissing),
    }
}

fn slice(body: &[u8], range: Range<usize>) -> &[u8] {
    body.get(range).unwrap_or_default()
}

fn read_node(text: &str) -> Result<Map<String, Value>, ResponseError> {
    if !text.starts_with('{') {
        return Err(ResponseError::NodeInvalid);
    }
    json::parse_object(text).map_err(|_| ResponseError::NotJson)
}

fn member_text(members: &[Member<'_>], body: &[u8], name: &str) -> Result<Option<String>, ResponseError> {
    let Some(member) = members.iter().find(|member| member.key == name.as_bytes()) else { return Ok(None) };
    serde_json::from_slice(slice(body, member.value.clone())).map(Some).map_err(|_| ResponseError::NotJson)
}

fn pick_key<'k>(
    keys: &'k PlatformKeys,
    members: &[Member<'_>],
    body: &[u8],
) -> Result<&'k VerifyingKey, ResponseError> {
    match keys {
        PlatformKeys::PublicKey(key) => Ok(key),
        PlatformKeys::Certificates(by_serial) => {
            let serial = member_text(members, body, "alipay_cert_sn")?
                .filter(|serial| !serial.is_empty())
                .ok_or(ResponseError::CertificateMissing)?;
            by_serial.get(&serial).ok_or(ResponseError::CertificateUnknown(serial))
        }
    }
}

fn to_answer(node: Map<String, Value>) -> Result<Answer, ResponseError> {
    let text = |name: &str| node.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Answer {
        code: text("code").ok_or(ResponseError::NodeInvalid)?,
        msg: text("msg").unwrap_or_default(),
        sub_code: text("sub_code"),
        sub_msg: text("sub_msg"),
        node,
    })
}

fn unsigned(node: Map<String, Value>) -> ResponseError {
    match to_answer(node) {
        Ok(answer) if matches!(answer.code.as_str(), "10000" | "10003") => ResponseError::SignatureMissing,
        Ok(Answer { code, msg, sub_code, sub_msg, node: _ }) => {
            ResponseError::UnsignedError { code, msg, sub_code, sub_msg }
        }
        Err(error) => error,
    }
}

/// Guesses the charset of a body from an HTTP `Content-Type` value, UTF-8 when it names none.
pub fn charset_of_content_type(content_type: &str) -> Result<Charset, CharsetError> {
    let named = content_type.split(';').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| Cow::from(value.trim().trim_matches('"')))
    });
    named.map_or(Ok(Charset::Utf8), |name| Charset::parse(&name))
}

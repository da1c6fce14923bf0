//! Synchronous replies: `name=value&…`, raw, where `&` inside braces or brackets does not separate (unionpay.md §1).

use super::message::{FieldError, Message};
use super::sign::{SignError, Signer, charset_of};
use super::trust::{TrustError, Verifier};
use crate::charset::{Charset, CharsetError};
use crate::form::{Params, ParamsError, find_encoded};

/// The longest reply read, in bytes; settlement files travel inside replies.
pub const BODY_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Why no verified message came out of a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The body is longer than [`BODY_MAX_BYTES`].
    #[error("reply is larger than {BODY_MAX_BYTES} bytes")]
    TooLarge,
    /// The body is empty: the outcome is unknown.
    #[error("reply is empty")]
    Empty,
    /// The bytes do not fit the charset, or it is unknown.
    #[error(transparent)]
    Charset(#[from] CharsetError),
    /// A part is not `name=value`, or a name occurs twice.
    #[error("reply cannot be read: {0}")]
    Params(#[from] ParamsError),
    /// The body is not pairs (an HTML page, for example).
    #[error("reply is not made of pairs")]
    NotPairs,
    /// The signature or its certificate is not believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A field is missing or invalid.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Verifies a reply and reads it.
pub fn decode(body: &[u8], verifier: &Verifier, at_us: i64) -> Result<Message, ReplyError> {
    let (params, charset) = parse(body)?;
    verifier.verify(&params, charset, at_us)?;
    Ok(Message::read(params)?)
}

/// Reads a reply without believing it.
pub fn parse(body: &[u8]) -> Result<(Params, Charset), ReplyError> {
    if body.len() > BODY_MAX_BYTES {
        return Err(ReplyError::TooLarge);
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ReplyError::Empty);
    }
    let charset = find_encoded(body, "encoding")?.map_or(Ok(Charset::Utf8), |name| Charset::parse(&name))?;
    let text = charset.decode(body)?;
    let mut params = Params::new();
    for part in Parts(text.trim_end_matches(['\r', '\n'])) {
        let (name, value) = part.split_once('=').ok_or(ReplyError::NotPairs)?;
        params.insert(name, value)?;
    }
    if charset_of(&params)? == charset { Ok((params, charset)) } else { Err(CharsetError::Unknown.into()) }
}

/// Signs the fields in their order and writes a reply, for the simulator; with `01` the certificate comes along.
pub fn encode(fields: &Params, signer: &Signer, certificate_pem: Option<&str>) -> Result<Vec<u8>, SignError> {
    let sealed = signed(fields, signer, certificate_pem)?;
    let mut out = String::new();
    for (name, value) in sealed.iter() {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
    Ok(charset_of(&sealed)?.encode(&out)?.into_owned())
}

/// The fields with `signMethod`, `signPubKeyCert` and `signature` at their end.
pub(super) fn signed(
    fields: &Params,
    signer: &Signer,
    certificate_pem: Option<&str>,
) -> Result<Params, SignError> {
    let mut sealed = Params::new();
    for (name, value) in fields.iter().filter(|(name, _)| !matches!(*name, "signature" | "signPubKeyCert")) {
        let value = if name == "signMethod" { signer.method().code() } else { value };
        sealed.insert(name, value)?;
    }
    if sealed.get("signMethod").is_none() {
        sealed.insert("signMethod", signer.method().code())?;
    }
    if let (Signer::Certificate { .. }, Some(pem)) = (signer, certificate_pem) {
        sealed.insert("signPubKeyCert", pem)?;
    }
    let signature = signer.signature(&sealed, charset_of(&sealed)?)?;
    sealed.insert("signature", signature)?;
    Ok(sealed)
}

/// The parts between those `&` that stand outside `{…}` and `[…]`; an opened bracket ends at its first partner.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0;
        if rest.is_empty() {
            return None;
        }
        let mut closing = None;
        let mut in_value = false;
        for (at, letter) in rest.char_indices() {
            match (closing, letter) {
                (Some(end), letter) if letter == end => closing = None,
                (None, '=') => in_value = true,
                (None, '{') if in_value => closing = Some('}'),
                (None, '[') if in_value => closing = Some(']'),
                (None, '&') => {
                    let (part, after) = rest.split_at(at);
                    self.0 = after.strip_prefix('&').unwrap_or(after);
                    return Some(part);
                }
                (Some(_) | None, _) => {}
            }
        }
        self.0 = "";
        Some(rest)
    }
}

//! The `Authorization` of requests: made by us, checked by the simulator.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use super::{SCHEME, hex_of};
use crate::keys::{SignatureError, SigningKey, VerifyingKey};

/// The longest header looked at, bytes.
const HEADER_MAX_BYTES: usize = 4 * 1024;

/// What is signed of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method in upper case.
    pub method: &'a str,
    /// Path and query exactly as sent.
    pub target: &'a str,
    /// The body; empty where there is none.
    pub body: &'a str,
}

/// Who signs, when and with which nonce.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// Our merchant number.
    pub mchid: &'a str,
    /// The serial of our certificate, upper-case hexadecimal.
    pub serial_no: &'a str,
    /// The key of that certificate.
    pub key: &'a SigningKey,
    /// Unix seconds.
    pub at_s: i64,
    /// Up to 32 letters and digits, never used twice.
    pub nonce: &'a str,
}

/// An `Authorization` taken apart; nothing in it is proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The merchant number claimed.
    pub mchid: String,
    /// The serial of the certificate claimed.
    pub serial_no: String,
    /// The nonce.
    pub nonce: String,
    /// Unix seconds.
    pub at_s: i64,
    /// Base64.
    pub signature: String,
}

/// Why an `Authorization` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// Another scheme, or a text that is too long.
    #[error("the scheme is not {SCHEME}")]
    SchemeRefused,
    /// A part that is no `name="value"`, or one that comes twice.
    #[error("the authorization is malformed")]
    Malformed,
    /// A part is absent or empty.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// 32 hexadecimal digits that nobody can guess and that never come twice.
pub fn fresh_nonce() -> Result<String, SignatureError> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SignatureError::SigningFailed)?;
    Ok(hex_of(&bytes).to_ascii_uppercase())
}

/// Signs a request (wechatpay.md §1).
pub fn authorize(request: &Request<'_>, signer: &Signer<'_>) -> Result<String, SignatureError> {
    let Signer { mchid, serial_no, key, at_s, nonce } = signer;
    let signature = key.sign(string_to_sign(request, *at_s, nonce).as_bytes())?;
    Ok(format!(
        "{SCHEME} mchid=\"{mchid}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{at_s}\",serial_no=\"{serial_no}\""
    ))
}

/// Takes a header apart; the order of its parts does not matter.
pub fn parse(header: &str) -> Result<Authorization, AuthorizationError> {
    if header.len() > HEADER_MAX_BYTES {
        return Err(AuthorizationError::SchemeRefused);
    }
    let parts = header.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix(' '));
    let parts = parts.ok_or(AuthorizationError::SchemeRefused)?;
    let mut found: [Option<&str>; 5] = [None; 5];
    for part in parts.split(',') {
        let (name, value) = part.trim().split_once('=').ok_or(AuthorizationError::Malformed)?;
        let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let value = value.filter(|text| !text.contains('"')).ok_or(AuthorizationError::Malformed)?;
        let slot = NAMES.iter().position(|known| *known == name).and_then(|at| found.get_mut(at));
        match slot {
            Some(slot @ None) => *slot = Some(value),
            Some(Some(_)) | None => return Err(AuthorizationError::Malformed),
        }
    }
    let filled = |at: usize| {
        let name = NAMES.get(at).copied().unwrap_or_default();
        let value = found.get(at).copied().flatten().filter(|text| !text.is_empty());
        value.ok_or(AuthorizationError::Missing(name))
    };
    Ok(Authorization {
        mchid: filled(0)?.to_owned(),
        serial_no: filled(1)?.to_owned(),
        nonce: filled(2)?.to_owned(),
        at_s: filled(3)?.parse().map_err(|_| AuthorizationError::Malformed)?,
        signature: filled(4)?.to_owned(),
    })
}

impl Authorization {
    /// Whether the signature belongs to this request and key; the caller picked the key by number and serial.
    pub fn verify(&self, request: &Request<'_>, key: &VerifyingKey) -> Result<(), AuthorizationError> {
        let content = string_to_sign(request, self.at_s, &self.nonce);
        key.verify(content.as_bytes(), &self.signature).map_err(AuthorizationError::from)
    }
}

const NAMES: [&str; 5] = ["mchid", "serial_no", "nonce_str", "timestamp", "signature"];

/// The five lines that are signed.
pub fn string_to_sign(request: &Request<'_>, at_s: i64, nonce: &str) -> String {
    let Request { method, target, body } = request;
    format!("{method}\n{target}\n{at_s}\n{nonce}\n{body}\n")
}

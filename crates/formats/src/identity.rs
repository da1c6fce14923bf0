//! The protocol of the identity provider that comes with the simulator: JSON over HTTP, signed both ways.
//!
//! ```text
//! POST /v1/verifications         {request_no, level, name, id_number, card?, phone?, photos, face?}
//! GET  /v1/verifications/{request_no}
//! GET  /v1/liveness/{request_no}?return=…&at=…&nonce=…&signature=…   the payer's browser, for a hosted check
//! answer                         {request_no, result: pass | fail | pending | not_found, reason?}
//! ```
//! `X-Timestamp` (seconds), `X-Nonce` and `X-Signature` = hex HMAC-SHA256 under the shared secret over
//! `who\nmethod or request_no\npath or status\ntimestamp\nnonce\nbody\n`; `who` is `request` or `answer`, so that neither
//! can be sent back as the other.

use crate::form::address_part;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// How far the two clocks may be apart, seconds.
pub const CLOCK_WINDOW_S: i64 = 300;

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Our number of the check; the same again is the same check.
    pub request_no: String,
    /// `real_name` or `face`.
    pub level: String,
    /// The name.
    pub name: String,
    /// The number of the identity document.
    pub id_number: String,
    /// The bank card, if it is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// The telephone, if it is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Photos of the document, base64: front, back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<String>,
    /// The face before the camera, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face: Option<String>,
    /// Whether the payer comes to the provider's own page for his face; until then the check is pending.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hosted: bool,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Our number of the check.
    pub request_no: String,
    /// The outcome.
    pub result: Outcome,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything belongs together.
    Pass,
    /// Something does not.
    Fail,
    /// It is being looked at.
    Pending,
    /// There is no such check.
    NotFound,
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way<'a> {
    /// From us: method and path.
    Request(&'a str, &'a str),
    /// From the provider: the number of the check and the HTTP status.
    Answer(&'a str, u16),
}

/// A message with what signs it.
#[derive(Debug, Clone, Copy)]
pub struct Stamped<'a> {
    /// Which way it goes.
    pub way: Way<'a>,
    /// Unix seconds.
    pub at_s: i64,
    /// Never twice.
    pub nonce: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The signature is absent or another's.
    #[error("the signature does not verify")]
    Signature,
    /// It was made too long ago or too far ahead.
    #[error("the message is not of this time")]
    Time,
}

/// The path and query of the provider's page for a hosted check, without what signs it; `back` is where the browser goes
/// afterwards.
#[must_use]
pub fn liveness_path(request_no: &str, back: &str) -> String {
    format!("/v1/liveness/{request_no}?return={}", address_part(back))
}

/// Bytes as they travel in a message: base64.
#[must_use]
pub fn packed(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The shared secret.
pub struct IdentityKey(hmac::Key);

impl std::fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdentityKey")
    }
}

impl IdentityKey {
    /// The key of a secret.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// The signature of a message, hexadecimal.
    #[must_use]
    pub fn sign(&self, message: &Stamped<'_>) -> String {
        let tag = hmac::sign(&self.0, &signed(message));
        tag.as_ref().iter().fold(String::with_capacity(64), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Verifies a signature and the time of a message.
    pub fn verify(&self, message: &Stamped<'_>, signature: &str, now_s: i64) -> Result<(), IdentityError> {
        let bytes: Option<Vec<u8>> = (0..signature.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(signature.get(at..at.checked_add(2)?)?, 16).ok())
            .collect();
        let bytes = bytes.ok_or(IdentityError::Signature)?;
        hmac::verify(&self.0, &signed(message), &bytes).map_err(|_| IdentityError::Signature)?;
        if message.at_s.abs_diff(now_s) > CLOCK_WINDOW_S.unsigned_abs() {
            return Err(IdentityError::Time);
        }
        Ok(())
    }
}

fn signed(message: &Stamped<'_>) -> Vec<u8> {
    let head = match message.way {
        Way::Request(method, path) => format!("request\n{method}\n{path}\n"),
        Way::Answer(request_no, status) => format!("answer\n{request_no}\n{status}\n"),
    };
    let mut bytes = format!("{head}{}\n{}\n", message.at_s, message.nonce).into_bytes();
    bytes.extend_from_slice(message.body);
    bytes.push(b'\n');
    bytes
}

//! What gets signed, and the three ways of signing it (unionpay.md §3).

use std::fmt;
use std::fmt::Write as _;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use sm3::{Digest as _, Sm3};

use crate::charset::{Charset, CharsetError};
use crate::form::{Params, ParamsError, sorted_pairs};
use crate::keys::{SignatureError, SigningKey, VerifyingKey};

/// `signMethod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignMethod {
    /// `01`: RSA-SHA256 with a certificate.
    Rsa,
    /// `11`: SHA-256 with a shared key.
    Sha256,
    /// `12`: SM3 with a shared key.
    Sm3,
}

impl SignMethod {
    /// Reads the code; any other is nothing.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Rsa, Self::Sha256, Self::Sm3].into_iter().find(|method| method.code() == code)
    }

    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rsa => "01",
            Self::Sha256 => "11",
            Self::Sm3 => "12",
        }
    }
}

/// A hash that signs together with a shared key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SM3.
    Sm3,
}

/// A key both sides share; its `Debug` shows only the hash.
#[derive(Clone)]
pub struct SharedKey {
    hash: Hash,
    /// The lower-case hash of the key, which is all that is ever used of it.
    key_digest: String,
}

impl SharedKey {
    /// Takes the key as text.
    pub fn new(hash: Hash, key: &str) -> Self {
        Self { hash, key_digest: hash.hex(key.as_bytes()) }
    }

    /// The `signMethod` it stands for.
    pub const fn method(&self) -> SignMethod {
        match self.hash {
            Hash::Sha256 => SignMethod::Sha256,
            Hash::Sm3 => SignMethod::Sm3,
        }
    }

    /// The signature of a text: the hash of the text, `&` and the hash of the key.
    pub fn sign(&self, text: &[u8]) -> String {
        self.hash.hex(&[text, b"&", self.key_digest.as_bytes()].concat())
    }

    /// Compares a signature in constant time.
    pub fn verify(&self, text: &[u8], signature: &str) -> Result<(), SignatureError> {
        verify_slices_are_equal(self.sign(text).as_bytes(), signature.as_bytes())
            .map_err(|_| SignatureError::Mismatch)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SharedKey").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Hash {
    fn hex(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha256 => hex(digest(&SHA256, bytes).as_ref()),
            Self::Sm3 => hex(Sm3::digest(bytes).as_ref()),
        }
    }
}

/// What signs the messages of one side.
#[derive(Debug)]
pub enum Signer {
    /// A private key whose certificate the other side knows by its decimal serial.
    Certificate {
        /// The key.
        key: SigningKey,
        /// `certId`.
        cert_id: String,
    },
    /// A shared key.
    Shared(SharedKey),
}

/// Why a message could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A parameter is refused.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// A text does not fit the charset.
    #[error(transparent)]
    Charset(#[from] CharsetError),
    /// The key could not sign.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Signer {
    /// The `signMethod` it stands for.
    pub const fn method(&self) -> SignMethod {
        match self {
            Self::Certificate { .. } => SignMethod::Rsa,
            Self::Shared(key) => key.method(),
        }
    }

    /// The signature of parameters that already name `signMethod` and, for `01`, the certificate.
    pub fn signature(&self, params: &Params, charset: Charset) -> Result<String, SignError> {
        let text = string_to_sign(params);
        let bytes = charset.encode(&text)?;
        match self {
            Self::Certificate { key, .. } => Ok(key.sign(certificate_digest(&bytes).as_bytes())?),
            Self::Shared(key) => Ok(key.sign(&bytes)),
        }
    }
}

/// Every filled parameter but `signature`, sorted by name.
pub fn string_to_sign(params: &Params) -> String {
    sorted_pairs(params, &["signature"])
}

/// What `01` signs: the lower-case hexadecimal SHA-256 of the string, as text.
pub fn certificate_digest(text: &[u8]) -> String {
    Hash::Sha256.hex(text)
}

/// Checks a `01` signature with the key of a certificate that was found trustworthy.
pub fn verify_certificate(
    key: &VerifyingKey,
    params: &Params,
    charset: Charset,
) -> Result<(), SignatureError> {
    let text = string_to_sign(params);
    let bytes = charset.encode(&text).map_err(|_| SignatureError::Mismatch)?;
    let signature = params.get("signature").unwrap_or_default();
    key.verify(certificate_digest(&bytes).as_bytes(), signature)
}

/// The charset that `encoding` names; UTF-8 when it is absent.
pub fn charset_of(params: &Params) -> Result<Charset, CharsetError> {
    params.get_filled("encoding").map_or(Ok(Charset::Utf8), Charset::parse)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

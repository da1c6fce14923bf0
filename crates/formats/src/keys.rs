//! RSA-SHA256 (PKCS#1 v1.5) keys, parsed once and then shared.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaParameters,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The shortest RSA modulus accepted, in bytes (2048 bits).
const MODULUS_MIN_BYTES: usize = 256;
/// The same bound in bits.
const MODULUS_MIN_BITS: u32 = 2048;
/// The longest base64 signature looked at, in bytes (an 8192-bit key gives 1368).
const SIGNATURE_MAX_CHARS: usize = 1368;
/// The longest PEM text looked at, in bytes.
const PEM_MAX_BYTES: usize = 64 * 1024;

/// Why a key could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is longer than a key can be.
    #[error("key text is too long")]
    TooLong,
    /// The text is not one PEM block.
    #[error("key is not valid PEM")]
    NotPem,
    /// The PEM block carries another kind of object than the one asked for.
    #[error("PEM block {0:?} is not usable here")]
    WrongLabel(String),
    /// The key is not RSA or its encoding is broken.
    #[error("key is not a valid RSA key")]
    NotRsa,
    /// The modulus is shorter than 2048 bits.
    #[error("RSA key is shorter than 2048 bits")]
    TooShort,
    /// The certificate does not parse.
    #[error("certificate does not parse")]
    NotCertificate,
}

/// Why a signature was not made or not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The signature is not standard base64 of a plausible length.
    #[error("signature is not valid base64")]
    NotBase64,
    /// The signature does not belong to these bytes and this key.
    #[error("signature does not match")]
    Mismatch,
    /// The key could not sign.
    #[error("signing failed")]
    SigningFailed,
}

/// A private RSA key that signs; its `Debug` shows only the modulus length.
pub struct SigningKey {
    pair: KeyPair,
}

impl SigningKey {
    /// Takes a PKCS#1 (`RSA PRIVATE KEY`) or PKCS#8 (`PRIVATE KEY`) PEM of 2048 bits or more.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = parse_pem(text)?;
        let pair = match block.tag() {
            "PRIVATE KEY" => KeyPair::from_pkcs8(block.contents()),
            "RSA PRIVATE KEY" => KeyPair::from_der(block.contents()),
            other => return Err(KeyError::WrongLabel(other.to_owned())),
        }
        .map_err(|_| KeyError::NotRsa)?;
        if pair.public_modulus_len() < MODULUS_MIN_BYTES {
            return Err(KeyError::TooShort);
        }
        Ok(Self { pair })
    }

    /// Signs the bytes and returns one line of standard base64.
    pub fn sign(&self, content: &[u8]) -> Result<String, SignatureError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), content, &mut signature)
            .map_err(|_| SignatureError::SigningFailed)?;
        Ok(STANDARD.encode(signature))
    }

    /// The public half, for checking what this key signed.
    pub fn verifying_key(&self) -> Result<VerifyingKey, KeyError> {
        VerifyingKey::from_der(self.pair.public_key().as_ref())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningKey")
            .field("modulus_bytes", &self.pair.public_modulus_len())
            .finish_non_exhaustive()
    }
}

/// A public RSA key that verifies; cloning shares the parsed key.
#[derive(Clone)]
pub struct VerifyingKey {
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// Takes a `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY` (PKCS#1) PEM of 2048 bits or more.
    pub fn from_public_pem(text: &str) -> Result<Self, KeyError> {
        let block = parse_pem(text)?;
        match block.tag() {
            "RSA PUBLIC KEY" => Self::from_der(block.contents()),
            "PUBLIC KEY" => match SubjectPublicKeyInfo::from_der(block.contents()) {
                Ok(([], info)) => Self::from_der(&info.subject_public_key.data),
                Ok(_) | Err(_) => Err(KeyError::NotRsa),
            },
            other => Err(KeyError::WrongLabel(other.to_owned())),
        }
    }

    /// Takes the RSA key of the first certificate in a PEM text; the chain is checked by `cert::check_chain`.
    pub fn from_certificate_pem(text: &str) -> Result<Self, KeyError> {
        if text.len() > PEM_MAX_BYTES {
            return Err(KeyError::TooLong);
        }
        let blocks = pem::parse_many(text).map_err(|_| KeyError::NotPem)?;
        let block = blocks.first().ok_or(KeyError::NotPem)?;
        if block.tag() != "CERTIFICATE" {
            return Err(KeyError::WrongLabel(block.tag().to_owned()));
        }
        let (_, certificate) =
            x509_parser::parse_x509_certificate(block.contents()).map_err(|_| KeyError::NotCertificate)?;
        Self::from_der(&certificate.public_key().subject_public_key.data)
    }

    /// Takes a DER `RSAPublicKey` (PKCS#1).
    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let bits = RsaParameters::public_modulus_len(der).map_err(|_| KeyError::NotRsa)?;
        if bits < MODULUS_MIN_BITS {
            return Err(KeyError::TooShort);
        }
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map_err(|_| KeyError::NotRsa)?;
        Ok(Self { key })
    }

    /// Checks a base64 signature over the bytes.
    pub fn verify(&self, content: &[u8], signature: &str) -> Result<(), SignatureError> {
        if signature.len() > SIGNATURE_MAX_CHARS {
            return Err(SignatureError::NotBase64);
        }
        let raw = STANDARD.decode(signature).map_err(|_| SignatureError::NotBase64)?;
        self.key.verify_sig(content, &raw).map_err(|_| SignatureError::Mismatch)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("VerifyingKey").finish_non_exhaustive()
    }
}

fn parse_pem(text: &str) -> Result<pem::Pem, KeyError> {
    if text.len() > PEM_MAX_BYTES {
        return Err(KeyError::TooLong);
    }
    pem::parse(text).map_err(|_| KeyError::NotPem)
}

//! Fields that hold a person's data: encrypted with UnionPay's key, or packed as `customerInfo` (unionpay.md §4).

use std::fmt;

use aws_lc_rs::rsa::{
    Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::braces;
use super::trust::cert_id;
use crate::cert::{CertError, parse, read_pem};
use crate::keys::KeyError;

/// The longest text that one encryption takes, in bytes (a 2048-bit key less the padding).
const PLAIN_MAX_BYTES: usize = 245;
/// The names that must travel encrypted.
const ENCRYPTED: [&str; 3] = ["phoneNo", "cvn2", "expired"];

/// Why a field could not be written or read; never holds the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SensitiveError {
    /// The certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertError),
    /// The key is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The text is longer than one encryption takes.
    #[error("text is too long to encrypt")]
    TooLong,
    /// Encryption or decryption failed.
    #[error("encryption failed")]
    Failed,
    /// The field is not base64 of pairs in braces.
    #[error("field cannot be read")]
    Unreadable,
    /// A value would be read as structure.
    #[error("a value holds characters that are not allowed")]
    Unwritable,
}

/// UnionPay's encryption certificate: its key and decimal serial.
pub struct EncryptionKey {
    key: Pkcs1PublicEncryptingKey,
    /// `encryptCertId`.
    pub cert_id: String,
}

impl EncryptionKey {
    /// Takes the first certificate of a PEM text.
    pub fn from_certificate_pem(pem: &str) -> Result<Self, SensitiveError> {
        let ders = read_pem(pem)?;
        let certificate = parse(ders.first().ok_or(CertError::NotPem)?)?;
        let key = PublicEncryptingKey::from_der(certificate.public_key().raw)
            .ok()
            .and_then(|key| Pkcs1PublicEncryptingKey::new(key).ok())
            .ok_or(KeyError::NotRsa)?;
        Ok(Self { key, cert_id: cert_id(pem)? })
    }

    /// Encrypts a text (RSA PKCS#1 v1.5) and gives base64.
    pub fn encrypt(&self, plain: &str) -> Result<String, SensitiveError> {
        if plain.len() > PLAIN_MAX_BYTES {
            return Err(SensitiveError::TooLong);
        }
        let mut out = vec![0; self.key.ciphertext_size()];
        let written = self.key.encrypt(plain.as_bytes(), &mut out).map_err(|_| SensitiveError::Failed)?;
        Ok(STANDARD.encode(written))
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EncryptionKey").field("cert_id", &self.cert_id).finish_non_exhaustive()
    }
}

/// The private half, for the simulator; its `Debug` shows nothing of it.
pub struct DecryptionKey(Pkcs1PrivateDecryptingKey);

impl DecryptionKey {
    /// Takes a PKCS#8 PEM.
    pub fn from_pem(text: &str) -> Result<Self, SensitiveError> {
        let block = pem::parse(text).map_err(|_| KeyError::NotPem)?;
        if block.tag() != "PRIVATE KEY" {
            return Err(KeyError::WrongLabel(block.tag().to_owned()).into());
        }
        let key = PrivateDecryptingKey::from_pkcs8(block.contents())
            .ok()
            .and_then(|key| Pkcs1PrivateDecryptingKey::new(key).ok())
            .ok_or(KeyError::NotRsa)?;
        Ok(Self(key))
    }

    /// Decrypts base64 to text.
    pub fn decrypt(&self, cipher: &str) -> Result<String, SensitiveError> {
        let bytes = STANDARD.decode(cipher).map_err(|_| SensitiveError::Unreadable)?;
        let mut out = vec![0; self.0.min_output_size()];
        let plain = self.0.decrypt(&bytes, &mut out).map_err(|_| SensitiveError::Failed)?;
        String::from_utf8(plain.to_vec()).map_err(|_| SensitiveError::Unreadable)
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DecryptionKey").finish_non_exhaustive()
    }
}

/// Writes `customerInfo`; with a key, phone number and card dates go into `encryptedInfo`.
pub fn customer_info(fields: &[(&str, &str)], key: Option<&EncryptionKey>) -> Result<String, SensitiveError> {
    let hidden = |name: &str| key.is_some() && ENCRYPTED.contains(&name);
    let open: Vec<_> = fields.iter().copied().filter(|(name, _)| !hidden(name)).collect();
    let secret: Vec<_> = fields.iter().copied().filter(|(name, _)| hidden(name)).collect();
    let inner = braces::write(&secret).map_err(|_| SensitiveError::Unwritable)?;
    let inner = inner.trim_matches(['{', '}']);
    let encrypted = match key {
        Some(key) if !secret.is_empty() => Some(key.encrypt(inner)?),
        Some(_) | None => None,
    };
    let all: Vec<_> =
        open.into_iter().chain(encrypted.iter().map(|text| ("encryptedInfo", text.as_str()))).collect();
    let text = braces::write(&all).map_err(|_| SensitiveError::Unwritable)?;
    Ok(STANDARD.encode(text))
}

/// Reads `customerInfo`; with the private key, `encryptedInfo` is opened in its place, for the simulator.
pub fn read_customer_info(
    value: &str,
    key: Option<&DecryptionKey>,
) -> Result<Vec<(String, String)>, SensitiveError> {
    let bytes = STANDARD.decode(value).map_err(|_| SensitiveError::Unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| SensitiveError::Unreadable)?;
    let mut fields = Vec::new();
    for (name, value) in braces::read(&text).map_err(|_| SensitiveError::Unreadable)? {
        match key {
            Some(key) if name == "encryptedInfo" => {
                let inner = format!("{{{}}}", key.decrypt(&value)?);
                fields.extend(braces::read(&inner).map_err(|_| SensitiveError::Unreadable)?);
            }
            Some(_) | None => fields.push((name, value)),
        }
    }
    Ok(fields)
}

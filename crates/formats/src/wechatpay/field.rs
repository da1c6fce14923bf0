//! Sensitive fields: RSA-OAEP with SHA-1 and MGF1-SHA-1, base64 (wechatpay.md §1).

use std::fmt;

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest sealed field taken, bytes of base64 (8192-bit keys give 1368).
const SEALED_MAX_BYTES: usize = 1368;
/// The longest PEM text looked at, bytes.
const PEM_MAX_BYTES: usize = 64 * 1024;

/// Why a field was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The key is none, or of another kind.
    #[error("the key is not usable for fields")]
    KeyRefused,
    /// The text is longer than the key can seal.
    #[error("the field is too long")]
    TooLong,
    /// The sealed text is no base64, or was sealed for somebody else.
    #[error("the field does not open with this key")]
    Mismatch,
}

/// The platform's public key, for sealing what only WeChat may read.
pub struct FieldSealer {
    key: OaepPublicEncryptingKey,
}

impl FieldSealer {
    /// Takes the key of a platform certificate.
    pub fn from_certificate_pem(text: &str) -> Result<Self, FieldError> {
        let der = contents(text, "CERTIFICATE")?;
        let (_, certificate) =
            x509_parser::parse_x509_certificate(&der).map_err(|_| FieldError::KeyRefused)?;
        Self::from_der(certificate.public_key().raw)
    }

    /// Takes the platform's public key.
    pub fn from_public_pem(text: &str) -> Result<Self, FieldError> {
        Self::from_der(&contents(text, "PUBLIC KEY")?)
    }

    fn from_der(der: &[u8]) -> Result<Self, FieldError> {
        let key = PublicEncryptingKey::from_der(der).map_err(|_| FieldError::KeyRefused)?;
        Ok(Self { key: OaepPublicEncryptingKey::new(key).map_err(|_| FieldError::KeyRefused)? })
    }

    /// Seals a text; two sealings of the same text differ.
    pub fn seal(&self, plain: &str) -> Result<String, FieldError> {
        if plain.len() > self.key.max_plaintext_size(&OAEP_SHA1_MGF1SHA1) {
            return Err(FieldError::TooLong);
        }
        let mut sealed = vec![0; self.key.ciphertext_size()];
        let bytes = self.key.encrypt(&OAEP_SHA1_MGF1SHA1, plain.as_bytes(), &mut sealed, None);
        bytes.map(|bytes| STANDARD.encode(bytes)).map_err(|_| FieldError::TooLong)
    }
}

impl fmt::Debug for FieldSealer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FieldSealer").finish_non_exhaustive()
    }
}

/// Opens sealed fields: the platform's half, and ours where WeChat seals for us.
pub struct FieldOpener {
    key: OaepPrivateDecryptingKey,
}

impl FieldOpener {
    /// Takes a PKCS#8 private key.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, FieldError> {
        let der = contents(text, "PRIVATE KEY")?;
        let key = PrivateDecryptingKey::from_pkcs8(&der).map_err(|_| FieldError::KeyRefused)?;
        Ok(Self { key: OaepPrivateDecryptingKey::new(key).map_err(|_| FieldError::KeyRefused)? })
    }

    /// Opens a sealed text.
    pub fn open(&self, sealed: &str) -> Result<String, FieldError> {
        if sealed.len() > SEALED_MAX_BYTES {
            return Err(FieldError::Mismatch);
        }
        let bytes = STANDARD.decode(sealed).map_err(|_| FieldError::Mismatch)?;
        let mut plain = vec![0; self.key.min_output_size()];
        let opened = self.key.decrypt(&OAEP_SHA1_MGF1SHA1, &bytes, &mut plain, None);
        let opened = opened.map_err(|_| FieldError::Mismatch)?;
        std::str::from_utf8(opened).map(str::to_owned).map_err(|_| FieldError::Mismatch)
    }
}

impl fmt::Debug for FieldOpener {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FieldOpener").finish_non_exhaustive()
    }
}

fn contents(text: &str, tag: &str) -> Result<Vec<u8>, FieldError> {
    if text.len() > PEM_MAX_BYTES {
        return Err(FieldError::KeyRefused);
    }
    let blocks = pem::parse_many(text).map_err(|_| FieldError::KeyRefused)?;
    let first = blocks.into_iter().next().filter(|block| block.tag() == tag);
    first.map(pem::Pem::into_contents).ok_or(FieldError::KeyRefused)
}

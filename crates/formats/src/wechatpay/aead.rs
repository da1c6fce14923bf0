//! AES-256-GCM under the merchant's APIv3 key, as certificates and callbacks are sealed.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// `algorithm` of a sealed object.
pub(super) const ALGORITHM: &str = "AEAD_AES_256_GCM";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
/// The longest sealed text taken, bytes of base64.
const SEALED_MAX_BYTES: usize = 1024 * 1024;

/// Why a sealed object was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AeadError {
    /// The APIv3 key does not have 32 bytes.
    #[error("an APIv3 key has 32 bytes")]
    KeyLength,
    /// A field of the sealed object is absent or no text.
    #[error("{0} of the sealed object is missing")]
    FieldMissing(&'static str),
    /// Another algorithm than the one there is.
    #[error("the algorithm is not {ALGORITHM}")]
    AlgorithmRefused,
    /// Nonce or ciphertext has an impossible form.
    #[error("the sealed object is malformed")]
    Malformed,
    /// Another key, or a changed byte.
    #[error("the sealed object does not open with this key")]
    Mismatch,
}

/// The 32-byte key that a merchant sets for APIv3; its `Debug` shows nothing.
#[derive(Clone)]
pub struct ApiV3Key {
    bytes: [u8; KEY_BYTES],
}

impl ApiV3Key {
    /// Takes the key as it is set on the merchant platform: 32 bytes of text.
    pub fn new(text: &str) -> Result<Self, AeadError> {
        let bytes = text.as_bytes().try_into().map_err(|_| AeadError::KeyLength)?;
        Ok(Self { bytes })
    }

    /// Opens a `resource` or `encrypt_certificate` (wechatpay.md §1 and §5).
    pub(super) fn open(&self, sealed: &Map<String, Value>) -> Result<Vec<u8>, AeadError> {
        let text = |name: &'static str| {
            sealed.get(name).and_then(Value::as_str).ok_or(AeadError::FieldMissing(name))
        };
        if text("algorithm")? != ALGORITHM {
            return Err(AeadError::AlgorithmRefused);
        }
        let (ciphertext, nonce) = (text("ciphertext")?, text("nonce")?);
        let associated = sealed.get("associated_data").and_then(Value::as_str).unwrap_or_default();
        if ciphertext.len() > SEALED_MAX_BYTES {
            return Err(AeadError::Malformed);
        }
        let mut bytes = STANDARD.decode(ciphertext).map_err(|_| AeadError::Malformed)?;
        let nonce = nonce_of(nonce)?;
        let opened = self.key()?.open_in_place(nonce, Aad::from(associated.as_bytes()), &mut bytes);
        let length = opened.map_err(|_| AeadError::Mismatch)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Seals as WeChat does, for the simulator; the nonce has 12 bytes.
    pub(super) fn seal(&self, plain: &[u8], nonce: &str, associated: &str) -> Result<Value, AeadError> {
        let mut bytes = plain.to_vec();
        let aad = Aad::from(associated.as_bytes());
        let sealed = self.key()?.seal_in_place_append_tag(nonce_of(nonce)?, aad, &mut bytes);
        sealed.map_err(|_| AeadError::Malformed)?;
        Ok(json!({
            "algorithm": ALGORITHM,
            "nonce": nonce,
            "associated_data": associated,
            "ciphertext": STANDARD.encode(bytes),
        }))
    }

    fn key(&self) -> Result<LessSafeKey, AeadError> {
        let unbound = UnboundKey::new(&AES_256_GCM, &self.bytes).map_err(|_| AeadError::KeyLength)?;
        Ok(LessSafeKey::new(unbound))
    }
}

impl fmt::Debug for ApiV3Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ApiV3Key").finish_non_exhaustive()
    }
}

fn nonce_of(text: &str) -> Result<Nonce, AeadError> {
    let bytes: [u8; NONCE_BYTES] = text.as_bytes().try_into().map_err(|_| AeadError::Malformed)?;
    Ok(Nonce::assume_unique_for_key(bytes))
}

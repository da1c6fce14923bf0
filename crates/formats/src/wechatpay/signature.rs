//! The signature headers of replies and callbacks, and the keys that they name.

use std::collections::BTreeMap;

use super::{CLOCK_WINDOW_US, SCHEME};
use crate::cert::Validity;
use crate::keys::{SignatureError, SigningKey, VerifyingKey};

/// The beginning of deliberately wrong signatures, by which WeChat probes merchants (wechatpay.md §1).
pub const PROBE_PREFIX: &str = "WECHATPAY/SIGNTEST/";
/// The names of the headers, in lower case.
pub const HEADER_NAMES: [&str; 5] = [
    "wechatpay-timestamp",
    "wechatpay-nonce",
    "wechatpay-signature",
    "wechatpay-serial",
    "wechatpay-signature-type",
];

/// The five headers as they came; nothing in them is proven yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureHeaders<'a> {
    /// `Wechatpay-Timestamp`, Unix seconds.
    pub timestamp: &'a str,
    /// `Wechatpay-Nonce`.
    pub nonce: &'a str,
    /// `Wechatpay-Signature`, base64.
    pub signature: &'a str,
    /// `Wechatpay-Serial`: a certificate's serial or the identifier of a public key.
    pub serial: &'a str,
}

/// A key of the platform with the time in which it counts.
#[derive(Debug, Clone)]
pub struct PlatformKey {
    /// The key.
    pub key: VerifyingKey,
    /// Absent for a public key, which has no end.
    pub validity: Option<Validity>,
}

/// The platform's keys by serial or identifier; certificates and a public key may count side by side.
#[derive(Debug, Clone, Default)]
pub struct PlatformKeys {
    keys: BTreeMap<String, PlatformKey>,
}

/// Why bytes are not taken as the platform's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header is absent or empty.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Another signature type.
    #[error("the signature type is not {SCHEME}")]
    TypeRefused,
    /// A probe with a deliberately wrong signature.
    #[error("the signature is a probe")]
    Probe,
    /// The time is no number.
    #[error("the timestamp is not Unix seconds")]
    TimestampInvalid,
    /// Signed more than five minutes from now.
    #[error("the timestamp is too far from now")]
    TimestampOff,
    /// No known key has this serial.
    #[error("platform key {0} is not known")]
    SerialUnknown(String),
    /// The certificate of this serial is not valid now.
    #[error("platform certificate {0} is outside its validity")]
    OutsideValidity(String),
    /// The signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl<'a> SignatureHeaders<'a> {
    /// Takes the headers by a look-up of lower-case names.
    pub fn from_lookup(mut get: impl FnMut(&str) -> Option<&'a str>) -> Result<Self, VerifyError> {
        let mut filled =
            |name: &'static str| get(name).filter(|text| !text.is_empty()).ok_or(VerifyError::Missing(name));
        let [timestamp, nonce, signature, serial, kind] = HEADER_NAMES;
        let headers = Self {
            timestamp: filled(timestamp)?,
            nonce: filled(nonce)?,
            signature: filled(signature)?,
            serial: filled(serial)?,
        };
        // Absent from older replies; present, it must be the one scheme there is.
        match get(kind) {
            None | Some(SCHEME) => Ok(headers),
            Some(_) => Err(VerifyError::TypeRefused),
        }
    }

    /// Whether the platform signed this body, near `now_us`.
    pub fn verify(&self, body: &[u8], keys: &PlatformKeys, now_us: i64) -> Result<(), VerifyError> {
        if self.signature.starts_with(PROBE_PREFIX) {
            return Err(VerifyError::Probe);
        }
        let at_us = self.at_us()?;
        let platform = keys.get(self.serial, now_us)?;
        platform.key.verify(&string_to_sign(self.timestamp, self.nonce, body), self.signature)?;
        // Last, so that only what the platform really signed can be called late.
        if at_us.abs_diff(now_us) > CLOCK_WINDOW_US.unsigned_abs() {
            return Err(VerifyError::TimestampOff);
        }
        Ok(())
    }

    fn at_us(&self) -> Result<i64, VerifyError> {
        let digits = !self.timestamp.is_empty() && self.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds: Option<i64> = self.timestamp.parse().ok().filter(|_| digits);
        seconds.and_then(|seconds| seconds.checked_mul(1_000_000)).ok_or(VerifyError::TimestampInvalid)
    }
}

impl PlatformKeys {
    /// Adds a key under its serial or identifier; a known one is replaced.
    pub fn insert(&mut self, serial: impl Into<String>, key: PlatformKey) {
        self.keys.insert(serial.into(), key);
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Serials and identifiers, in order.
    pub fn serials(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// When the last certificate ends; absent where there is none.
    pub fn last_expiry_us(&self) -> Option<i64> {
        self.keys.values().filter_map(|key| key.validity).map(|validity| validity.not_after_us).max()
    }

    fn get(&self, serial: &str, now_us: i64) -> Result<&PlatformKey, VerifyError> {
        let key = self.keys.get(serial).ok_or_else(|| VerifyError::SerialUnknown(serial.to_owned()))?;
        let valid = |validity: Validity| (validity.not_before_us..=validity.not_after_us).contains(&now_us);
        if key.validity.is_none_or(valid) {
            Ok(key)
        } else {
            Err(VerifyError::OutsideValidity(serial.to_owned()))
        }
    }
}

/// Signs a body as the platform does, for the simulator: names and values of the headers.
pub fn sign(
    body: &[u8],
    key: &SigningKey,
    serial: &str,
    at_s: i64,
    nonce: &str,
) -> Result<[(&'static str, String); 5], SignatureError> {
    let timestamp = at_s.to_string();
    let signature = key.sign(&string_to_sign(&timestamp, nonce, body))?;
    let [names_timestamp, names_nonce, names_signature, names_serial, names_type] = HEADER_NAMES;
    Ok([
        (names_timestamp, timestamp),
        (names_nonce, nonce.to_owned()),
        (names_signature, signature),
        (names_serial, serial.to_owned()),
        (names_type, SCHEME.to_owned()),
    ])
}

fn string_to_sign(timestamp: &str, nonce: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"].concat()
}

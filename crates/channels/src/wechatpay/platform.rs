//! The platform's keys in use: those configured and those downloaded, renewed as WeChat asks for.

use super::Trust;
use std::sync::{Mutex, PoisonError, RwLock};
use tk_formats::wechatpay::certificates::PlatformCertificate;
use tk_formats::wechatpay::field::FieldSealer;
use tk_formats::wechatpay::signature::PlatformKeys;

/// Certificates are downloaded anew after this time (wechatpay.md section 1).
const RENEW_AFTER_US: i64 = 12 * 3_600_000_000;
/// The least time between two downloads, so that no stream of unknown serials makes one of downloads.
const RETRY_AFTER_US: i64 = 60_000_000;

/// The keys that platform signatures are checked with.
pub(super) struct Platform {
    trust: Trust,
    keys: RwLock<PlatformKeys>,
    sealer: RwLock<Option<Sealer>>,
    renewal: Mutex<Renewal>,
}

#[derive(Default)]
struct Renewal {
    done_at_us: Option<i64>,
    tried_at_us: Option<i64>,
    wanted: bool,
}

/// A key of the platform that fields are sealed with.
pub(super) struct Sealer {
    serial: String,
    key: FieldSealer,
    /// Its end; none for a public key, which is preferred for it.
    until_us: i64,
}

impl Sealer {
    pub(super) fn of_certificate(certificate: &PlatformCertificate) -> Option<Self> {
        let key = FieldSealer::from_certificate_pem(&certificate.pem).ok()?;
        Some(Self { serial: certificate.serial_no.clone(), key, until_us: certificate.validity.not_after_us })
    }

    pub(super) fn of_public_key(id: &str, pem: &str) -> Option<Self> {
        let key = FieldSealer::from_public_pem(pem).ok()?;
        Some(Self { serial: id.to_owned(), key, until_us: i64::MAX })
    }
}

impl Platform {
    pub(super) fn new(trust: Trust, keys: PlatformKeys, sealer: Option<Sealer>) -> Self {
        Self { trust, keys: RwLock::new(keys), sealer: RwLock::new(sealer), renewal: Mutex::default() }
    }

    /// A field that only the platform may read, and the serial or identifier of the key it is sealed with; nothing while no
    /// key is known.
    pub(super) fn seal(&self, plain: &str) -> Option<(String, String)> {
        let sealer = self.sealer.read().unwrap_or_else(PoisonError::into_inner);
        let sealer = sealer.as_ref()?;
        Some((sealer.key.seal(plain).ok()?, sealer.serial.clone()))
    }

    pub(super) fn keys(&self) -> PlatformKeys {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether certificates are to be downloaded now; who is told so does it.
    pub(super) fn take_renewal(&self, now_us: i64) -> bool {
        if self.trust == Trust::PublicKey {
            return false;
        }
        let mut renewal = self.renewal.lock().unwrap_or_else(PoisonError::into_inner);
        let since = |at_us: Option<i64>| at_us.map_or(i64::MAX, |at_us| now_us.saturating_sub(at_us));
        let due = renewal.wanted || since(renewal.done_at_us) >= RENEW_AFTER_US;
        if !due || since(renewal.tried_at_us) < RETRY_AFTER_US {
            return false;
        }
        renewal.tried_at_us = Some(now_us);
        true
    }

    /// Notes that a serial was met that is not known.
    pub(super) fn want_renewal(&self) {
        self.renewal.lock().unwrap_or_else(PoisonError::into_inner).wanted = true;
    }

    /// Adds downloaded certificates; older ones stay until they end, as their signatures may be under way.
    pub(super) fn renew(&self, certificates: &[PlatformCertificate], now_us: i64) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        for certificate in certificates {
            if let Ok(key) = certificate.platform_key() {
                keys.insert(certificate.serial_no.clone(), key);
            }
        }
        drop(keys);
        let mut sealer = self.sealer.write().unwrap_or_else(PoisonError::into_inner);
        let newer = certificates.iter().filter_map(Sealer::of_certificate);
        *sealer = sealer.take().into_iter().chain(newer).max_by_key(|known| known.until_us);
        drop(sealer);
        let mut renewal = self.renewal.lock().unwrap_or_else(PoisonError::into_inner);
        renewal.done_at_us = Some(now_us);
        renewal.wanted = false;
    }
}

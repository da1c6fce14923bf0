//! Keys of a sandbox application: loaded from a folder, or made fresh for a demo.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

pub mod certificate;
pub mod fresh;
pub mod pair;
pub mod wechat;

use pair::Pair;
use thiserror::Error;
use tk_formats::alipay::cert::{self, CertError};
use tk_formats::alipay::keys::{KeyError, SigningKey, VerifyingKey};

/// The application number that goes with a key folder.
pub const APP_ID: &str = "2021000000000001";
/// The seller (PID) that goes with a key folder.
pub const SELLER_ID: &str = "2088101117955611";

/// File names inside a key folder.
pub const APP_PUBLIC_FILE: &str = "alipay_app.pub.pem";
pub const APP_CERTIFICATE_FILE: &str = "alipay_app.cer.pem";
pub const APP_PRIVATE_FILE: &str = "alipay_app.pkcs8.pem";
pub const PLATFORM_PRIVATE_FILE: &str = "alipay_platform.pkcs8.pem";
pub const PLATFORM_PUBLIC_FILE: &str = "alipay_platform.pub.pem";
pub const PLATFORM_CERTIFICATE_FILE: &str = "alipay_platform.cer.pem";
pub const ROOT_CERTIFICATE_FILE: &str = "alipay_root.cer.pem";
/// The key with which the bank signs its statement files.
pub const BANK_PRIVATE_FILE: &str = "bank_statement.pkcs8.pem";
pub const BANK_PUBLIC_FILE: &str = "bank_statement.pub.pem";

/// Whether a folder has the key of the bank.
#[must_use]
pub fn bank_key_is_in(folder: &Path) -> bool {
    folder.join(BANK_PRIVATE_FILE).exists()
}

/// The key with which the bank signs.
pub fn bank_key(folder: &Path) -> Result<SigningKey, KeysError> {
    let path = folder.join(BANK_PRIVATE_FILE);
    let text = fs::read_to_string(&path).map_err(|source| KeysError::File { path: path.clone(), source })?;
    SigningKey::from_pem(&text).map_err(|source| KeysError::Key { path, source })
}

/// What the platform holds to talk with one application.
#[derive(Debug)]
pub struct AppKeys {
    /// Checks requests in public key mode.
    pub app_key: VerifyingKey,
    /// Signs answers and notifications.
    pub platform_key: SigningKey,
    /// Present when certificate mode is possible.
    pub certificates: Option<Certificates>,
}

/// The serials and key of certificate mode.
#[derive(Debug, Clone)]
pub struct Certificates {
    pub app_cert_sn: String,
    pub app_cert_key: VerifyingKey,
    pub alipay_cert_sn: String,
    pub alipay_root_cert_sn: String,
}

/// What the channel holds to talk with one application.
#[derive(Debug)]
pub enum DeskKeys {
    Alipay(AppKeys),
    Wechatpay(wechat::MerchantKeys),
}

impl DeskKeys {
    /// Alipay's half, if this is a desk of Alipay.
    pub fn alipay(&self) -> Option<&AppKeys> {
        match self {
            Self::Alipay(keys) => Some(keys),
            Self::Wechatpay(_) => None,
        }
    }

    /// WeChat Pay's half, if this is a desk of WeChat Pay.
    pub fn wechatpay(&self) -> Option<&wechat::MerchantKeys> {
        match self {
            Self::Wechatpay(keys) => Some(keys),
            Self::Alipay(_) => None,
        }
    }
}

/// Why keys could not be had.
#[derive(Debug, Error)]
pub enum KeysError {
    #[error("key file {path} cannot be read or written: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("key file {path} is refused: {source}")]
    Key { path: PathBuf, source: KeyError },
    #[error("certificate is refused: {0}")]
    Certificate(#[from] CertError),
    #[error("the key folder has neither {APP_PUBLIC_FILE} nor {APP_CERTIFICATE_FILE}")]
    NoAppKey,
    #[error("the platform certificate of WeChat Pay is refused")]
    PlatformCertificate,
    #[error("the APIv3 key does not have 32 characters")]
    ApiV3Key,
    #[error("no fresh RSA key could be made")]
    Generation,
}

/// Loads the platform's half of a key folder; certificate mode needs all three certificates.
pub fn load(folder: &Path) -> Result<AppKeys, KeysError> {
    let platform_key = key_from(folder, PLATFORM_PRIVATE_FILE, SigningKey::from_pem)?;
    let certificates = load_certificates(folder)?;
    let app_key = if folder.join(APP_PUBLIC_FILE).exists() {
        key_from(folder, APP_PUBLIC_FILE, VerifyingKey::from_public_pem)?
    } else {
        certificates.as_ref().map(|set| set.app_cert_key.clone()).ok_or(KeysError::NoAppKey)?
    };
    Ok(AppKeys { app_key, platform_key, certificates })
}

/// Fresh keys of both sides in public key mode, as PEM.
#[derive(Debug)]
pub struct FreshKeys {
    pub app_private_pem: String,
    pub app_public_pem: String,
    pub platform_private_pem: String,
    pub platform_public_pem: String,
}

impl FreshKeys {
    /// Makes two new 2048-bit RSA keys.
    pub fn generate() -> Result<Self, KeysError> {
        let (app_private_pem, app_public_pem) = fresh_pair()?;
        let (platform_private_pem, platform_public_pem) = fresh_pair()?;
        Ok(Self { app_private_pem, app_public_pem, platform_private_pem, platform_public_pem })
    }

    /// The platform's half, ready for a sandbox.
    pub fn platform_half(&self) -> Result<AppKeys, KeysError> {
        let refused = |source| KeysError::Key { path: PathBuf::from("(generated)"), source };
        Ok(AppKeys {
            app_key: VerifyingKey::from_public_pem(&self.app_public_pem).map_err(refused)?,
            platform_key: SigningKey::from_pem(&self.platform_private_pem).map_err(refused)?,
            certificates: None,
        })
    }

    /// Writes the four keys into an existing folder under the usual names, readable by their owner only.
    pub fn write(&self, folder: &Path) -> Result<(), KeysError> {
        let files = [
            (APP_PRIVATE_FILE, &self.app_private_pem),
            (APP_PUBLIC_FILE, &self.app_public_pem),
            (PLATFORM_PRIVATE_FILE, &self.platform_private_pem),
            (PLATFORM_PUBLIC_FILE, &self.platform_public_pem),
        ];
        for (name, text) in files {
            let path = folder.join(name);
            write_private(&path, text).map_err(|source| KeysError::File { path, source })?;
        }
        Ok(())
    }
}

/// Makes fresh keys and writes them into a folder that must exist.
pub fn generate(folder: &Path) -> Result<FreshKeys, KeysError> {
    let keys = FreshKeys::generate()?;
    keys.write(folder)?;
    Ok(keys)
}

/// A fresh private key nobody trusts, for forged notifications.
pub fn stranger() -> Result<SigningKey, KeysError> {
    let (private_pem, _) = fresh_pair()?;
    SigningKey::from_pem(&private_pem)
        .map_err(|source| KeysError::Key { path: PathBuf::from("(generated)"), source })
}

fn load_certificates(folder: &Path) -> Result<Option<Certificates>, KeysError> {
    let files = [APP_CERTIFICATE_FILE, PLATFORM_CERTIFICATE_FILE, ROOT_CERTIFICATE_FILE];
    if !files.iter().all(|name| folder.join(name).exists()) {
        return Ok(None);
    }
    Ok(Some(Certificates {
        app_cert_sn: cert::serial_number(&text_of(folder, APP_CERTIFICATE_FILE)?)?,
        app_cert_key: key_from(folder, APP_CERTIFICATE_FILE, VerifyingKey::from_certificate_pem)?,
        alipay_cert_sn: cert::serial_number(&text_of(folder, PLATFORM_CERTIFICATE_FILE)?)?,
        alipay_root_cert_sn: cert::root_serial_number(&text_of(folder, ROOT_CERTIFICATE_FILE)?)?,
    }))
}

fn key_from<K>(folder: &Path, name: &str, read: fn(&str) -> Result<K, KeyError>) -> Result<K, KeysError> {
    read(&text_of(folder, name)?).map_err(|source| KeysError::Key { path: folder.join(name), source })
}

fn text_of(folder: &Path, name: &str) -> Result<String, KeysError> {
    let path = folder.join(name);
    fs::read_to_string(&path).map_err(|source| KeysError::File { path, source })
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn fresh_pair() -> Result<(String, String), KeysError> {
    let pair = Pair::generate()?;
    Ok((pair.private_pem, pair.public_pem))
}

//! Keys of a WeChat Pay merchant in the sandbox.

use std::path::Path;

use tk_formats::alipay::keys::{SigningKey, VerifyingKey};
use tk_formats::wechatpay::ApiV3Key;
use tk_formats::wechatpay::certificates::{self, PlatformCertificate};
use tk_formats::wechatpay::field::FieldOpener;

use super::{KeysError, key_from, text_of};

/// The application that goes with a key folder.
pub const APPID: &str = "wxd678efh567hg6787";
/// The merchant that goes with a key folder.
pub const MCHID: &str = "1900000001";
/// The APIv3 key that goes with a key folder.
pub const API_V3_KEY: &str = "0123456789abcdef0123456789abcdef";
/// The identifier of the platform's public key.
pub const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0119000000012024010100000000000001";
/// The secret of the official account.
pub const APP_SECRET: &str = "sandbox-app-secret";

/// File names inside a key folder.
pub const MERCHANT_PRIVATE_FILE: &str = "wechat_merchant.pkcs8.pem";
pub const MERCHANT_CERTIFICATE_FILE: &str = "wechat_merchant.cer.pem";
pub const PLATFORM_PRIVATE_FILE: &str = "wechat_platform.pkcs8.pem";
pub const PLATFORM_PUBLIC_FILE: &str = "wechat_platform.pub.pem";
pub const PLATFORM_CERTIFICATE_FILE: &str = "wechat_platform.cer.pem";
pub const ROOT_CERTIFICATE_FILE: &str = "wechat_root.cer.pem";

/// What the platform holds to talk with one merchant.
#[derive(Debug)]
pub struct MerchantKeys {
    /// The serial that requests name.
    pub merchant_serial: String,
    /// Checks requests.
    pub merchant_key: VerifyingKey,
    /// Signs replies and callbacks.
    pub platform_key: SigningKey,
    /// Opens what was sealed for the platform; the same key.
    pub field_opener: FieldOpener,
    /// The certificate of that key.
    pub platform_certificate: PlatformCertificate,
    /// The identifier of the same key in public-key mode.
    pub public_key_id: String,
    /// Under which of the two callbacks are signed.
    pub callback_serial: String,
    /// Seals callbacks and certificates.
    pub api_v3_key: ApiV3Key,
    /// The secret of the official account.
    pub app_secret: String,
}

/// Loads the platform's half of a key folder.
pub fn load(folder: &Path) -> Result<MerchantKeys, KeysError> {
    let merchant = text_of(folder, MERCHANT_CERTIFICATE_FILE)?;
    let platform = text_of(folder, PLATFORM_CERTIFICATE_FILE)?;
    let platform_certificate =
        certificates::read_pem(&platform).map_err(|_| KeysError::PlatformCertificate)?;
    Ok(MerchantKeys {
        callback_serial: platform_certificate.serial_no.clone(),
        merchant_serial: certificates::serial_no(&merchant)?,
        merchant_key: key_from(folder, MERCHANT_CERTIFICATE_FILE, VerifyingKey::from_certificate_pem)?,
        platform_key: key_from(folder, PLATFORM_PRIVATE_FILE, SigningKey::from_pem)?,
        field_opener: FieldOpener::from_pkcs8_pem(&text_of(folder, PLATFORM_PRIVATE_FILE)?)
            .map_err(|_| KeysError::PlatformCertificate)?,
        platform_certificate: certificates::read_pem(&platform)
            .map_err(|_| KeysError::PlatformCertificate)?,
        public_key_id: PUBLIC_KEY_ID.to_owned(),
        api_v3_key: ApiV3Key::new(API_V3_KEY).map_err(|_| KeysError::ApiV3Key)?,
        app_secret: APP_SECRET.to_owned(),
    })
}

/// Whether a key folder holds a WeChat Pay merchant.
pub fn is_in(folder: &Path) -> bool {
    [MERCHANT_CERTIFICATE_FILE, PLATFORM_PRIVATE_FILE, PLATFORM_CERTIFICATE_FILE]
        .iter()
        .all(|name| folder.join(name).exists())
}

//! Keys of a merchant and of the gateway, by file names inside a folder.

use std::fs;
use std::path::Path;

use tk_formats::keys::{SigningKey, VerifyingKey};
use tk_formats::unionpay::request::Merchant;
use tk_formats::unionpay::sensitive::DecryptionKey;
use tk_formats::unionpay::sign::Signer;
use tk_formats::unionpay::trust::cert_id;

/// The merchant number that goes with a key folder.
pub const MER_ID: &str = "777290058110048";

pub const MERCHANT_PRIVATE_FILE: &str = "unionpay_merchant.pkcs8.pem";
pub const MERCHANT_CERTIFICATE_FILE: &str = "unionpay_merchant.cer.pem";
pub const GATEWAY_PRIVATE_FILE: &str = "unionpay_gateway.pkcs8.pem";
pub const GATEWAY_CERTIFICATE_FILE: &str = "unionpay_gateway.cer.pem";
pub const MIDDLE_CERTIFICATE_FILE: &str = "unionpay_middle.cer.pem";
pub const ROOT_CERTIFICATE_FILE: &str = "unionpay_root.cer.pem";
pub const ENCRYPTION_PRIVATE_FILE: &str = "unionpay_enc.pkcs8.pem";
pub const ENCRYPTION_CERTIFICATE_FILE: &str = "unionpay_enc.cer.pem";

/// What the gateway holds to talk with one merchant.
#[derive(Debug)]
pub struct GatewayKeys {
    /// Checks requests.
    pub merchant: Merchant,
    /// Signs answers and notifications.
    pub signer: Signer,
    /// Travels in them; absent where both sides share a key.
    pub certificate_pem: Option<String>,
    /// Opens what was encrypted for UnionPay.
    pub decryption: Option<DecryptionKey>,
}

/// A key file cannot be read or is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key file {name}: {why}")]
pub struct KeyFileError {
    name: &'static str,
    why: String,
}

/// Whether a folder has what the gateway needs.
pub fn is_in(folder: &Path) -> bool {
    [MERCHANT_CERTIFICATE_FILE, GATEWAY_PRIVATE_FILE, GATEWAY_CERTIFICATE_FILE]
        .iter()
        .all(|name| folder.join(name).exists())
}

/// Loads the gateway's half of a key folder.
pub fn load(folder: &Path) -> Result<GatewayKeys, KeyFileError> {
    let certificate = text_of(folder, MERCHANT_CERTIFICATE_FILE)?;
    let name = MERCHANT_CERTIFICATE_FILE;
    let key = VerifyingKey::from_certificate_pem(&certificate).map_err(|error| refused(name, &error))?;
    let merchant_id = cert_id(&certificate).map_err(|error| refused(name, &error))?;
    let gateway = text_of(folder, GATEWAY_CERTIFICATE_FILE)?;
    let gateway_id = cert_id(&gateway).map_err(|error| refused(GATEWAY_CERTIFICATE_FILE, &error))?;
    let private = text_of(folder, GATEWAY_PRIVATE_FILE)?;
    let private = SigningKey::from_pem(&private).map_err(|error| refused(GATEWAY_PRIVATE_FILE, &error))?;
    let decryption = if folder.join(ENCRYPTION_PRIVATE_FILE).exists() {
        let text = text_of(folder, ENCRYPTION_PRIVATE_FILE)?;
        Some(DecryptionKey::from_pem(&text).map_err(|error| refused(ENCRYPTION_PRIVATE_FILE, &error))?)
    } else {
        None
    };
    Ok(GatewayKeys {
        merchant: Merchant::Certificate { key, cert_id: merchant_id },
        signer: Signer::Certificate { key: private, cert_id: gateway_id },
        certificate_pem: Some(gateway),
        decryption,
    })
}

fn text_of(folder: &Path, name: &'static str) -> Result<String, KeyFileError> {
    fs::read_to_string(folder.join(name)).map_err(|error| refused(name, &error))
}

fn refused(name: &'static str, error: &dyn std::fmt::Display) -> KeyFileError {
    KeyFileError { name, why: error.to_string() }
}

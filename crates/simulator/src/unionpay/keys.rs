//! Keys of a merchant and of the gateway, by file names inside a folder.

use std::fs;
use std::path::Path;

use tk_formats::keys::{SigningKey, VerifyingKey};
use tk_formats::unionpay::Params;
use tk_formats::unionpay::request::{Merchant, RequestError, verify_params};
use tk_formats::unionpay::sensitive::DecryptionKey;
use tk_formats::unionpay::sign::{Hash, SharedKey, Signer};
use tk_formats::unionpay::trust::cert_id;

/// The merchant number that goes with a key folder.
pub const MER_ID: &str = "777290058110048";

/// `trId`: the number under which that merchant is given tokens.
pub const TOKEN_REQUESTOR: &str = "62000000001";

pub const MERCHANT_PRIVATE_FILE: &str = "unionpay_merchant.pkcs8.pem";
pub const MERCHANT_CERTIFICATE_FILE: &str = "unionpay_merchant.cer.pem";
pub const GATEWAY_PRIVATE_FILE: &str = "unionpay_gateway.pkcs8.pem";
pub const GATEWAY_CERTIFICATE_FILE: &str = "unionpay_gateway.cer.pem";
pub const MIDDLE_CERTIFICATE_FILE: &str = "unionpay_middle.cer.pem";
pub const ROOT_CERTIFICATE_FILE: &str = "unionpay_root.cer.pem";
pub const ENCRYPTION_PRIVATE_FILE: &str = "unionpay_enc.pkcs8.pem";
pub const ENCRYPTION_CERTIFICATE_FILE: &str = "unionpay_enc.cer.pem";
/// What both sides share for `signMethod` 11 and 12.
pub const SHARED_KEY_FILE: &str = "unionpay_shared.key";

/// What the gateway holds to talk with one merchant, in whichever way a request was signed.
#[derive(Debug)]
pub struct GatewayKeys {
    /// `signMethod` 01.
    pub by_certificate: Voice,
    /// `signMethod` 11 and 12, where both sides share a key.
    pub by_shared_key: Vec<Voice>,
    /// Opens what was encrypted for UnionPay.
    pub decryption: Option<DecryptionKey>,
}

/// One way of signing.
#[derive(Debug)]
pub struct Voice {
    /// Checks requests.
    pub merchant: Merchant,
    /// Signs answers and notifications.
    pub signer: Signer,
    /// Travels in them; absent where both sides share a key.
    pub certificate_pem: Option<String>,
}

impl GatewayKeys {
    /// The same with a key that both sides share.
    #[must_use]
    pub fn with_shared_key(mut self, text: &str) -> Self {
        let voice = |hash| {
            let key = SharedKey::new(hash, text);
            let (merchant, signer) = (Merchant::Shared(key.clone()), Signer::Shared(key));
            Voice { merchant, signer, certificate_pem: None }
        };
        self.by_shared_key = [Hash::Sha256, Hash::Sm3].map(voice).into();
        self
    }

    /// How a message of this `signMethod` is answered; by certificate where the method is not agreed.
    pub fn voice(&self, sign_method: Option<&str>) -> &Voice {
        let named = |voice: &&Voice| Some(voice.signer.method().code()) == sign_method;
        self.by_shared_key.iter().find(named).unwrap_or(&self.by_certificate)
    }

    /// Checks that the merchant signed a request, in a way that is agreed.
    pub fn verify(&self, request: &Params) -> Result<(), RequestError> {
        verify_params(request, &self.voice(request.get("signMethod")).merchant)
    }
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
    let decryption = optional(folder, ENCRYPTION_PRIVATE_FILE)?;
    let decryption = decryption.as_deref().map(DecryptionKey::from_pem).transpose();
    let keys = GatewayKeys {
        by_certificate: Voice {
            merchant: Merchant::Certificate { key, cert_id: merchant_id },
            signer: Signer::Certificate { key: private, cert_id: gateway_id },
            certificate_pem: Some(gateway),
        },
        by_shared_key: Vec::new(),
        decryption: decryption.map_err(|error| refused(ENCRYPTION_PRIVATE_FILE, &error))?,
    };
    match optional(folder, SHARED_KEY_FILE)? {
        Some(text) => Ok(keys.with_shared_key(text.trim())),
        None => Ok(keys),
    }
}

fn optional(folder: &Path, name: &'static str) -> Result<Option<String>, KeyFileError> {
    folder.join(name).exists().then(|| text_of(folder, name)).transpose()
}

fn text_of(folder: &Path, name: &'static str) -> Result<String, KeyFileError> {
    fs::read_to_string(folder.join(name)).map_err(|error| refused(name, &error))
}

fn refused(name: &'static str, error: &dyn std::fmt::Display) -> KeyFileError {
    KeyFileError { name, why: error.to_string() }
}

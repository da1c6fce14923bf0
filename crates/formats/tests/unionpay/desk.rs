//! Test keys and vectors.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tillkeeper_formats::keys::{SigningKey, VerifyingKey};
use tillkeeper_formats::unionpay::Params;
use tillkeeper_formats::unionpay::request::Merchant;
use tillkeeper_formats::unionpay::sign::{Hash, SharedKey, Signer};
use tillkeeper_formats::unionpay::trust::{Roots, Signatory, Verifier};

/// 2026-11-21 12:00:00 in Beijing.
pub const AT_US: i64 = 1_795_233_600_000_000;
pub const CERT_ID: &str = "69026276696";

pub fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)).expect(name)
}

pub fn text_of(name: &str) -> String {
    String::from_utf8(bytes_of(name)).expect(name)
}

pub fn key_text(name: &str) -> String {
    text_of(&format!("keys/unionpay_{name}.pem"))
}

pub fn vector(name: &str) -> Value {
    serde_json::from_str(&text_of(name)).expect(name)
}

pub fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

pub fn params_of(value: &Value) -> Params {
    let mut params = Params::new();
    for (name, value) in value.as_object().expect("params") {
        params.insert(name, value.as_str().expect("text")).expect(name);
    }
    params
}

pub fn form(pairs: &[(&str, &str)]) -> Params {
    let mut params = Params::new();
    for &(name, value) in pairs {
        params.insert(name, value).unwrap();
    }
    params
}

pub fn merchant_key() -> SigningKey {
    SigningKey::from_pem(&key_text("merchant.pkcs8")).unwrap()
}

pub fn merchant_signer() -> Signer {
    Signer::Certificate { key: merchant_key(), cert_id: CERT_ID.to_owned() }
}

pub fn merchant() -> Merchant {
    let key = VerifyingKey::from_certificate_pem(&key_text("merchant.cer")).unwrap();
    Merchant::Certificate { key, cert_id: CERT_ID.to_owned() }
}

pub fn gateway_signer() -> Signer {
    let key = SigningKey::from_pem(&key_text("gateway.pkcs8")).unwrap();
    Signer::Certificate { key, cert_id: "68759552329".to_owned() }
}

pub fn roots(signatory: Signatory) -> Roots {
    Roots::new(&key_text("middle.cer"), &key_text("root.cer"), signatory).unwrap()
}

pub fn verifier() -> Verifier {
    Verifier::Certificates(roots(Signatory::TestGateway))
}

pub fn shared(hash: Hash) -> SharedKey {
    SharedKey::new(hash, text(&vector("unionpay_request_sign.json"), "secureKey"))
}

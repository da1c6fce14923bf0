//! Keys, vectors and moments that all tests use.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use tillkeeper_formats::alipay::keys::{SigningKey, VerifyingKey};
use tillkeeper_formats::wechatpay::ApiV3Key;
use tillkeeper_formats::wechatpay::certificates;
use tillkeeper_formats::wechatpay::signature::{PlatformKey, PlatformKeys, SignatureHeaders, VerifyError};

pub const AT_S: i64 = 1_795_233_600;
pub const NOW_US: i64 = AT_S * 1_000_000;
pub const NONCE: &str = "593BEC0C930BF1AFEB40B4A08C8FB242";
pub const SERIAL: &str = "7132D72A03E93CDDF8C03BBD1F37EEDF9A3C1D2E";
pub const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0119000000012024010100000000000001";
pub const API_V3_KEY: &str = "0123456789abcdef0123456789abcdef";

pub fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)).unwrap()
}

pub fn text_of(name: &str) -> String {
    String::from_utf8(bytes_of(name)).unwrap()
}

pub fn vector(name: &str) -> Value {
    serde_json::from_str(&text_of(name)).unwrap()
}

pub fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

pub fn signing_key(name: &str) -> SigningKey {
    SigningKey::from_pem(&text_of(&format!("keys/{name}.pkcs8.pem"))).unwrap()
}

pub fn public_key(name: &str) -> VerifyingKey {
    VerifyingKey::from_public_pem(&text_of(&format!("keys/{name}.pub.pem"))).unwrap()
}

pub fn secret() -> ApiV3Key {
    ApiV3Key::new(API_V3_KEY).unwrap()
}

/// Certificate and public key side by side, as in the window of a change of modes.
pub fn both_modes() -> PlatformKeys {
    let certificate = certificates::read_pem(&text_of("keys/wechat_platform.cer.pem")).unwrap();
    let mut keys = certificates::platform_keys(&[certificate]).unwrap();
    keys.insert(PUBLIC_KEY_ID, PlatformKey { key: public_key("wechat_platform"), validity: None });
    keys
}

pub type Headers = BTreeMap<String, String>;

pub fn headers_of(case: &Value) -> Headers {
    let pairs = case["headers"].as_object().unwrap().iter();
    pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap().to_owned())).collect()
}

pub fn signature_of(headers: &Headers) -> Result<SignatureHeaders<'_>, VerifyError> {
    SignatureHeaders::from_lookup(|name| headers.get(name).map(String::as_str))
}

/// Headers that the platform makes for a body.
pub fn signed(body: &[u8], at_s: i64) -> Headers {
    let key = signing_key("wechat_platform");
    let made = tillkeeper_formats::wechatpay::signature::sign(body, &key, SERIAL, at_s, NONCE).unwrap();
    made.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

//! Replies and callbacks behind a true signature: whatever the platform could have signed is read without panic.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tk_formats::keys::SigningKey;
use tk_formats::wechatpay::signature::{PlatformKey, PlatformKeys, SignatureHeaders, sign};
use tk_formats::wechatpay::{ApiV3Key, callback, certificates, order, reply, sharing};

const AT_S: i64 = 1_795_233_600;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let pem = include_str!("../../crates/formats/tests/vectors/keys/wechat_platform.pkcs8.pem");
    SigningKey::from_pem(pem).expect("test key")
});
static KEYS: LazyLock<PlatformKeys> = LazyLock::new(|| {
    let mut keys = PlatformKeys::default();
    let key = KEY.verifying_key().expect("public half");
    keys.insert("A", PlatformKey { key, validity: None });
    keys
});

fuzz_target!(|bytes: &[u8]| {
    let secret = ApiV3Key::new("0123456789abcdef0123456789abcdef").expect("32 bytes");
    let made = sign(bytes, &KEY, "A", AT_S, "n").expect("signed");
    let find = |name: &str| made.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let headers = SignatureHeaders::from_lookup(find).expect("headers");
    let _ = callback::decode(&headers, bytes, &KEYS, &secret, AT_S * 1_000_000);
    let _ = certificates::decode(bytes, &secret);
    if let Ok(reply::Reply::Done { fields, .. }) =
        reply::decode(200, Ok(headers), bytes, &KEYS, AT_S * 1_000_000)
    {
        if let Ok(read) = order::parse_order(&fields) {
            assert!(read.total_fen.is_none_or(|fen| fen >= 0));
        }
        if let Ok(read) = order::parse_refund(&fields) {
            assert!(read.refund_fen >= 0);
        }
        if let Ok(read) = sharing::parse_division(&fields) {
            assert!(read.receivers.len() <= 51);
        }
        if let Ok(read) = sharing::parse_return(&fields) {
            assert!(read.amount_fen >= 0);
        }
        if let Ok(read) = sharing::parse_undivided(&fields) {
            assert!(read.unsplit_fen >= 0);
        }
        let _ = sharing::parse_moved(&fields);
    }
});

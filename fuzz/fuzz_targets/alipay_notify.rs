//! Notifications, in the charset they name and in both by force.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tk_formats::alipay::keys::VerifyingKey;
use tk_formats::alipay::{Charset, notify};

static KEY: LazyLock<VerifyingKey> = LazyLock::new(|| {
    let pem = include_str!("../../crates/formats/tests/vectors/keys/alipay_platform.pub.pem");
    VerifyingKey::from_public_pem(pem).expect("test key")
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(word) = std::str::from_utf8(bytes) {
        let _ = notify::TradeStatus::parse(word);
    }
    for charset in [None, Some(Charset::Utf8), Some(Charset::Gbk)] {
        if let Ok(read) = notify::decode(bytes, charset, &KEY) {
            assert_eq!(read.params.get("sign_type"), Some("RSA2"));
        }
    }
});

//! Gateway answers: random bytes never carry a valid signature, so nothing may be accepted but the seeds.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tk_formats::alipay::Charset;
use tk_formats::alipay::keys::VerifyingKey;
use tk_formats::alipay::response::{self, PlatformKeys};

static KEYS: LazyLock<PlatformKeys> = LazyLock::new(|| {
    let pem = include_str!("../../crates/formats/tests/vectors/keys/alipay_platform.pub.pem");
    PlatformKeys::PublicKey(VerifyingKey::from_public_pem(pem).expect("test key"))
});

fuzz_target!(|bytes: &[u8]| {
    for charset in [Charset::Utf8, Charset::Gbk] {
        if let Ok(answer) = response::decode("alipay.trade.query", bytes, charset, &KEYS) {
            assert_eq!(answer.node.get("code").and_then(|code| code.as_str()), Some(answer.code.as_str()));
        }
    }
});

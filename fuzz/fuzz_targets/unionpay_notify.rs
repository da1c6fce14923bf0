//! Notifications: nothing is believed without a signature method agreed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tk_formats::unionpay::notify;
use tk_formats::unionpay::trust::{Roots, Signatory, Verifier};

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let middle = include_str!("../../crates/formats/tests/vectors/keys/unionpay_middle.cer.pem");
    let root = include_str!("../../crates/formats/tests/vectors/keys/unionpay_root.cer.pem");
    Verifier::Certificates(Roots::new(middle, root, Signatory::TestGateway).expect("test roots"))
});

/// 2026-11-21 12:00:00 in Beijing.
const AT_US: i64 = 1_795_233_600_000_000;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = notify::decode(bytes, &VERIFIER, AT_US) {
        assert_eq!(read.message.params.get("signMethod"), Some("01"));
    }
});

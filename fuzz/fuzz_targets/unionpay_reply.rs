//! Synchronous replies: what is believed is the same as what is read.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tk_formats::unionpay::trust::{Roots, Signatory, Verifier};
use tk_formats::unionpay::{message, reply};

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let middle = include_str!("../../crates/formats/tests/vectors/keys/unionpay_middle.cer.pem");
    let root = include_str!("../../crates/formats/tests/vectors/keys/unionpay_root.cer.pem");
    Verifier::Certificates(Roots::new(middle, root, Signatory::TestGateway).expect("test roots"))
});

/// 2026-11-21 12:00:00 in Beijing.
const AT_US: i64 = 1_795_233_600_000_000;

fuzz_target!(|bytes: &[u8]| {
    let parsed = reply::parse(bytes);
    if let Ok(read) = reply::decode(bytes, &VERIFIER, AT_US) {
        assert_eq!(parsed.as_ref().map(|(params, _)| params), Ok(&read.params));
    }
    if let Ok((params, _)) = parsed {
        let _ = message::Message::read(params);
    }
});

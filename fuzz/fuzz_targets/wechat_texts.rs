//! Headers, refusals, certificates and times: nothing signed stands before them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::wechatpay::{authorization, certificates, reply, time};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(refusal) = reply::read_refusal(400, bytes) {
        assert!((1..=64).contains(&refusal.code.len()));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(parts) = authorization::parse(text) {
        assert!(!parts.mchid.is_empty() && !parts.signature.is_empty());
    }
    let _ = certificates::read_pem(text);
    let _ = certificates::serial_no(text);
    if let Ok(at_us) = time::parse_us(text) {
        if let Ok(written) = time::format_us(at_us) {
            assert_eq!(time::parse_us(&written), Ok(at_us.div_euclid(1_000_000) * 1_000_000));
        }
    }
});

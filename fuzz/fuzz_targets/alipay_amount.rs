//! Amounts and times: whatever is accepted is written back to the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::alipay::{amount, time};

fuzz_target!(|text: &str| {
    if let Ok(fen) = amount::parse_signed_fen(text) {
        assert_eq!(amount::parse_signed_fen(&amount::format_fen(fen)), Ok(fen));
        assert_eq!(amount::parse_fen(text).is_ok(), !text.starts_with('-'));
    }
    if let Ok(at_us) = time::parse_us(text) {
        let written = time::format_millis_us(at_us).expect("a time read can be written");
        assert_eq!(time::parse_us(&written), Ok(at_us));
    }
});

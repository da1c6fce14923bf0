//! Fields made of pairs, sensitive fields, amounts, times and packed contents.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::unionpay::{amount, braces, content, sensitive, time};

fuzz_target!(|text: &str| {
    if let Ok(pairs) = braces::read(text) {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(braces::write(&pairs).as_deref(), Ok(text));
    }
    if let Ok(fen) = amount::parse_fen(text) {
        assert!(amount::format_fen(fen).is_ok());
    }
    if let Ok(at_us) = time::parse_us(text) {
        assert_eq!(time::format_us(at_us).as_deref(), Ok(text));
    }
    let _ = sensitive::read_customer_info(text, None);
    if let Ok(bytes) = content::unpack(text, 1 << 16) {
        assert!(bytes.len() <= 1 << 16);
    }
});

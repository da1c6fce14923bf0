//! A form with files as a browser, or anybody, sends it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::multipart;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(fields) = multipart::parse(bytes, "X") {
        assert!(fields.len() <= multipart::FIELDS_MAX);
        assert!(fields.iter().map(|field| field.value.len()).sum::<usize>() <= bytes.len());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(named) = multipart::boundary(text) {
        assert!(text.contains(named) && !named.is_empty());
    }
});

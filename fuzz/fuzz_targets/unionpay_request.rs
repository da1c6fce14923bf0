//! Requests as the simulator reads them: what is read is written again alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::unionpay::{request, sign};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(word) = std::str::from_utf8(bytes)
        && let Some(method) = sign::SignMethod::parse(word)
    {
        assert_eq!(method.code(), word);
    }
    if let Ok(params) = request::parse(bytes)
        && let Ok(body) = request::form_body(&params)
    {
        assert_eq!(request::parse(body.as_bytes()), Ok(params));
    }
});

//! Batch files: what is read is written and read again alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::unionpay::batch;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = batch::read_request(bytes)
        && let Ok(written) = batch::write_request(&file)
    {
        assert_eq!(batch::read_request(&written), Ok(file));
    }
    let _ = batch::read_result(bytes);
});

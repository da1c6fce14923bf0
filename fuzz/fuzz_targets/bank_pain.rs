//! Payment orders and their answers: an order read is written and read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::bank::pain001::{self, Version};
use tk_formats::bank::pain002;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(order) = pain001::read_initiation(bytes) {
        if let Ok(written) = pain001::write_initiation(&order, Version::V09) {
            let again = pain001::read_initiation(&written).expect("what is written is read");
            assert_eq!(again.sum_minor(), order.sum_minor());
        }
    }
    let _ = pain002::read_report(bytes);
});

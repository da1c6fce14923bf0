//! Bill archives, within small limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::alipay::bill::{self, Limits};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { archive_bytes: 1 << 20, entries: 8, expanded_bytes: 4 << 20, ratio: 200 };
    if let Ok(entries) = bill::read_archive(bytes, &limits) {
        assert!(entries.len() <= limits.entries);
        assert!(entries.iter().map(|entry| entry.bytes.len()).sum::<usize>() <= 4 << 20);
    }
    let _ = bill::trade::read_zip(bytes, &limits);
    let _ = bill::fund::read_zip(bytes, &limits);
});

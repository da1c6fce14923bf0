//! Settlement archives, and records put straight into one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::archive::{Entry, Limits, write_archive};
use tk_formats::unionpay::settlement;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { expanded_bytes: 1 << 20, ..Limits::default() };
    let _ = settlement::read_zip(bytes, &limits);
    let names = ["INN26112088ZM_777290058110048", "INN26112088ZME_777290058110048"];
    let entries = names.map(|name| Entry { name: name.to_owned(), bytes: bytes.to_vec() });
    for entries in [&entries[..1], &entries[..]] {
        let zip = write_archive(entries, 1_795_233_600_000_000).expect("a small archive");
        if let Ok(file) = settlement::read_zip(&zip, &limits) {
            let _ = file.totals();
        }
    }
});

//! mt940 statements: whatever is read balances.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::bank::{Line, mt940};

fuzz_target!(|bytes: &[u8]| {
    for statement in mt940::read_statements(bytes, tk_formats::bank::Encoding::Auto).unwrap_or_default() {
        let sum: i64 = statement.lines.iter().map(Line::signed_minor).sum();
        assert_eq!(statement.opening_minor.map(|opening| opening + sum), statement.closing_minor);
    }
});

//! camt053 statements: whatever is read balances.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::bank::{Line, camt053};

fuzz_target!(|bytes: &[u8]| {
    for statement in camt053::read_statements(bytes).unwrap_or_default() {
        let sum: i64 = statement.lines.iter().map(Line::signed_minor).sum();
        assert_eq!(statement.opening_minor.map(|opening| opening + sum), statement.closing_minor);
    }
});

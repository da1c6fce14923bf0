//! Bank statements as CSV: any bytes by every mapping that comes with the program.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::bank::amount::{NumberStyle, parse_comma, parse_signed, parse_unsigned};
use tk_formats::bank::{Encoding, csv, decode_text};

fuzz_target!(|bytes: &[u8]| {
    for name in ["ccb_corporate", "cmb_debit", "debit_credit", "sign_flag"] {
        let mapping = csv::profile(name).expect("profile");
        if let Ok(statement) = csv::read_statement(bytes, &mapping) {
            assert!(statement.lines.iter().all(|line| line.amount_minor > 0));
        }
    }
    if let Ok(text) = decode_text(bytes, Encoding::Gb18030) {
        let _ = parse_signed(&text, NumberStyle::POINT_GROUPED);
        let _ = parse_comma(&text);
        let _ = parse_unsigned(&text, NumberStyle::POINT);
    }
});

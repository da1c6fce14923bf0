//! Bill files: what was accepted and written once is read and written the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::wechatpay::bill::fund::{read_fund_sheet, write_fund_sheet};
use tk_formats::wechatpay::bill::trade::{read_trade_sheet, write_trade_sheet};
use tk_formats::wechatpay::bill::{Limits, TradeSheet, gunzip};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { plain_bytes: 4 << 20, ..Limits::default() };
    let plain = gunzip(bytes, &limits).unwrap_or_else(|_| bytes.to_vec());
    for sheet in [TradeSheet::All, TradeSheet::Success, TradeSheet::Refund] {
        if let Ok(read) = read_trade_sheet(&plain, sheet) {
            if let Ok(written) = write_trade_sheet(&read) {
                let again = read_trade_sheet(&written, sheet).expect("own file");
                assert_eq!(write_trade_sheet(&again), Ok(written));
            }
        }
    }
    if let Ok(read) = read_fund_sheet(&plain) {
        if let Ok(written) = write_fund_sheet(&read) {
            let again = read_fund_sheet(&written).expect("own file");
            assert_eq!(write_fund_sheet(&again), Ok(written));
        }
    }
});

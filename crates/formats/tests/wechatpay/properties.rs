//! What must hold for any input: exact round trips, and no panic anywhere.

use crate::material::{AT_S, NOW_US, both_modes, secret, signature_of, signed};
use proptest::collection::vec;
use proptest::prelude::*;
use tillkeeper_formats::wechatpay::bill::trade::{read_trade_sheet, write_trade_sheet};
use tillkeeper_formats::wechatpay::bill::{
    Limits, RefundCells, TradeBill, TradeRow, TradeRowState, TradeSheet, fund, gunzip, gzip,
};
use tillkeeper_formats::wechatpay::{authorization, callback, certificates, order, reply, time};

fn cell() -> impl Strategy<Value = String> {
    "[ -_a-~保单，]{0,12}"
}

fn number() -> impl Strategy<Value = String> {
    "[1-9][0-9A-Z]{0,27}"
}

const FEN: std::ops::Range<i64> = 0..1_000_000_000_000;

fn refund_cells() -> impl Strategy<Value = RefundCells> {
    (number(), number(), FEN, FEN, cell(), cell()).prop_map(
        |(refund_id, out_refund_no, refund_fen, coupon_fen, kind, status)| RefundCells {
            requested_at_us: None,
            success_at_us: None,
            refund_id,
            out_refund_no,
            refund_fen,
            coupon_fen,
            kind,
            status,
            requested_fen: refund_fen + coupon_fen,
        },
    )
}

fn row() -> impl Strategy<Value = TradeRow> {
    let texts = (number(), number(), cell(), cell(), cell());
    (texts, FEN, FEN, -1_000_000_i64..1_000_000, proptest::option::of(refund_cells())).prop_map(
        |(
            (transaction_id, out_trade_no, openid, description, attach),
            settled_fen,
            order_fen,
            fee_fen,
            refund,
        )| {
            TradeRow {
                traded_at_us: NOW_US,
                appid: "wx1".to_owned(),
                mchid: "1900000001".to_owned(),
                sub_mchid: "0".to_owned(),
                device: String::new(),
                transaction_id,
                out_trade_no,
                openid,
                trade_type: "NATIVE".to_owned(),
                state: if refund.is_some() { TradeRowState::Refund } else { TradeRowState::Success },
                bank: "OTHERS".to_owned(),
                currency: "CNY".to_owned(),
                settled_fen,
                coupon_fen: 0,
                refund,
                description,
                attach,
                fee_fen,
                fee_rate: "0.60%".to_owned(),
                order_fen,
                rate_note: String::new(),
            }
        },
    )
}

/// Bytes that look like a bill more often than chance would have it.
fn sheetlike() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("交易时间,商户号,微信订单号\n".to_owned()),
        Just("`1,`2\n".to_owned()),
        Just("总交易单数\n".to_owned()),
        "[`,0-9.\\-\r\n]{0,20}",
    ];
    prop_oneof![vec(any::<u8>(), 0..200), vec(line, 0..8).prop_map(|lines| lines.concat().into_bytes())]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trade_bills_survive_the_round_trip(rows in vec(row(), 0..12)) {
        let bill = TradeBill { sheet: TradeSheet::All, rows };
        // Two cells side by side could end and begin with comma and backtick only if a cell held a backtick.
        let written = write_trade_sheet(&bill).unwrap();
        prop_assert_eq!(read_trade_sheet(&written, TradeSheet::All).unwrap(), bill);
    }

    #[test]
    fn times_survive_the_round_trip(seconds in -62_135_596_800_i64..253_402_271_999) {
        let text = time::format_us(seconds * 1_000_000).unwrap();
        prop_assert_eq!(time::parse_us(&text).unwrap(), seconds * 1_000_000);
    }

    #[test]
    fn whatever_was_packed_is_unpacked(plain in vec(any::<u8>(), 0..4_000)) {
        prop_assert_eq!(gunzip(&gzip(&plain).unwrap(), &Limits::default()).unwrap(), plain);
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in sheetlike(), status in 100_u16..600) {
        for sheet in [TradeSheet::All, TradeSheet::Success, TradeSheet::Refund] {
            let _ = read_trade_sheet(&bytes, sheet);
        }
        let _ = fund::read_fund_sheet(&bytes);
        let _ = gunzip(&bytes, &Limits::default());
        let _ = reply::read_refusal(status, &bytes);
        let _ = certificates::decode(&bytes, &secret());
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = authorization::parse(text);
            let _ = time::parse_us(text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_signed_makes_a_reader_panic(body in "[{}\\[\\]\":,a-z0-9 ]{0,120}", status in 200_u16..206) {
        let headers = signed(body.as_bytes(), AT_S);
        let signature = signature_of(&headers).unwrap();
        let _ = callback::decode(&signature, body.as_bytes(), &both_modes(), &secret(), NOW_US);
        if let Ok(reply::Reply::Done { fields, .. }) =
            reply::decode(status, Ok(signature), body.as_bytes(), &both_modes(), NOW_US)
        {
            let _ = order::parse_order(&fields);
            let _ = order::parse_refund(&fields);
        }
    }
}

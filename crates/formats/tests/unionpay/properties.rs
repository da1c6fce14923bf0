//! What holds for any message and any file.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use tillkeeper_formats::archive::Limits;
use tillkeeper_formats::unionpay::batch::{RequestFile, Table};
use tillkeeper_formats::unionpay::request::Merchant;
use tillkeeper_formats::unionpay::settlement::{ErrorRow, SettlementFile, Signed, TradeRow};
use tillkeeper_formats::unionpay::sign::{Hash, SharedKey, Signer, string_to_sign};
use tillkeeper_formats::unionpay::trust::Verifier;
use tillkeeper_formats::unionpay::{
    Charset, Params, amount, batch, braces, content, notify, reply, request, settlement, time,
};

use crate::desk::{self, AT_US};

static SHARED: LazyLock<SharedKey> = LazyLock::new(|| SharedKey::new(Hash::Sm3, "key"));

fn fields() -> impl Strategy<Value = Params> {
    vec(("[a-zA-Z]{1,8}", "[^&{}\\[\\]]{0,12}"), 0..10).prop_map(|pairs| {
        let mut params = desk::form(&[
            ("encoding", "UTF-8"),
            ("respCode", "00"),
            ("orderId", "T1"),
            ("txnTime", "20261121120000"),
            ("txnType", "01"),
        ]);
        for (name, value) in pairs {
            if !["signature", "signMethod", "signPubKeyCert", "txnAmt"].contains(&name.as_str()) {
                let _ = params.insert(name, value);
            }
        }
        params
    })
}

fn signed() -> impl Strategy<Value = Signed> {
    prop_oneof![
        (0..=999_999_999_999_i64).prop_map(Signed::Credit),
        (0..=999_999_999_999_i64).prop_map(Signed::Debit),
        Just(Signed::Nothing),
    ]
}

fn trade() -> impl Strategy<Value = TradeRow> {
    ("[0-9]{1,21}", "[A-Z0-9保单]{0,16}", "[0-9]{2}", 0..=999_999_999_999_i64, signed(), signed()).prop_map(
        |(query_id, order_id, txn_type, fen, fee, settle)| {
            let texts = [
                ("query_id", query_id.as_str()),
                ("order_id", &order_id),
                ("txn_type", &txn_type),
                ("mer_id", "777290058110048"),
            ];
            TradeRow::new(&texts, fen, fee, settle).unwrap()
        },
    )
}

fn error() -> impl Strategy<Value = ErrorRow> {
    (0..=999_999_999_999_i64, signed(), signed()).prop_map(|(fen, fee, settle)| {
        ErrorRow::new(&[("mer_id", "777290058110048"), ("txn_code", "E74")], fen, fee, settle).unwrap()
    })
}

proptest! {
    #[test]
    fn any_amount_and_time_is_read_back(fen in 0..=999_999_999_999_i64, second in 0..4_000_000_000_i64) {
        prop_assert_eq!(amount::parse_fen(&amount::format_fen(fen).unwrap()), Ok(fen));
        let at_us = second * 1_000_000;
        prop_assert_eq!(time::parse_us(&time::format_us(at_us).unwrap()), Ok(at_us));
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in vec(any::<u8>(), 0..400), text in "[{}\\[\\]&=a%0-9|\n-]{0,80}") {
        let verifier = desk::verifier();
        for body in [bytes.as_slice(), text.as_bytes()] {
            let _ = reply::decode(body, &verifier, AT_US);
            let _ = notify::decode(body, &verifier, AT_US);
            let _ = request::parse(body);
            let _ = batch::read_request(body);
            let _ = batch::read_result(body);
            let _ = settlement::read_zip(body, &Limits::default());
        }
        let _ = braces::read(&text);
        let _ = content::unpack(&text, 1000);
    }

    #[test]
    fn any_signed_message_is_read_back(params in fields()) {
        let (signer, verifier) = (Signer::Shared(SHARED.clone()), Verifier::Shared(SHARED.clone()));
        let form = notify::encode(&params, &signer, None).unwrap();
        let read = notify::decode(&form, &verifier, AT_US).unwrap();
        for (name, value) in params.iter() {
            prop_assert_eq!(read.message.params.get(name), Some(value));
        }
        let raw = reply::encode(&params, &signer, None).unwrap();
        let again = reply::decode(&raw, &verifier, AT_US).unwrap();
        prop_assert_eq!(again, read.message);
    }

    #[test]
    fn any_request_is_read_back(pairs in vec(("[a-z]{1,8}", ".{0,12}"), 0..10)) {
        let fields: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if let Ok(sealed) = request::seal(&fields, &Signer::Shared(SHARED.clone()), Charset::Utf8) {
            let body = request::form_body(&sealed).unwrap();
            let read = request::verify(body.as_bytes(), &Merchant::Shared(SHARED.clone()));
            prop_assert_eq!(read, Ok(sealed));
        }
    }

    #[test]
    fn a_changed_byte_never_passes_as_another_message(at in 0_usize..600, to in any::<u8>()) {
        let given = desk::form(&[
            ("encoding", "UTF-8"), ("respCode", "00"), ("orderId", "T1"), ("txnTime", "20261121120000"),
            ("txnType", "01"), ("txnAmt", "1000"), ("reserved", "{a=1&b=2}"),
        ]);
        let (signer, verifier) = (Signer::Shared(SHARED.clone()), Verifier::Shared(SHARED.clone()));
        let genuine = reply::decode(&reply::encode(&given, &signer, None).unwrap(), &verifier, AT_US).unwrap();
        let mut form = notify::encode(&given, &signer, None).unwrap();
        let place = at % form.len();
        form[place] = to;
        if let Ok(read) = notify::decode(&form, &verifier, AT_US) {
            prop_assert_eq!(string_to_sign(&read.message.params), string_to_sign(&genuine.params));
        }
        let mut raw = reply::encode(&given, &signer, None).unwrap();
        let place = at % raw.len();
        raw[place] = to;
        if let Ok(read) = reply::decode(&raw, &verifier, AT_US) {
            prop_assert_eq!(string_to_sign(&read.params), string_to_sign(&genuine.params));
        }
    }

    #[test]
    fn any_content_is_unpacked_again(bytes in vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(content::unpack(&content::pack(&bytes).unwrap(), 2000), Ok(bytes));
    }

    #[test]
    fn any_batch_is_read_back(rows in vec(("[A-Z0-9]{1,20}", 0..=999_999_999_999_i64, "[^|\r\n]{0,8}"), 0..20)) {
        let columns = ["orderId", "txnAmt", "postscript"].map(str::to_owned).to_vec();
        let rows = rows.into_iter().map(|(order, fen, text)| vec![order, fen.to_string(), text]).collect();
        let file = RequestFile {
            version: "5.0.0".to_owned(),
            reserved: [String::new(), String::new()],
            table: Table { columns, rows },
        };
        prop_assert_eq!(batch::read_request(&batch::write_request(&file).unwrap()), Ok(file));
    }

    #[test]
    fn any_settlement_file_is_read_back(trades in vec(trade(), 0..8), errors in vec(error(), 0..4)) {
        let file = SettlementFile {
            mer_id: "777290058110048".to_owned(),
            day: "261120".to_owned(),
            trades,
            errors,
            summary: None,
        };
        let text = settlement::file_content(&file, AT_US).unwrap();
        prop_assert_eq!(settlement::from_content(&text, &Limits::default()), Ok(file));
    }
}

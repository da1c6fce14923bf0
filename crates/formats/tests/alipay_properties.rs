//! What must hold for any input: exact round trips, and no panic anywhere.

#![expect(clippy::expect_used, reason = "a failed step fails the test")]

use std::sync::LazyLock;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};
use tillkeeper_formats::alipay::bill::{self, BillHead, Limits, TradeBill, TradeKind, TradeRow};
use tillkeeper_formats::alipay::keys::SigningKey;
use tillkeeper_formats::alipay::params::{self, Params};
use tillkeeper_formats::alipay::response::{self, PlatformKeys};
use tillkeeper_formats::alipay::{Charset, amount, notify, time};

const METHOD: &str = "alipay.trade.query";
const KEY_PEM: &str = include_str!("vectors/keys/alipay_platform.pkcs8.pem");

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_pem(KEY_PEM).expect("test key"));
static KEYS: LazyLock<PlatformKeys> =
    LazyLock::new(|| PlatformKeys::PublicKey(KEY.verifying_key().expect("public half")));

fn charset() -> impl Strategy<Value = Charset> {
    prop_oneof![Just(Charset::Utf8), Just(Charset::Gbk)]
}

fn node() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::from),
        "[\\\\{}\\[\\],:\"/誠亄]{0,8}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z\"\\\\{}]{0,4}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    });
    btree_map("[a-z\"\\\\{}]{0,6}", value, 0..4).prop_map(|map| {
        let mut node: Value = map.into_iter().collect();
        node["code"] = json!("10000");
        node
    })
}

/// A cell text the format can carry: no separators, no blanks at the ends, GBK characters only.
fn cell() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9（）测试商品#*]{0,12}"
}

prop_compose! {
    fn trade_row()(
        texts in vec(cell(), 7),
        amounts in vec(0_i64..10_000_000_000, 5),
        times in vec(0_i64..4_000_000_000, 2),
        refund in any::<bool>(),
        fee in -100_000_i64..100_000,
    ) -> TradeRow {
        let kind = if refund { TradeKind::Refund } else { TradeKind::Payment };
        let sign = if refund { -1 } else { 1 };
        TradeRow {
            trade_no: format!("N{}", texts[0]), out_trade_no: format!("T{}", texts[1]), kind,
            subject: texts[2].clone(), created_at_us: times[0] * 1_000_000, completed_at_us: times[1] * 1_000_000,
            store_no: String::new(), store_name: String::new(), operator: texts[3].clone(), terminal_no: String::new(),
            counterparty: texts[4].clone(), order_amount_fen: sign * amounts[0], received_fen: sign * amounts[1],
            red_packet_fen: amounts[2], points_fen: 0, platform_discount_fen: sign * amounts[3],
            merchant_discount_fen: sign * amounts[4], coupon_fen: 0, coupon_name: texts[5].clone(),
            merchant_red_packet_fen: 0, card_fen: 0,
            refund_request_no: if refund { "R1".to_owned() } else { String::new() },
            service_fee_fen: fee, split_fen: 0, remark: texts[6].clone(),
        }
    }
}

proptest! {
    #[test]
    fn amounts_round_trip(fen in any::<i64>()) {
        let text = amount::format_fen(fen);
        prop_assert_eq!(amount::parse_signed_fen(&text).ok(), if fen == i64::MIN { None } else { Some(fen) });
        prop_assert_eq!(amount::parse_fen(&text).is_ok(), fen >= 0);
    }

    #[test]
    fn an_accepted_amount_is_the_number_written(text in "[0-9+e. -]{0,12}") {
        if let Ok(fen) = amount::parse_signed_fen(&text) {
            let (yuan, decimals) = text.split_once('.').unwrap_or((&text, ""));
            let hundredfold: i64 = format!("{yuan}{decimals:0<2}").parse().unwrap();
            prop_assert_eq!(hundredfold, fen);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-'));
        }
    }

    #[test]
    fn times_round_trip(seconds in -60_000_000_000_i64..250_000_000_000) {
        let text = time::format_us(seconds * 1_000_000).unwrap();
        prop_assert_eq!(time::parse_us(&text), Ok(seconds * 1_000_000));
    }

    #[test]
    fn params_round_trip(pairs in btree_map("[^\\x00]{1,8}", any::<String>(), 0..20), charset in charset()) {
        let mut given = Params::new();
        for (name, value) in pairs {
            given.insert(name, value).unwrap();
        }
        if let Ok(text) = params::encode_urlencoded(&given, charset) {
            prop_assert_eq!(params::parse_urlencoded(text.as_bytes(), charset), Ok(given));
        } else {
            prop_assert_eq!(charset, Charset::Gbk);
        }
    }

    #[test]
    fn the_signed_string_does_not_depend_on_order(pairs in btree_map("[a-z_]{1,8}", "[^&]{0,8}", 0..20)) {
        let (mut forward, mut backward) = (Params::new(), Params::new());
        for (name, value) in &pairs {
            forward.insert(name, value).unwrap();
        }
        for (name, value) in pairs.iter().rev() {
            backward.insert(name, value).unwrap();
        }
        prop_assert_eq!(params::request_string(&forward), params::request_string(&backward));
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in vec(any::<u8>(), 0..400), charset in charset()) {
        let _ = params::parse_urlencoded(&bytes, charset);
        let _ = params::detect_charset(&bytes);
        let _ = response::decode(METHOD, &bytes, charset, &KEYS);
        let _ = bill::read_archive(&bytes, &Limits::default());
        let _ = bill::trade::read_detail(&bytes);
        let _ = bill::fund::read_detail(&bytes);
    }

    #[test]
    fn no_json_like_text_makes_the_scanner_panic(text in "[{}\\[\\]\",:\\\\a誠 1]{0,60}", charset in charset()) {
        if let Ok(bytes) = charset.encode(&text) {
            let _ = response::decode(METHOD, &bytes, charset, &KEYS);
            let body = [b"{\"error_response\":".as_slice(), &bytes, b"}"].concat();
            let _ = response::decode(METHOD, &body, charset, &KEYS);
        }
    }

    #[test]
    fn no_bill_like_text_makes_a_reader_panic(text in "(#?[支付宝业务明细查询列表结束交易合计笔共元：，\\[\\]0-9.,\t-]{0,20}\r?\n){0,8}") {
        let bytes = Charset::Gbk.encode(&text).unwrap();
        let whole = [Charset::Gbk.encode("#支付宝业务明细查询\r\n").unwrap().as_ref(), &bytes].concat();
        let _ = bill::trade::read_detail(&bytes);
        let _ = bill::trade::read_detail(&whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_signed_node_is_read_back(node in node(), charset in charset(), serial in proptest::option::of("[a-f0-9]{32}")) {
        if let Ok(body) = response::encode(METHOD, &node, &KEY, serial.as_deref(), charset) {
            let answer = response::decode(METHOD, &body, charset, &KEYS);
            prop_assert_eq!(answer.map(|answer| Value::Object(answer.node)), Ok(node));
        } else {
            prop_assert_eq!(charset, Charset::Gbk);
        }
    }

    #[test]
    fn a_changed_byte_never_passes_as_another_answer(at in 0_usize..300, to in any::<u8>()) {
        let node = json!({"code": "10000", "msg": "Success", "trade_status": "TRADE_SUCCESS", "total_amount": "88.88"});
        let mut body = response::encode(METHOD, &node, &KEY, None, Charset::Utf8).unwrap();
        let at = at % body.len();
        body[at] = to;
        if let Ok(answer) = response::decode(METHOD, &body, Charset::Utf8, &KEYS) {
            prop_assert_eq!(Value::Object(answer.node), node);
        }
    }

    #[test]
    fn a_changed_byte_never_passes_as_another_notification(at in 0_usize..600, to in any::<u8>()) {
        let mut given = Params::new();
        for (name, value) in [("app_id", "1"), ("notify_id", "2"), ("notify_type", "x"), ("sign_type", "RSA2"), ("note", "88.88")] {
            given.insert(name, value).unwrap();
        }
        let public = KEY.verifying_key().unwrap();
        let mut body = notify::encode(&given, &KEY).unwrap();
        let at = at % body.len();
        body[at] = to;
        if let Ok(read) = notify::decode(&body, None, &public) {
            prop_assert_eq!(params::notify_string(&read.params), params::notify_string(&given));
        }
    }

    #[test]
    fn any_trade_bill_is_read_back(rows in vec(trade_row(), 0..12)) {
        let head = BillHead {
            account: "20881011179556110156".to_owned(), from_us: 1_795_104_000_000_000,
            to_us: 1_795_190_400_000_000, exported_at_us: 1_795_211_209_000_000,
        };
        let bill = TradeBill { head, rows };
        let zip = bill::trade::write_zip(&bill).unwrap();
        prop_assert_eq!(bill::trade::read_zip(&zip, &Limits::default()), Ok(bill));
    }
}

//! Hostile and broken inputs: each is refused for the reason named.

use crate::material::{
    AT_S, NONCE, NOW_US, PUBLIC_KEY_ID, SERIAL, both_modes, bytes_of, headers_of, public_key, secret,
    signature_of, signed, signing_key, text, text_of, vector,
};
use serde_json::{Map, Value, json};
use tillkeeper_formats::alipay::cert::Validity;
use tillkeeper_formats::alipay::keys::SignatureError;
use tillkeeper_formats::wechatpay::authorization::{self, AuthorizationError, Request};
use tillkeeper_formats::wechatpay::bill::fund::read_fund_sheet;
use tillkeeper_formats::wechatpay::bill::trade::{read_trade_sheet, write_trade_sheet};
use tillkeeper_formats::wechatpay::bill::{BillError, Limits, TradeSheet, check_sha1, gunzip, gzip};
use tillkeeper_formats::wechatpay::callback::{self, CallbackError};
use tillkeeper_formats::wechatpay::certificates::{self, CertificatesError};
use tillkeeper_formats::wechatpay::field::{FieldError, FieldOpener, FieldSealer};
use tillkeeper_formats::wechatpay::order::{FieldWrong, parse_order, parse_refund};
use tillkeeper_formats::wechatpay::reply::{self, Reply, ReplyError};
use tillkeeper_formats::wechatpay::sharing::{
    DivisionState, ReturnState, ShareState, parse_division, parse_return,
};
use tillkeeper_formats::wechatpay::signature::{PlatformKey, PlatformKeys, VerifyError};
use tillkeeper_formats::wechatpay::{AeadError, ApiV3Key, time};

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("an object") };
    map
}

fn genuine() -> (crate::material::Headers, Vec<u8>) {
    let cases = vector("wechat_callback.json");
    let case = &cases["cases"][0];
    (headers_of(case), text(case, "body").as_bytes().to_vec())
}

fn decoded(
    headers: &crate::material::Headers,
    body: &[u8],
    now_us: i64,
) -> Result<callback::Notice, CallbackError> {
    callback::decode(&signature_of(headers)?, body, &both_modes(), &secret(), now_us)
}

#[test]
fn a_replayed_timestamp_is_refused_after_five_minutes() {
    let (headers, body) = genuine();
    for off_us in [-300_000_000, -1, 0, 300_000_000] {
        decoded(&headers, &body, NOW_US + off_us).unwrap();
    }
    for off_us in [-300_000_001, 300_000_001, 2_592_000_000_000] {
        let refused = decoded(&headers, &body, NOW_US + off_us).unwrap_err();
        assert_eq!(refused, CallbackError::Verify(VerifyError::TimestampOff), "{off_us}");
    }
    for wrong in ["", "-1795233600", "+1795233600", "1795233600.0", "99999999999999999999", "１"] {
        let mut headers = headers.clone();
        headers.insert("wechatpay-timestamp".to_owned(), wrong.to_owned());
        let refused = decoded(&headers, &body, NOW_US).unwrap_err();
        let expected = if wrong.is_empty() {
            VerifyError::Missing("wechatpay-timestamp")
        } else {
            VerifyError::TimestampInvalid
        };
        assert_eq!(refused, CallbackError::Verify(expected), "{wrong:?}");
    }
}

#[test]
fn an_unknown_or_expired_serial_verifies_nothing() {
    let (mut headers, body) = genuine();
    headers.insert("wechatpay-serial".to_owned(), "00".to_owned());
    let refused = decoded(&headers, &body, NOW_US).unwrap_err();
    assert_eq!(refused, CallbackError::Verify(VerifyError::SerialUnknown("00".to_owned())));
    headers.insert("wechatpay-serial".to_owned(), SERIAL.to_owned());
    let mut keys = PlatformKeys::default();
    let ended = Validity { not_before_us: 0, not_after_us: NOW_US - 1 };
    keys.insert(SERIAL, PlatformKey { key: public_key("wechat_platform"), validity: Some(ended) });
    let checked = signature_of(&headers).unwrap().verify(&body, &keys, NOW_US);
    assert_eq!(checked, Err(VerifyError::OutsideValidity(SERIAL.to_owned())));
    let mut foreign = PlatformKeys::default();
    foreign.insert(SERIAL, PlatformKey { key: public_key("wechat_merchant"), validity: None });
    let checked = signature_of(&headers).unwrap().verify(&body, &foreign, NOW_US);
    assert_eq!(checked, Err(VerifyError::Signature(SignatureError::Mismatch)));
}

#[test]
fn probes_and_other_schemes_are_refused_before_anything_is_computed() {
    let (headers, body) = genuine();
    let mut probe = headers.clone();
    let wrong = format!("WECHATPAY/SIGNTEST/{}", headers["wechatpay-signature"]);
    probe.insert("wechatpay-signature".to_owned(), wrong);
    assert_eq!(decoded(&probe, &body, NOW_US).unwrap_err(), CallbackError::Verify(VerifyError::Probe));
    let mut other = headers.clone();
    other.insert("wechatpay-signature-type".to_owned(), "WECHATPAY2-SM2-WITH-SM3".to_owned());
    assert_eq!(decoded(&other, &body, NOW_US).unwrap_err(), CallbackError::Verify(VerifyError::TypeRefused));
    for name in ["wechatpay-signature", "wechatpay-nonce", "wechatpay-serial"] {
        let mut lacking = headers.clone();
        lacking.remove(name);
        let refused = decoded(&lacking, &body, NOW_US).unwrap_err();
        assert!(matches!(refused, CallbackError::Verify(VerifyError::Missing(_))), "{name}: {refused}");
    }
}

#[test]
fn every_flipped_byte_of_a_callback_is_noticed() {
    let (headers, body) = genuine();
    for at in (0..body.len()).step_by(7) {
        let mut flipped = body.clone();
        flipped[at] ^= 1;
        let refused = decoded(&headers, &flipped, NOW_US).unwrap_err();
        assert_eq!(refused, CallbackError::Verify(VerifyError::Signature(SignatureError::Mismatch)));
    }
}

fn callback_of(body: &Value) -> CallbackError {
    let body = body.to_string().into_bytes();
    decoded(&signed(&body, AT_S), &body, NOW_US).unwrap_err()
}

#[test]
fn signed_callbacks_of_another_shape_are_refused() {
    let (_, body) = genuine();
    let sound: Value = serde_json::from_slice(&body).unwrap();
    let changed = |change: fn(&mut Value)| {
        let mut copy = sound.clone();
        change(&mut copy);
        callback_of(&copy)
    };
    assert_eq!(changed(|b| b["id"] = Value::Null), CallbackError::Malformed("id"));
    assert_eq!(changed(|b| b["create_time"] = "2026".into()), CallbackError::Malformed("create_time"));
    assert_eq!(changed(|b| b["resource"] = json!([])), CallbackError::Malformed("resource"));
    assert_eq!(changed(|b| b["resource_type"] = "plain".into()), CallbackError::Malformed("resource_type"));
    assert_eq!(
        changed(|b| b["resource"]["algorithm"] = "none".into()),
        CallbackError::Sealed(AeadError::AlgorithmRefused)
    );
    assert_eq!(
        changed(|b| b["resource"]["associated_data"] = "refund".into()),
        CallbackError::Sealed(AeadError::Mismatch)
    );
    assert_eq!(
        changed(|b| b["resource"]["nonce"] = "short".into()),
        CallbackError::Sealed(AeadError::Malformed)
    );
    let twice = br#"{"id":"1","id":"2"}"#;
    let refused = decoded(&signed(twice, AT_S), twice, NOW_US).unwrap_err();
    assert_eq!(refused, CallbackError::Malformed("not a JSON object"));
    let gbk = [0xd6, 0xd0, 0xce, 0xc4];
    let refused = decoded(&signed(&gbk, AT_S), &gbk, NOW_US).unwrap_err();
    assert_eq!(refused, CallbackError::Malformed("not UTF-8"));
    let large = vec![b' '; callback::BODY_MAX_BYTES + 1];
    let refused = decoded(&signed(&large, AT_S), &large, NOW_US).unwrap_err();
    assert_eq!(refused, CallbackError::TooLarge);
}

#[test]
fn a_callback_sealed_for_another_merchant_does_not_open() {
    let (headers, body) = genuine();
    let other = ApiV3Key::new("fedcba9876543210fedcba9876543210").unwrap();
    let read =
        callback::decode(&signature_of(&headers).unwrap(), &body, &both_modes(), &other, NOW_US).unwrap_err();
    assert_eq!(read, CallbackError::Sealed(AeadError::Mismatch));
    for wrong in ["", "short", "0123456789abcdef0123456789abcdef0"] {
        assert_eq!(ApiV3Key::new(wrong).unwrap_err(), AeadError::KeyLength);
    }
    assert!(!format!("{other:?}").contains("fedc"));
}

#[test]
fn replies_without_a_true_signature_are_no_successes() {
    let keys = both_modes();
    let body = br#"{"prepay_id":"wx1"}"#;
    let none = crate::material::Headers::new();
    let unsigned = reply::decode(200, signature_of(&none), body, &keys, NOW_US);
    assert_eq!(unsigned, Err(ReplyError::Verify(VerifyError::Missing("wechatpay-timestamp"))));
    let headers = signed(b"{}", AT_S);
    let moved = reply::decode(200, signature_of(&headers), body, &keys, NOW_US);
    assert_eq!(moved, Err(ReplyError::Verify(VerifyError::Signature(SignatureError::Mismatch))));
    let headers = signed(b"", AT_S);
    let closed = reply::decode(204, signature_of(&headers), b"", &keys, NOW_US);
    assert_eq!(closed, Ok(Reply::Done { status: 204, fields: Map::new() }));
    // A refusal whose signature is there, and wrong, is no refusal.
    let refusal = br#"{"code":"ORDER_NOT_EXIST","message":"x"}"#;
    let wrong = reply::decode(404, signature_of(&headers), refusal, &keys, NOW_US);
    assert!(matches!(wrong, Err(ReplyError::Verify(_))));
}

#[test]
fn refusals_need_a_plain_code() {
    for (body, expected) in [
        (&b"<html></html>"[..], ReplyError::NotJson),
        (b"", ReplyError::NotJson),
        (br#"{"code":"A","code":"B"}"#, ReplyError::NotJson),
        (br#"{"message":"x"}"#, ReplyError::CodeMissing),
        (br#"{"code":5}"#, ReplyError::CodeMissing),
        (br#"{"code":"<b>"}"#, ReplyError::CodeMissing),
        (b"{\"code\":\"SYSTEM_ERROR\"\xff}", ReplyError::NotJson),
    ] {
        assert_eq!(reply::read_refusal(500, body), Err(expected), "{}", String::from_utf8_lossy(body));
    }
    let long = format!("{{\"code\":\"{}\"}}", "A".repeat(65));
    assert_eq!(reply::read_refusal(400, long.as_bytes()), Err(ReplyError::CodeMissing));
}

#[test]
fn amounts_are_whole_fen_of_64_bits() {
    for wrong in [
        json!(1.5),
        json!("100"),
        json!(-1),
        json!(true),
        json!([1]),
        json!(1e30),
        json!(9_223_372_036_854_775_808_u64),
    ] {
        let order =
            object(json!({ "out_trade_no": "T1", "trade_state": "SUCCESS", "amount": { "total": wrong } }));
        assert_eq!(parse_order(&order), Err(FieldWrong("total")), "{order:?}");
        let refund = object(json!({
            "out_trade_no": "T1", "out_refund_no": "R1", "refund_id": "5", "status": "SUCCESS",
            "amount": { "total": 1, "refund": order["amount"]["total"] },
        }));
        assert_eq!(parse_refund(&refund), Err(FieldWrong("refund")), "{refund:?}");
    }
    let most =
        object(json!({ "out_trade_no": "T1", "trade_state": "NOTPAY", "amount": { "total": i64::MAX } }));
    assert_eq!(parse_order(&most).unwrap().total_fen, Some(i64::MAX));
}

#[test]
fn coupons_are_read_strictly_and_add_up() {
    let order = |list: Value| {
        parse_order(&object(json!({
            "out_trade_no": "T1", "trade_state": "SUCCESS", "amount": { "total": 100, "payer_total": 70 },
            "promotion_detail": list,
        })))
    };
    let cash = json!({ "coupon_id": "1", "type": "CASH", "amount": 10, "merchant_contribute": 10 });
    let no_cash = json!({ "coupon_id": "2", "type": "NOCASH", "amount": 15, "wechatpay_contribute": 15 });
    let untold = json!({ "coupon_id": "3", "amount": 5, "merchant_contribute": 2 });
    let read = order(json!([cash, no_cash, untold])).unwrap();
    assert_eq!((read.payer_total_fen, read.promotions.whole_fen), (Some(70), 30));
    assert_eq!(read.promotions.unsettled_fen, 17, "by its type, else by who contributed");
    assert_eq!(order(json!([])).unwrap().promotions.whole_fen, 0);
    assert_eq!(order(json!(null)).unwrap().promotions.whole_fen, 0);
    for wrong in [
        json!({}),
        json!("[]"),
        json!([1]),
        json!([{ "type": "CASH" }]),
        json!([{ "type": "GOLD", "amount": 1 }]),
        json!([{ "amount": i64::MAX }, { "amount": 1 }]),
        Value::Array(vec![json!({ "amount": 1 }); 101]),
    ] {
        assert_eq!(order(wrong.clone()), Err(FieldWrong("promotion_detail")), "{wrong}");
    }
    assert_eq!(order(json!([{ "amount": 1.5 }])), Err(FieldWrong("amount")));
}

#[test]
fn orders_and_refunds_with_unknown_states_are_refused() {
    let order = |state: Value| parse_order(&object(json!({ "out_trade_no": "T1", "trade_state": state })));
    for state in [json!("PAID"), json!("success"), json!(""), json!(null), json!(1)] {
        assert_eq!(order(state.clone()), Err(FieldWrong("trade_state")), "{state}");
    }
    let both = object(json!({ "status": "SUCCESS", "refund_status": "CLOSED" }));
    assert_eq!(parse_refund(&both), Err(FieldWrong("status")));
    let long = object(json!({ "out_trade_no": "T".repeat(65), "trade_state": "SUCCESS" }));
    assert_eq!(parse_order(&long), Err(FieldWrong("out_trade_no")));
}

#[test]
fn authorizations_are_read_strictly() {
    let sound = "WECHATPAY2-SHA256-RSA2048 mchid=\"1\",nonce_str=\"n\",signature=\"s\",timestamp=\"5\",serial_no=\"A\"";
    let turned = "WECHATPAY2-SHA256-RSA2048 serial_no=\"A\", timestamp=\"5\", signature=\"s\", nonce_str=\"n\", mchid=\"1\"";
    assert_eq!(authorization::parse(sound), authorization::parse(turned));
    for (wrong, expected) in [
        (sound.replace("RSA2048", "SM2"), AuthorizationError::SchemeRefused),
        (sound.replace("mchid=\"1\"", "mchid=\"\""), AuthorizationError::Missing("mchid")),
        (sound.replace("mchid=\"1\",", ""), AuthorizationError::Missing("mchid")),
        (format!("{sound},mchid=\"2\""), AuthorizationError::Malformed),
        (format!("{sound},other=\"2\""), AuthorizationError::Malformed),
        (sound.replace("\"5\"", "\"x\""), AuthorizationError::Malformed),
        (sound.replace("\"n\"", "n"), AuthorizationError::Malformed),
        (format!("{sound}{}", " ".repeat(5_000)), AuthorizationError::SchemeRefused),
    ] {
        assert_eq!(authorization::parse(&wrong), Err(expected), "{wrong}");
    }
    let request = Request { method: "GET", target: "/v3/certificates", body: "" };
    let parsed = authorization::parse(sound).unwrap();
    let checked = parsed.verify(&request, &public_key("wechat_merchant"));
    assert!(matches!(checked, Err(AuthorizationError::Signature(_))));
}

#[test]
fn a_signature_of_one_request_fits_no_other() {
    let key = signing_key("wechat_merchant");
    let request = Request { method: "GET", target: "/v3/a?b=1", body: "" };
    let signer = authorization::Signer { mchid: "1", serial_no: "A", key: &key, at_s: AT_S, nonce: NONCE };
    let parsed = authorization::parse(&authorization::authorize(&request, &signer).unwrap()).unwrap();
    let public = public_key("wechat_merchant");
    parsed.verify(&request, &public).unwrap();
    for other in [
        Request { method: "POST", ..request },
        Request { target: "/v3/a?b=2", ..request },
        Request { target: "/v3/a", ..request },
        Request { body: "{}", ..request },
    ] {
        assert!(parsed.verify(&other, &public).is_err(), "{other:?}");
    }
}

#[test]
fn certificates_that_are_not_what_the_reply_says_are_refused() {
    let case = vector("wechat_certificates.json");
    let sound: Value = serde_json::from_str(text(&case, "body")).unwrap();
    let changed = |change: fn(&mut Value)| {
        let mut copy = sound.clone();
        change(&mut copy["data"][0]);
        certificates::decode(copy.to_string().as_bytes(), &secret()).unwrap_err()
    };
    assert_eq!(changed(|item| item["serial_no"] = "5157".into()), CertificatesError::Differs);
    let later = "2026-01-01T08:00:00+08:00";
    assert_eq!(
        changed(|item| item["effective_time"] = json!("2026-01-01T08:00:00+08:00")),
        CertificatesError::Differs
    );
    assert!(time::parse_us(later).is_ok());
    assert_eq!(changed(|item| item["expire_time"] = "soon".into()), CertificatesError::Malformed("time"));
    assert_eq!(
        changed(|item| item["encrypt_certificate"]["nonce"] = "000000000000".into()),
        CertificatesError::Sealed(AeadError::Mismatch)
    );
    for body in [&b"{}"[..], br#"{"data":[]}"#, br#"{"data":[1]}"#, b"[", b"\xff"] {
        assert!(matches!(certificates::decode(body, &secret()), Err(CertificatesError::Malformed(_))));
    }
    let many = json!({ "data": vec![sound["data"][0].clone(); 17] }).to_string();
    let refused = certificates::decode(many.as_bytes(), &secret());
    assert_eq!(refused, Err(CertificatesError::Malformed("count")));
}

#[test]
fn sensitive_fields_sealed_for_others_stay_shut() {
    let opener = FieldOpener::from_pkcs8_pem(&text_of("keys/wechat_merchant.pkcs8.pem")).unwrap();
    let sealer = FieldSealer::from_certificate_pem(&text_of("keys/wechat_platform.cer.pem")).unwrap();
    let foreign = sealer.seal("张三").unwrap();
    for wrong in [foreign.as_str(), "", "!", "AAAA", &"A".repeat(2_000)] {
        assert_eq!(opener.open(wrong), Err(FieldError::Mismatch));
    }
    assert_eq!(sealer.seal(&"张".repeat(100)), Err(FieldError::TooLong));
    assert_eq!(
        FieldSealer::from_certificate_pem(&text_of("keys/wechat_platform.pub.pem")).unwrap_err(),
        FieldError::KeyRefused
    );
}

#[test]
fn gzip_that_is_cut_changed_or_a_bomb_is_refused() {
    let packed = bytes_of("bills/wechat_tradebill_ALL.csv.gz");
    let limits = Limits::default();
    for length in [0, 1, 9, packed.len() / 2, packed.len() - 1] {
        assert_eq!(gunzip(&packed[..length], &limits), Err(BillError::Damaged), "{length}");
    }
    let mut flipped = packed.clone();
    let at = packed.len() - 6;
    flipped[at] ^= 1;
    assert_eq!(gunzip(&flipped, &limits), Err(BillError::Damaged));
    assert_eq!(gunzip(&[packed.as_slice(), b"more"].concat(), &limits), Err(BillError::Damaged));
    let bomb = gzip(&vec![0; 64 << 20]).unwrap();
    assert_eq!(gunzip(&bomb, &limits), Err(BillError::TooLarge("expanded bytes")));
    let small = Limits { packed_bytes: 10, ..limits };
    assert_eq!(gunzip(&packed, &small), Err(BillError::TooLarge("packed bytes")));
    assert_eq!(check_sha1(b"a", "0000"), Err(BillError::HashMismatch));
}

#[test]
fn bills_that_are_cut_or_do_not_add_up_are_refused() {
    let text = text_of("bills/wechat_tradebill_ALL_lf_nobom.csv");
    let read = |text: &str| read_trade_sheet(text.as_bytes(), TradeSheet::All).unwrap_err();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(read(&lines[..7].join("\n")), BillError::SummaryMissing);
    assert_eq!(read(&lines[..8].join("\n")), BillError::SummaryMissing);
    assert_eq!(read(""), BillError::Line(1));
    let mut fewer = lines.clone();
    fewer.remove(1);
    assert_eq!(read(&fewer.join("\n")), BillError::SummaryMismatch("总交易单数"));
    let changed = text.replace("`88.", "`89.").replacen("`888.00,`0.00,`0,", "`887.00,`0.00,`0,", 1);
    assert_eq!(read(&changed), BillError::SummaryMismatch("应结订单总金额"));
    assert_eq!(read(&format!("{text}`1,`2\n")), BillError::Line(10));
    assert_eq!(read(&text.replacen("商户订单号", "别的", 1)), BillError::Column("商户订单号"));
    assert_eq!(
        read(&text.replacen("商户订单号,", "商户订单号,商户订单号,", 1)),
        BillError::Column("商户订单号")
    );
    assert_eq!(read(&text.replacen("`CNY", "CNY", 1)), BillError::Line(2));
    let wrong = read(&text.replacen("2026-11-20 10:00:00", "2026-13-20 10:00:00", 1));
    assert_eq!(wrong, BillError::Cell { line: 2, column: "交易时间" });
    let wrong = read(&text.replacen("`0.01000", "`0.01001", 1));
    assert_eq!(wrong, BillError::Cell { line: 2, column: "手续费" });
    let wrong = read(&text.replacen("`NATIVE,`SUCCESS", "`NATIVE,`PAID", 1));
    assert_eq!(wrong, BillError::Cell { line: 2, column: "交易状态" });
    assert_eq!(read_fund_sheet(b"\xff\xfe"), Err(BillError::NotText));
}

#[test]
fn a_cell_that_would_break_the_sheet_is_not_written() {
    let mut bill = read_trade_sheet(&bytes_of("bills/wechat_tradebill_ALL.csv"), TradeSheet::All).unwrap();
    bill.rows[0].description = "a\n`b".to_owned();
    assert!(matches!(write_trade_sheet(&bill), Err(BillError::Unwritable(_))));
    bill.rows[0].description.clear();
    bill.rows[0].settled_fen = i64::MAX;
    assert_eq!(write_trade_sheet(&bill), Err(BillError::Overflow));
}

#[test]
fn times_need_seconds_and_an_offset() {
    for wrong in [
        "",
        "2026-11-21",
        "2026-11-21T12:00:00",
        "2026-11-21 12:00:00+08:00",
        "2026-11-21T12:00+08:00",
        "2026-13-21T12:00:00+08:00",
        "2026-11-21T12:00:00+08:00[Asia/Shanghai]",
        "20261121T120000+08:00",
    ] {
        assert!(time::parse_us(wrong).is_err(), "{wrong}");
    }
    assert_eq!(time::parse_us("2026-11-21T12:00:00+08:00"), Ok(NOW_US));
    assert_eq!(time::parse_us("2026-11-21T04:00:00Z"), Ok(NOW_US));
    assert_eq!(time::parse_us("2026-11-21T12:00:00.250+08:00"), Ok(NOW_US + 250_000));
    assert!(time::format_us(i64::MAX).is_err());
    let _ = PUBLIC_KEY_ID;
}

#[test]
fn a_sheet_of_refunds_is_no_sheet_of_payments() {
    for name in ["bills/wechat_tradebill_ALL.csv", "bills/wechat_tradebill_REFUND.csv"] {
        let refused = read_trade_sheet(&bytes_of(name), TradeSheet::Success).unwrap_err();
        assert!(matches!(refused, BillError::Cell { column: "交易状态", .. }), "{name}: {refused:?}");
    }
}

#[test]
fn a_division_is_read_whole_or_not_at_all() {
    let one = |result: &str| json!({ "type": "MERCHANT_ID", "account": "1900000011", "amount": 2_000, "result": result, "fail_reason": "" });
    let told = |state: Value, receivers: Value| {
        json!({
            "transaction_id": "4200000985", "out_order_no": "S1", "order_id": "3008", "state": state,
            "receivers": receivers,
        })
    };
    let read = |value: Value| parse_division(&object(value));
    let division = read(told(json!("FINISHED"), json!([one("CLOSED"), one("SUCCESS")]))).unwrap();
    assert_eq!(division.state, DivisionState::Finished);
    let results: Vec<ShareState> = division.receivers.iter().map(|one| one.result).collect();
    assert_eq!(results, [ShareState::Closed, ShareState::Success]);
    assert_eq!(division.receivers[0].fail_reason, None);
    let empty = read(told(json!("PROCESSING"), Value::Null)).unwrap();
    assert_eq!((empty.state, empty.receivers.len()), (DivisionState::Processing, 0));
    for (value, wrong) in [
        (told(json!("DONE"), json!([])), "state"),
        (told(json!("FINISHED"), json!([one("PAID")])), "result"),
        (told(json!("FINISHED"), json!({})), "receivers"),
        (told(json!("FINISHED"), json!(vec![one("SUCCESS"); 52])), "receivers"),
        (
            told(json!("FINISHED"), json!([{ "type": "MERCHANT_ID", "account": "1", "result": "SUCCESS" }])),
            "amount",
        ),
        (json!({ "state": "FINISHED", "transaction_id": "1", "order_id": "1" }), "out_order_no"),
    ] {
        assert_eq!(read(value), Err(FieldWrong(wrong)));
    }
}

#[test]
fn a_share_on_its_way_back_is_read_whole_or_not_at_all() {
    let told = |result: Value, amount: Value| {
        object(json!({
            "out_order_no": "S1", "out_return_no": "B1", "return_mchid": "1900000011", "amount": amount,
            "result": result, "fail_reason": "ACCOUNT_ABNORMAL",
        }))
    };
    for (state, word) in ReturnState::WORDS {
        let back = parse_return(&told(json!(word), json!(500))).unwrap();
        assert_eq!((back.result, back.amount_fen, state.word()), (state, 500, word));
        assert_eq!(back.fail_reason.as_deref(), Some("ACCOUNT_ABNORMAL"));
    }
    assert_eq!(parse_return(&told(json!("FAIL"), json!(500))), Err(FieldWrong("result")));
    for amount in [json!(-1), json!("500"), json!(0.5), Value::Null] {
        assert_eq!(parse_return(&told(json!("SUCCESS"), amount)), Err(FieldWrong("amount")));
    }
}

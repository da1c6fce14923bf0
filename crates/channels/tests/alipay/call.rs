use crate::rows::{APP_ID, MINUTE_US, SELLER_ID, START_US, attempt, payment, refund};
use serde_json::json;
use tillkeeper_channels::Environment;
use tillkeeper_channels::alipay::call::{Call, CallError, Road, for_payment, for_refund};
use tillkeeper_channels::alipay::credentials::parse_settings;
use tillkeeper_channels::alipay::{CAPABILITIES, Settings};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_money::Currency;

fn settings(charset: &str) -> Settings {
    let json = json!({
        "gateway_url": "https://gateway.example/gateway.do", "app_id": APP_ID, "seller_id": SELLER_ID,
        "mode": "key", "charset": charset, "notify_url": "https://till.example/callbacks/alipay/x",
    });
    parse_settings(&json.to_string(), Environment::Live).unwrap()
}

fn pay(method: Method, payload: Option<&str>) -> Result<Call, CallError> {
    for_payment(Kind::Pay, &payment(8_888), &attempt(method, 8_888, 1), payload, &settings("utf-8"))
}

#[test]
fn every_method_says_its_own_interface_with_the_channel_expiry() {
    let payload =
        json!({ "auth_code": "281234567890123456", "return_url": "https://till.example/c/1" }).to_string();
    let rows = [
        (Method::AlipayPage, "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY", Road::Browser, true),
        (Method::AlipayWap, "alipay.trade.wap.pay", "QUICK_WAP_WAY", Road::Browser, true),
        (Method::AlipayQr, "alipay.trade.precreate", "QR_CODE_OFFLINE", Road::Gateway, false),
        (Method::AlipayBarcode, "alipay.trade.pay", "FACE_TO_FACE_PAYMENT", Road::Gateway, false),
    ];
    for (method, interface, product_code, road, returns) in rows {
        let call = pay(method, Some(&payload)).unwrap();
        assert_eq!((call.method(), call.road()), (interface, road));
        assert_eq!(CAPABILITIES.method(method).unwrap().interface, interface);
        let wire = call.wire(START_US).unwrap();
        let content = &wire.biz_content;
        assert_eq!(content["out_trade_no"], attempt(method, 1, 1).out_no);
        assert_eq!(content["total_amount"], "88.88");
        assert_eq!(content["subject"], "保单 P1");
        assert_eq!(content["product_code"], product_code);
        assert_eq!(content["time_expire"], "2026-11-21 12:25:00");
        assert_eq!(wire.notify_url.as_deref(), Some("https://till.example/callbacks/alipay/x"));
        assert_eq!(wire.return_url.is_some(), returns, "{method}");
    }
    let qr = pay(Method::AlipayQr, None).unwrap();
    for (now_us, validity) in [
        (START_US, "15m"),
        (START_US + 1, "14m"),
        (START_US + 14 * MINUTE_US + 1, "1m"),
        (START_US + 60 * MINUTE_US, "1m"),
    ] {
        assert_eq!(qr.wire(now_us).unwrap().biz_content["qr_code_timeout_express"], validity);
    }
}

#[test]
fn a_bar_code_needs_its_digits_and_is_not_sent_after_its_time() {
    assert_eq!(pay(Method::AlipayBarcode, None), Err(CallError::Payload));
    assert_eq!(pay(Method::AlipayBarcode, Some("{}")), Err(CallError::Payload));
    assert_eq!(pay(Method::AlipayBarcode, Some("[")), Err(CallError::Payload));
    let call = pay(Method::AlipayBarcode, Some(r#"{"auth_code":"281234567890123456"}"#)).unwrap();
    let content = call.wire(START_US).unwrap().biz_content;
    assert_eq!(
        (&content["scene"], &content["auth_code"]),
        (&json!("bar_code"), &json!("281234567890123456"))
    );
    assert_eq!(call.wire(START_US + 15 * MINUTE_US), Err(CallError::Expired));
}

#[test]
fn foreign_methods_kinds_currencies_and_amounts_make_no_call() {
    assert_eq!(pay(Method::WechatNative, None), Err(CallError::MethodForeign(Method::WechatNative)));
    let (order, row, back) = (payment(1), attempt(Method::AlipayQr, 1, 1), refund(1, 2));
    let utf8 = settings("utf-8");
    let refund_kind = for_payment(Kind::Refund, &order, &row, None, &utf8);
    assert_eq!(refund_kind, Err(CallError::KindForeign(Kind::Refund)));
    assert_eq!(
        for_refund(Kind::Query, &back, &row, &[], SELLER_ID),
        Err(CallError::KindForeign(Kind::Query))
    );
    for amount in [0, -1, 10_000_000_001, i64::MAX] {
        let row = attempt(Method::AlipayQr, amount, 1);
        let call = for_payment(Kind::Pay, &order, &row, None, &utf8);
        assert_eq!(call, Err(CallError::AmountOutOfRange(amount)));
        let call = for_refund(Kind::Refund, &refund(amount, 2), &row, &[], SELLER_ID);
        assert_eq!(call, Err(CallError::AmountOutOfRange(amount)));
    }
    let mut dollars = row.clone();
    dollars.currency = Currency::Usd;
    let call = for_payment(Kind::Pay, &order, &dollars, None, &utf8);
    assert_eq!(call, Err(CallError::CurrencyForeign(Currency::Usd)));
}

#[test]
fn the_subject_is_what_alipay_accepts() {
    let rows = [
        ("a/b=c&d", "utf-8", "abcd"),
        ("  车险\n保费\t ", "utf-8", "车险保费"),
        ("保费🚗", "utf-8", "保费🚗"),
        ("保费🚗", "gbk", "保费?"),
        ("/=&", "utf-8", "T0105GG10840G2081040G2081041"),
    ];
    for (description, charset, expected) in rows {
        let mut order = payment(1);
        order.description = description.to_owned();
        let row = attempt(Method::AlipayPage, 1, 1);
        let expected = if expected.starts_with('T') { &row.out_no } else { expected };
        let call = for_payment(Kind::Pay, &order, &row, None, &settings(charset)).unwrap();
        assert_eq!(call.wire(START_US).unwrap().biz_content["subject"], expected, "{description}");
    }
    let mut order = payment(1);
    order.description = "保".repeat(300);
    let row = attempt(Method::AlipayPage, 1, 1);
    let wire =
        for_payment(Kind::Pay, &order, &row, None, &settings("utf-8")).unwrap().wire(START_US).unwrap();
    assert_eq!(wire.biz_content["subject"].as_str().unwrap().chars().count(), 256);
}

#[test]
fn refunds_always_carry_their_own_number() {
    let (row, mut back) = (attempt(Method::AlipayQr, 8_888, 1), refund(888, 2));
    let call = for_refund(Kind::Refund, &back, &row, &[], SELLER_ID).unwrap();
    let expected = json!({
        "out_trade_no": row.out_no, "out_request_no": back.out_no, "refund_amount": "8.88",
        "refund_reason": "犹豫期退保",
    });
    assert_eq!((call.method(), call.wire(START_US).unwrap().biz_content), ("alipay.trade.refund", expected));
    back.reason = String::new();
    let wire = for_refund(Kind::Refund, &back, &row, &[], SELLER_ID).unwrap().wire(START_US).unwrap();
    assert_eq!(wire.biz_content["refund_reason"], back.out_no);
    let call = for_refund(Kind::RefundQuery, &back, &row, &[], SELLER_ID).unwrap();
    let expected = json!({
        "out_trade_no": row.out_no, "out_request_no": back.out_no, "query_options": ["gmt_refund_pay"],
    });
    assert_eq!(call.wire(START_US).unwrap().biz_content, expected);
    assert_eq!(call.method(), "alipay.trade.fastpay.refund.query");
}

#[test]
fn questions_name_the_attempt() {
    let (order, row) = (payment(1), attempt(Method::AlipayQr, 1, 1));
    let rows = [
        (Kind::Query, "alipay.trade.query"),
        (Kind::Close, "alipay.trade.close"),
        (Kind::Cancel, "alipay.trade.cancel"),
    ];
    for (kind, interface) in rows {
        let call = for_payment(kind, &order, &row, None, &settings("utf-8")).unwrap();
        let wire = call.wire(START_US).unwrap();
        assert_eq!(
            (wire.method.as_str(), wire.biz_content),
            (interface, json!({ "out_trade_no": row.out_no }))
        );
        assert_eq!(wire.notify_url, None);
    }
}

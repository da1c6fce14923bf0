use crate::credentials::{certificates, keys, settings};
use crate::rows::{APP_ID, SELLER_ID, START_US, key_text};
use tillkeeper_channels::alipay::callback;
use tillkeeper_channels::alipay::credentials::{Credentials, parse};
use tillkeeper_channels::{
    About, CallbackFinding, CallbackRefusal, Environment, Headers, RawCallback, RefundHint,
};
use tk_domain::report::{PaidEvidence, PaymentFinding, Unclear};
use tk_formats::alipay::keys::SigningKey;
use tk_formats::alipay::notify;
use tk_formats::alipay::params::Params;
use tk_money::Amount;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=utf-8");

fn verify(
    body: &[u8],
    content_type: Option<&str>,
    credentials: &Credentials,
) -> Result<CallbackFinding, CallbackRefusal> {
    let headers = Headers::of(content_type.map(|value| ("Content-Type", value)));
    callback::verify(RawCallback { headers: &headers, body, received_at_us: START_US }, credentials)
}

fn credentials(mode: &str) -> Credentials {
    let secrets = if mode == "key" { keys() } else { certificates() };
    parse(&settings(mode).to_string(), &secrets.to_string(), Environment::Live, START_US).unwrap()
}

fn form(changes: &[(&str, &str)]) -> Params {
    let mut fields = vec![
        ("notify_time", "2026-11-21 12:10:01"),
        ("notify_type", "trade_status_sync"),
        ("notify_id", "n1"),
        ("charset", "utf-8"),
        ("app_id", APP_ID),
        ("seller_id", SELLER_ID),
        ("trade_no", "2026112122001400000000000001"),
        ("out_trade_no", "T1"),
        ("trade_status", "TRADE_SUCCESS"),
        ("total_amount", "88.88"),
        ("gmt_payment", "2026-11-21 12:10:00"),
        ("subject", "保单"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    let mut params = Params::new();
    for (name, value) in fields {
        params.insert(name, value).unwrap();
    }
    params
}

fn signed(changes: &[(&str, &str)]) -> Vec<u8> {
    let key = SigningKey::from_pem(&key_text("alipay_platform.pkcs8.pem")).unwrap();
    notify::encode(&form(changes), &key).unwrap()
}

fn heard(changes: &[(&str, &str)]) -> CallbackFinding {
    verify(&signed(changes), FORM, &credentials("key")).unwrap()
}

fn finding(changes: &[(&str, &str)]) -> PaymentFinding {
    match heard(changes).about {
        About::Order { payment, .. } => payment,
        About::Refund { .. } => panic!("a trade became a refund"),
        About::Card { order_no, .. } => panic!("a trade became the card {order_no}"),
        About::Division { out_no } => panic!("a trade became the division {out_no}"),
        About::Other { name } => panic!("a trade became {name}"),
    }
}

fn refusal(body: &[u8], content_type: Option<&str>) -> CallbackRefusal {
    verify(body, content_type, &credentials("key")).unwrap_err()
}

#[test]
fn a_success_carries_everything_that_must_be_equal() {
    for mode in ["key", "certificate"] {
        let found = verify(&signed(&[]), FORM, &credentials(mode)).unwrap();
        let evidence = PaidEvidence {
            channel_txn_no: "2026112122001400000000000001".to_owned(),
            amount: Amount::fen(8_888),
            payee_app: Some(APP_ID.to_owned()),
            payee_merchant: Some(SELLER_ID.to_owned()),
            borne: None,
            paid_at_us: Some(START_US),
        };
        let about =
            About::Order { out_no: "T1".to_owned(), payment: PaymentFinding::Paid(evidence), refund: None };
        let expected = CallbackFinding {
            message_id: "n1".to_owned(),
            payee_app: Some(APP_ID.to_owned()),
            payee_merchant: Some(SELLER_ID.to_owned()),
            about,
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn amounts_and_payees_that_are_not_ours_are_reported_as_they_are() {
    let PaymentFinding::Paid(evidence) = finding(&[
        ("app_id", "2021000000000002"),
        ("seller_id", "2088000000000000"),
        ("total_amount", "0.01"),
    ]) else {
        panic!("not paid")
    };
    assert_eq!(evidence.payee_app.as_deref(), Some("2021000000000002"));
    assert_eq!(evidence.payee_merchant.as_deref(), Some("2088000000000000"));
    assert_eq!(evidence.amount, Amount::fen(1));
}

#[test]
fn only_our_own_unpaid_trade_is_closed_or_waiting_by_a_callback() {
    let nothing = PaymentFinding::Unclear(Unclear::UnknownCode);
    let closed = [("trade_status", "TRADE_CLOSED"), ("gmt_payment", "")];
    assert_eq!(finding(&closed), PaymentFinding::Closed);
    assert_eq!(finding(&[("trade_status", "TRADE_CLOSED")]), nothing);
    let refunded = [("trade_status", "TRADE_CLOSED"), ("gmt_payment", ""), ("refund_fee", "88.88")];
    assert_eq!(finding(&refunded), nothing);
    let waiting = [("trade_status", "WAIT_BUYER_PAY"), ("gmt_payment", "")];
    assert_eq!(finding(&waiting), PaymentFinding::WaitingPayer);
    for other in [("app_id", "2021000000000002"), ("seller_id", "2088000000000000")] {
        assert_eq!(finding(&[closed[0], closed[1], other]), nothing);
        assert_eq!(finding(&[waiting[0], waiting[1], other]), nothing);
    }
    assert!(matches!(finding(&[("trade_status", "TRADE_FINISHED")]), PaymentFinding::Paid(_)));
}

#[test]
fn a_refund_in_a_callback_is_a_hint_to_ask() {
    let found =
        heard(&[("out_biz_no", "R1"), ("refund_fee", "88.88"), ("gmt_refund", "2026-11-21 12:10:00.123")]);
    let About::Order { refund, .. } = found.about else { panic!("not a trade") };
    assert_eq!(refund, Some(RefundHint { out_no: "R1".to_owned(), finding: None }));
}

#[test]
fn genuine_messages_about_something_else_are_named() {
    let found = heard(&[("trade_status", ""), ("notify_type", "dut_user_sign")]);
    assert_eq!(found.about, About::Other { name: "dut_user_sign".to_owned() });
    let message = [
        ("trade_status", ""),
        ("msg_method", "alipay.fund.trans.order.changed"),
        ("utc_timestamp", "1795234200000"),
        ("biz_content", "{}"),
    ];
    assert_eq!(heard(&message).about, About::Other { name: "alipay.fund.trans.order.changed".to_owned() });
}

#[test]
fn the_result_of_a_split_is_a_reason_to_ask_about_it_and_nothing_more() {
    let content =
        r#"{"out_request_no":"S0123","trade_no":"2026","settle_no":"2026","royalty_detail_list":[]}"#;
    let said = |method: &'static str, content: &'static str| {
        heard(&[
            ("trade_status", ""),
            ("msg_method", method),
            ("utc_timestamp", "1795234200000"),
            ("biz_content", content),
        ])
        .about
    };
    let settled = "alipay.trade.order.settle.notify";
    assert_eq!(said(settled, content), About::Division { out_no: "S0123".to_owned() });
    // A release when its time was over names no request; another message may name one of its own.
    assert_eq!(said(settled, r#"{"trade_no":"2026"}"#), About::Other { name: settled.to_owned() });
    let other = "alipay.fund.trans.order.changed";
    assert_eq!(said(other, content), About::Other { name: other.to_owned() });
}

#[test]
fn nothing_unsigned_or_signed_by_others_passes() {
    let app_key = SigningKey::from_pem(&key_text("alipay_app.pkcs8.pem")).unwrap();
    let foreign = notify::encode(&form(&[]), &app_key).unwrap();
    let genuine = String::from_utf8(signed(&[])).unwrap();
    let altered = genuine.replace("total_amount=88.88", "total_amount=88.89");
    assert_ne!(altered, genuine);
    let unsigned = genuine.split('&').filter(|pair| !pair.starts_with("sign=")).collect::<Vec<_>>().join("&");
    let empty_sign = format!("{unsigned}&sign=");
    let mut weaker = vec![];
    for kind in ["RSA", "MD5", ""] {
        weaker.push(genuine.replace("sign_type=RSA2", &format!("sign_type={kind}")));
    }
    let mut bodies = vec![foreign, altered.into_bytes(), unsigned.into_bytes(), empty_sign.into_bytes()];
    bodies.extend(weaker.into_iter().map(String::into_bytes));
    bodies.push(b"ping=1".to_vec());
    bodies.push(Vec::new());
    for body in bodies {
        for mode in ["key", "certificate"] {
            let refused = verify(&body, FORM, &credentials(mode)).unwrap_err();
            assert_eq!(refused, CallbackRefusal::SignatureInvalid, "{}", String::from_utf8_lossy(&body));
            assert_eq!((refused.code(), refused.status()), ("callback_signature_invalid", 401));
        }
    }
}

#[test]
fn what_is_no_form_or_lacks_fields_is_malformed() {
    let genuine = signed(&[]);
    let twice = [genuine.as_slice(), b"&total_amount=0.01"].concat();
    let rows: [(&[u8], Option<&str>); 5] = [
        (&genuine, Some("application/json")),
        (&genuine, Some("text/xml; charset=utf-8")),
        (&twice, FORM),
        (b"sign=%zz", FORM),
        (&signed(&[("trade_status", "TRADE_MAYBE")]), FORM),
    ];
    for (body, content_type) in rows {
        let refused = refusal(body, content_type);
        assert_eq!((refused.code(), refused.status()), ("callback_malformed", 400), "{refused}");
    }
    let large = refusal(&vec![b'a'; 300 * 1024], FORM);
    assert_eq!((large.code(), large.status()), ("body_too_large", 413));
}

#[test]
fn the_form_names_its_charset_or_the_header_does() {
    let gbk = signed(&[("charset", "gbk")]);
    for content_type in [None, FORM, Some("application/x-www-form-urlencoded")] {
        verify(&gbk, content_type, &credentials("key")).unwrap();
    }
    let silent = signed(&[("charset", "")]);
    verify(&silent, FORM, &credentials("key")).unwrap();
    let unknown = Some("application/x-www-form-urlencoded; charset=utf-7");
    assert_eq!(refusal(&silent, unknown).code(), "callback_malformed");
}

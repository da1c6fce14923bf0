//! Hostile and broken inputs: each is refused for the reason named.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tillkeeper_formats::alipay::amount::{self, AmountError};
use tillkeeper_formats::alipay::bill::{self, BillError, Entry, Limits};
use tillkeeper_formats::alipay::charset::CharsetError;
use tillkeeper_formats::alipay::keys::{KeyError, SignatureError, SigningKey, VerifyingKey};
use tillkeeper_formats::alipay::notify::{self, Notice, NotifyError};
use tillkeeper_formats::alipay::params::{self, Params, ParamsError};
use tillkeeper_formats::alipay::request::{self, Call, Envelope, RequestError};
use tillkeeper_formats::alipay::response::{self, PlatformKeys, ResponseError};
use tillkeeper_formats::alipay::{Charset, cert, time};
use tillkeeper_formats::archive::ArchiveError;

const METHOD: &str = "alipay.trade.query";

fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)).expect(name)
}

fn key_text(name: &str) -> String {
    String::from_utf8(bytes_of(&format!("keys/{name}.pem"))).expect(name)
}

fn platform() -> (SigningKey, VerifyingKey) {
    let key = SigningKey::from_pem(&key_text("alipay_platform.pkcs8")).unwrap();
    let public = key.verifying_key().unwrap();
    (key, public)
}

fn params_of(pairs: &[(&str, &str)]) -> Params {
    let mut params = Params::new();
    for &(name, value) in pairs {
        params.insert(name, value).unwrap();
    }
    params
}

#[test]
fn amounts_are_read_strictly() {
    for text in [
        "",
        "1e3",
        " 1",
        "1 ",
        "+1",
        "-1",
        "１",
        ".5",
        "5.",
        "1.234",
        "1,000",
        "0x10",
        "01",
        "00.10",
        "1.2.3",
        "NaN",
        "∞",
        "1.１",
        "--1",
        "9999999999999999999999",
    ] {
        assert_eq!(amount::parse_fen(text), Err(AmountError::Malformed), "{text:?}");
    }
    for text in ["-", "--1", "-+1", "- 1", "+1"] {
        assert_eq!(amount::parse_signed_fen(text), Err(AmountError::Malformed), "{text:?}");
    }
    assert_eq!(amount::parse_fen("92233720368547758.08"), Err(AmountError::TooLarge));
    assert_eq!(amount::parse_fen("92233720368547758.07"), Ok(i64::MAX));
    assert_eq!(amount::parse_fen("100000000.00"), Ok(10_000_000_000));
    assert_eq!(amount::parse_fen("7"), Ok(700));
    assert_eq!(amount::parse_fen("0.1"), Ok(10));
    assert_eq!(amount::parse_signed_fen("-0.53"), Ok(-53));
    assert_eq!(amount::format_fen(i64::MIN), "-92233720368547758.08");
}

#[test]
fn times_are_read_strictly_as_beijing_time() {
    assert_eq!(time::parse_us("1970-01-01 08:00:00"), Ok(0));
    assert_eq!(time::parse_us("2026-11-21 12:03:10.123"), Ok(1_795_233_790_123_000));
    assert_eq!(time::format_us(1_795_233_790_999_999).unwrap(), "2026-11-21 12:03:10");
    assert_eq!(time::format_millis_us(1_795_233_790_123_999).unwrap(), "2026-11-21 12:03:10.123");
    assert_eq!(time::format_us(-1).unwrap(), "1970-01-01 07:59:59");
    for text in [
        "",
        "2026-11-21",
        "2026-11-21T12:00:00",
        "2026-13-01 00:00:00",
        "2026-02-29 00:00:00",
        "2026-01-01 24:00:00",
        "2026-01-01 00:60:00",
        "2026-01-01 00:00:60",
        "2026-1-01 00:00:000",
        "+026-01-01 00:00:00",
        "2026-01-01 00:00:00.12",
        "2026-01-01 00:00:00.12x",
        "２026-01-01 00:00:0",
    ] {
        assert!(time::parse_us(text).is_err(), "{text:?}");
    }
    assert!(time::format_us(i64::MAX).is_err() && time::format_us(i64::MIN).is_err());
}

#[test]
fn keys_are_refused_when_weak_or_of_the_wrong_kind_and_never_shown() {
    assert_eq!(SigningKey::from_pem("").unwrap_err(), KeyError::NotPem);
    assert_eq!(SigningKey::from_pem(&"x".repeat(70_000)).unwrap_err(), KeyError::TooLong);
    let wrong = KeyError::WrongLabel("PUBLIC KEY".to_owned());
    assert_eq!(SigningKey::from_pem(&key_text("alipay_app.pub")).unwrap_err(), wrong);
    let wrong = KeyError::WrongLabel("PRIVATE KEY".to_owned());
    assert_eq!(VerifyingKey::from_public_pem(&key_text("alipay_app.pkcs8")).unwrap_err(), wrong);
    assert_eq!(VerifyingKey::from_certificate_pem(&key_text("alipay_app.pkcs8")).unwrap_err(), wrong);
    // Made with `openssl genrsa 1024`, public half only.
    let weak = "-----BEGIN PUBLIC KEY-----\n\
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDPy3drxIyipICB1irR4hCcKmfh\n\
        vtu9ixnG72ZeQ6ZBXFYD6vpFb5E9+Nh7/rXLJL3cOYXoVa1fOHEjgiFi/0mTgA2v\n\
        WQBF2M87B0t+OG+W2HCG6i0lSH9OWzoephop4cMUWHQ1FTzPbJLJT7WNaCmWbDMb\n\
        z4SicU3jLK8LSUYegQIDAQAB\n\
        -----END PUBLIC KEY-----\n";
    assert_eq!(VerifyingKey::from_public_pem(weak).unwrap_err(), KeyError::TooShort);
    let (key, public) = platform();
    assert_eq!(format!("{key:?}"), "SigningKey { modulus_bytes: 256, .. }");
    assert_eq!(format!("{public:?}"), "VerifyingKey { .. }");
    assert_eq!(public.verify(b"x", "%%"), Err(SignatureError::NotBase64));
    assert_eq!(public.verify(b"x", &"A".repeat(2000)), Err(SignatureError::NotBase64));
    assert_eq!(public.verify(b"x", ""), Err(SignatureError::Mismatch));
    let sign = key.sign(b"x").unwrap();
    assert_eq!(public.verify(b"x", &sign), Ok(()));
    assert_eq!(public.verify(b"y", &sign), Err(SignatureError::Mismatch));
    assert_eq!(public.verify(b"x", &format!("{sign}\n")), Err(SignatureError::NotBase64));
}

#[test]
fn broken_certificates_are_refused() {
    let root = key_text("alipay_root.cer");
    assert_eq!(cert::serial_number("").unwrap_err(), cert::CertError::NotPem);
    assert_eq!(cert::serial_number(&key_text("alipay_app.pkcs8")).unwrap_err(), cert::CertError::NotPem);
    assert_eq!(cert::serial_number(&root.repeat(17)).unwrap_err(), cert::CertError::TooLarge);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(cert::root_serial_number(broken).unwrap_err(), cert::CertError::NotCertificate);
    let twice = cert::root_serial_number(&root.repeat(2)).unwrap();
    let once = cert::serial_number(&root).unwrap();
    assert_eq!(twice, format!("{once}_{once}"));
}

#[test]
fn only_a_certificate_authority_within_its_dates_vouches_for_the_platform() {
    const AT_US: i64 = 1_795_233_665_000_000;
    let (root, ca) = (key_text("alipay_root.cer"), key_text("alipay_ca.cer"));
    let forged = key_text("alipay_forged.cer") + &key_text("alipay_app.cer") + &ca;
    assert_eq!(cert::check_chain(&forged, &root, AT_US), Err(cert::CertError::Untrusted));
    let expired = key_text("alipay_expired.cer") + &ca;
    assert_eq!(cert::check_chain(&expired, &root, AT_US), Err(cert::CertError::OutsideValidity));
    assert_eq!(cert::check_chain(&expired, &root, 1_720_000_000_000_000), Ok(()));
}

#[test]
fn sm2_roots_of_the_bundle_are_left_out_of_its_serial() {
    let (root, sm2) = (key_text("alipay_root.cer"), key_text("alipay_sm2_root.cer"));
    assert_eq!(cert::root_serial_number(&(sm2.clone() + &root)), cert::serial_number(&root));
    assert_eq!(cert::root_serial_number(&sm2), Err(cert::CertError::NoRsaRoot));
}

#[test]
fn empty_values_are_not_part_of_what_is_signed() {
    let params = params_of(&[("b", "2"), ("a", ""), ("sign", "s"), ("sign_type", "RSA2")]);
    assert_eq!(params::request_string(&params), "b=2&sign_type=RSA2");
    assert_eq!(params::notify_string(&params), "b=2");
}

#[test]
fn parameters_are_refused_when_repeated_broken_or_too_many() {
    let parse = |text: &str| params::parse_urlencoded(text.as_bytes(), Charset::Utf8);
    assert_eq!(parse("a=1&a=2"), Err(ParamsError::Duplicate("a".to_owned())));
    assert_eq!(parse("a=1&%61=2"), Err(ParamsError::Duplicate("a".to_owned())));
    assert_eq!(parse("=1"), Err(ParamsError::EmptyName));
    for text in ["a=%", "a=%4", "a=%zz", "%=1"] {
        assert_eq!(parse(text), Err(ParamsError::BrokenEscape), "{text}");
    }
    assert_eq!(parse("a=%ff"), Err(ParamsError::Charset(CharsetError::Malformed)));
    let many: Vec<_> = (0..65).map(|n| format!("k{n}=v")).collect();
    assert_eq!(parse(&many[..64].join("&")).unwrap().len(), 64);
    assert_eq!(parse(&many.join("&")), Err(ParamsError::TooMany));
    assert_eq!(parse(&format!("a={}", "x".repeat(256 * 1024))), Err(ParamsError::TooLarge));
    assert_eq!(params::merge(b"a=1", b"a=2", Charset::Utf8), Err(ParamsError::Duplicate("a".to_owned())));
    assert_eq!(params::merge(b"a=1", b"b=2", Charset::Utf8).unwrap().len(), 2);
    assert_eq!(parse("a&b=").unwrap(), params_of(&[("a", ""), ("b", "")]));
    assert_eq!(params::detect_charset(b"a=1&charset=GBK").unwrap(), Charset::Gbk);
    assert!(params::detect_charset(b"charset=latin1").is_err());
}

#[test]
fn gbk_parameters_round_trip_and_sign_over_gbk_bytes() {
    let (key, public) = platform();
    let given = params_of(&[
        ("charset", "gbk"),
        ("sign_type", "RSA2"),
        ("app_id", "1"),
        ("notify_id", "2"),
        ("notify_type", "x"),
        ("subject", "测试商品 A&B=1+1"),
    ]);
    let body = notify::encode(&given, &key).unwrap();
    assert!(String::from_utf8_lossy(&body).contains("%B2%E2%CA%D4"));
    let read = notify::decode(&body, None, &public).unwrap();
    assert_eq!(read.params.get("subject"), given.get("subject"));
    assert_eq!(read.notice, Notice::Other { notify_type: "x".to_owned() });
    let sign = read.params.get("sign").unwrap();
    assert!(public.verify(params::notify_string(&read.params).as_bytes(), sign).is_err());
}

fn call() -> (Envelope, Call) {
    let envelope = Envelope {
        app_id: "2021000000000001".to_owned(),
        charset: Charset::Utf8,
        timestamp_us: 0,
        serials: None,
    };
    (envelope, Call::new(METHOD, json!({"out_trade_no": "T1"})))
}

/// The parameters of a good request with one of them set anew and signed again.
fn resigned(key: &SigningKey, name: &str, value: &str) -> Params {
    let (envelope, call) = call();
    let mut params = request::sign_request(&envelope, &call, key).unwrap();
    params.remove("sign");
    params.remove(name);
    params.insert(name, value).unwrap();
    let sign = key.sign(params::request_string(&params).as_bytes()).unwrap();
    params.insert("sign", sign).unwrap();
    params
}

#[test]
fn requests_are_refused_for_the_reason_named() {
    let (key, public) = platform();
    let verify = |name: &str, value: &str| request::verify_request(&resigned(&key, name, value), &public);
    assert!(verify("notify_url", "http://127.0.0.1/").is_ok());
    assert_eq!(verify("sign_type", "RSA"), Err(RequestError::SignTypeRefused));
    assert_eq!(verify("sign_type", ""), Err(RequestError::Missing("sign_type")));
    assert_eq!(verify("timestamp", "now"), Err(RequestError::Invalid("timestamp")));
    assert_eq!(verify("charset", "latin1"), Err(RequestError::Invalid("charset")));
    assert_eq!(verify("version", "2.0"), Err(RequestError::Invalid("version")));
    assert_eq!(verify("format", "XML"), Err(RequestError::Invalid("format")));
    assert_eq!(verify("biz_content", "[1]"), Err(RequestError::Invalid("biz_content")));
    assert_eq!(verify("biz_content", r#"{"a":1,"a":2}"#), Err(RequestError::Invalid("biz_content")));
    assert_eq!(verify("app_cert_sn", "1"), Err(RequestError::Missing("alipay_root_cert_sn")));
    let (envelope, call) = call();
    let mut params = request::sign_request(&envelope, &call, &key).unwrap();
    params.remove("app_id");
    params.insert("app_id", "other").unwrap();
    let mismatch = RequestError::Signature(SignatureError::Mismatch);
    assert_eq!(request::verify_request(&params, &public), Err(mismatch));
    params.remove("sign");
    assert_eq!(request::verify_request(&params, &public), Err(RequestError::Missing("sign")));
    let scalar = Call::new(METHOD, json!("text"));
    assert_eq!(request::sign_request(&envelope, &scalar, &key), Err(RequestError::Invalid("biz_content")));
}

#[test]
fn a_request_split_over_query_and_body_verifies() {
    let (key, public) = platform();
    let (envelope, call) = call();
    let params = request::sign_request(&envelope, &call, &key).unwrap();
    let (url, body) = request::post_parts("http://127.0.0.1/gateway.do", &params).unwrap();
    let (_, query) = url.split_once('?').unwrap();
    let received = params::merge(query.as_bytes(), body.as_bytes(), Charset::Utf8).unwrap();
    assert_eq!(request::verify_request(&received, &public).unwrap().call, call);
    let url = request::get_url("http://127.0.0.1/gateway.do?x", &params).unwrap();
    assert!(url.starts_with("http://127.0.0.1/gateway.do?x&app_id="));
}

#[test]
fn responses_are_refused_for_the_reason_named() {
    let (key, public) = platform();
    let keys = PlatformKeys::PublicKey(public.clone());
    let decode = |body: &str| response::decode(METHOD, body.as_bytes(), Charset::Utf8, &keys);
    let node =
        json!({"code": "10000", "msg": "Success", "note": "}\",{\\\"sign\":[", "deep": {"a": [{"b": "{"}]}});
    let good =
        String::from_utf8(response::encode(METHOD, &node, &key, None, Charset::Utf8).unwrap()).unwrap();
    assert_eq!(Value::Object(decode(&good).unwrap().node), node);
    assert_eq!(decode(&format!(" {good}\n")).unwrap().code, "10000");
    for text in [
        "",
        "{",
        "<html></html>",
        "[]",
        "null",
        "{}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        &good[1..],
        &good[..good.len() - 1],
    ] {
        assert_eq!(decode(text), Err(ResponseError::NotJson), "{text}");
    }
    assert_eq!(decode(&format!("{good}x")), Err(ResponseError::NotJson));
    assert_eq!(decode(r#"{"other":{},"sign":"x"}"#), Err(ResponseError::NodeMissing));
    let both = good.replacen('{', r#"{"error_response":{"code":"1"},"#, 1);
    assert_eq!(decode(&both), Err(ResponseError::NodeMissing));
    let twice = good.replacen('{', r#"{"sign":"x","#, 1);
    assert_eq!(decode(&twice), Err(ResponseError::NotJson));
    let escaped = good.replace("\"sign\":\"", r#""\u0073ign":""#);
    assert_eq!(decode(&escaped), Err(ResponseError::NotJson));
    let inner = json!({"code": "10000"}).to_string().replace('}', r#","code":"10000"}"#);
    let sign = key.sign(inner.as_bytes()).unwrap();
    let body = format!(r#"{{"alipay_trade_query_response":{inner},"sign":"{sign}"}}"#);
    assert_eq!(decode(&body), Err(ResponseError::NotJson));
    let encrypted = r#"{"alipay_trade_query_response":"bm90","sign":"x"}"#;
    assert_eq!(decode(encrypted), Err(ResponseError::NodeInvalid));
    let unsigned = r#"{"alipay_trade_query_response":{"code":"10000"}}"#;
    assert_eq!(decode(unsigned), Err(ResponseError::SignatureMissing));
    let failed = r#"{"error_response":{"code":"20000"},"sign":""}"#;
    assert!(matches!(decode(failed), Err(ResponseError::UnsignedError { code, .. }) if code == "20000"));
    let respaced = good.replace(r#"{"code""#, r#"{ "code""#);
    assert_eq!(decode(&respaced), Err(ResponseError::Signature(SignatureError::Mismatch)));
    let wrong = response::decode(METHOD, b"{\"a\":\"\xff\"}", Charset::Utf8, &keys);
    assert_eq!(wrong, Err(ResponseError::Charset(CharsetError::Malformed)));
    let nested = format!(r#"{{"error_response":{}}}"#, "[".repeat(100_000));
    assert_eq!(decode(&nested), Err(ResponseError::NotJson));
    let deep = format!(r#"{{"error_response":{{"a":{}{}}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(decode(&deep), Err(ResponseError::NotJson));
    assert_eq!(decode(&" ".repeat(response::BODY_MAX_BYTES + 1)), Err(ResponseError::TooLarge));
}

#[test]
fn certificate_mode_needs_a_known_certificate() {
    let (key, public) = platform();
    let keys = PlatformKeys::Certificates(BTreeMap::from([("known".to_owned(), public)]));
    let node = json!({"code": "10000"});
    let body = |serial| response::encode(METHOD, &node, &key, serial, Charset::Utf8).unwrap();
    let decode = |serial| response::decode(METHOD, &body(serial), Charset::Utf8, &keys);
    assert!(decode(Some("known")).is_ok());
    assert_eq!(decode(None), Err(ResponseError::CertificateMissing));
    assert_eq!(decode(Some("")), Err(ResponseError::CertificateMissing));
    assert_eq!(decode(Some("other")), Err(ResponseError::CertificateUnknown("other".to_owned())));
}

#[test]
fn gbk_responses_with_backslash_trail_bytes_are_scanned_by_character() {
    let (key, public) = platform();
    let keys = PlatformKeys::PublicKey(public);
    // In GBK these characters end in the bytes of a backslash, a brace and a bracket.
    let node = json!({"code": "10000", "note": "俓亄孾", "sub_msg": "誠"});
    let body = response::encode(METHOD, &node, &key, None, Charset::Gbk).unwrap();
    assert!(body.windows(2).any(|pair| pair[0] >= 0x81 && pair[1] == b'\\'));
    let answer = response::decode(METHOD, &body, Charset::Gbk, &keys).unwrap();
    assert_eq!(Value::Object(answer.node), node);
    assert!(response::decode(METHOD, &body, Charset::Utf8, &keys).is_err());
    assert_eq!(response::charset_of_content_type("text/html; charset=\"GBK\""), Ok(Charset::Gbk));
    assert_eq!(response::charset_of_content_type("text/html"), Ok(Charset::Utf8));
}

#[test]
fn notifications_are_refused_for_the_reason_named() {
    let (key, public) = platform();
    let good = [
        ("sign_type", "RSA2"),
        ("app_id", "1"),
        ("notify_id", "2"),
        ("notify_time", "2026-11-21 12:01:05"),
        ("trade_no", "3"),
        ("out_trade_no", "4"),
        ("trade_status", "TRADE_SUCCESS"),
        ("total_amount", "1.00"),
    ];
    let decode = |body: &[u8]| notify::decode(body, None, &public);
    let signed = |name: &'static str, value: &'static str| {
        let pairs: Vec<_> =
            good.iter().map(|&pair| if pair.0 == name { (name, value) } else { pair }).collect();
        decode(&notify::encode(&params_of(&pairs), &key).unwrap())
    };
    assert!(signed("app_id", "1").is_ok());
    assert_eq!(signed("sign_type", "RSA"), Err(NotifyError::SignTypeRefused));
    assert_eq!(signed("sign_type", "MD5"), Err(NotifyError::SignTypeRefused));
    assert_eq!(signed("app_id", ""), Err(NotifyError::FieldMissing("app_id")));
    assert_eq!(signed("total_amount", "1e3"), Err(NotifyError::FieldInvalid("total_amount")));
    assert_eq!(signed("trade_status", "PAID"), Err(NotifyError::FieldInvalid("trade_status")));
    assert_eq!(signed("notify_time", "today"), Err(NotifyError::FieldInvalid("notify_time")));
    let body = notify::encode(&params_of(&good), &key).unwrap();
    let text = String::from_utf8(body).unwrap();
    let (unsigned, sign) = text.rsplit_once("&sign=").unwrap();
    assert_eq!(decode(unsigned.as_bytes()), Err(NotifyError::SignatureMissing));
    assert_eq!(decode(format!("{unsigned}&sign=").as_bytes()), Err(NotifyError::SignatureMissing));
    let no_type = text.replace("sign_type=RSA2&", "");
    assert_eq!(decode(no_type.as_bytes()), Err(NotifyError::SignTypeRefused));
    let twice = format!("{text}&total_amount=2.00");
    let duplicate = NotifyError::Params(ParamsError::Duplicate("total_amount".to_owned()));
    assert_eq!(decode(twice.as_bytes()), Err(duplicate));
    let other = format!("{}&sign={sign}", unsigned.replace("1.00", "9.00"));
    assert_eq!(decode(other.as_bytes()), Err(NotifyError::Signature(SignatureError::Mismatch)));
    assert_eq!(decode(b""), Err(NotifyError::SignatureMissing));
    let huge = vec![b'a'; 300 * 1024];
    assert_eq!(decode(&huge), Err(NotifyError::Params(ParamsError::TooLarge)));
}

fn detail() -> String {
    Charset::Gbk.decode(&bytes_of("bills/alipay_trade_detail.gbk.csv")).unwrap().into_owned()
}

fn read_text(text: &str) -> Result<bill::TradeBill, BillError> {
    bill::trade::read_detail(&Charset::Gbk.encode(text).unwrap())
}

#[test]
fn bill_files_are_refused_for_the_reason_named() {
    let good = detail();
    assert!(read_text(&good).is_ok());
    assert_eq!(read_text(&good.replace("\r\n", "\n")), read_text(&good));
    assert_eq!(
        read_text(&good.replace('（', "(").replace('）', ")").replace("(促销)", "（促销）")),
        read_text(&good)
    );
    assert_eq!(read_text(""), Err(BillError::Truncated("header")));
    assert_eq!(
        read_text(&good.replace("业务明细查询", "账务明细查询")),
        Err(BillError::WrongKind("#支付宝业务明细查询"))
    );
    assert_eq!(read_text(&good.replace("服务费（元）,", "其它,")), Err(BillError::Column("服务费（元）")));
    assert_eq!(read_text(&good.replace("备注\r", "服务费（元）\r")), Err(BillError::Column("服务费（元）")));
    assert_eq!(read_text(&good.replace("扫码商品", "扫,码")), Err(BillError::CellCount { line: 7 }));
    let cell = |line, column| Err(BillError::Cell { line, column });
    assert_eq!(read_text(&good.replace("退款\t", "充值\t")), cell(8, "业务类型"));
    assert_eq!(read_text(&good.replace(",9.00,", ",9e0,")), cell(7, "商家实收（元）"));
    assert_eq!(read_text(&good.replace("2026-11-20 10:00:31", "20.11.2026")), cell(6, "完成时间"));
    assert_eq!(read_text(&good.replace("\t,88.88,88.88", "\t,-88.88,-88.88")), cell(6, "订单金额（元）"));
    let payments = Err(BillError::FooterMismatch("交易合计"));
    assert_eq!(read_text(&good.replace("交易合计：2笔", "交易合计：3笔")), payments);
    assert_eq!(read_text(&good.replace("共97.88元", "共97.89元")), payments);
    assert_eq!(
        read_text(&good.replace("退款共-8.89元", "退款共8.90元")),
        Err(BillError::FooterMismatch("退款合计"))
    );
    let (half, _) = good.split_once("#-----------------------------------------业务明细列表结束").unwrap();
    assert_eq!(read_text(half), Err(BillError::Truncated("end of list")));
    let (half, _) = good.split_once("#退款合计").unwrap();
    assert_eq!(read_text(half), Err(BillError::Truncated("导出时间")));
    assert_eq!(read_text(&good.replace("#退款合计", "#合计")), Err(BillError::Truncated("退款合计")));
    assert_eq!(read_text(&format!("{good}late,row\r\n")), Err(BillError::AfterEnd { line: 14 }));
    let long = good.replace("测试商品", &"长".repeat(9000));
    assert_eq!(read_text(&long), Err(BillError::Limit { line: 6, what: "line length" }));
    assert_eq!(bill::trade::read_detail(b"\xff\xff\n"), Err(BillError::Malformed { line: 1 }));
}

#[test]
fn unsigned_refund_rows_count_as_refunds_all_the_same() {
    let positive = detail().replace("-8.88,-8.88", "8.88,8.88").replace("-0.01,-0.01", "0.01,0.01");
    let bill = read_text(&positive.replace("共-8.89元", "共8.89元")).unwrap();
    assert_eq!(bill.rows.iter().map(bill::TradeRow::directed_received_fen).sum::<i64>(), 8899);
}

#[test]
fn a_summary_that_disagrees_is_refused() {
    let bill = read_text(&detail()).unwrap();
    let good = Charset::Gbk.decode(&bytes_of("bills/alipay_trade_summary.gbk.csv")).unwrap().into_owned();
    let check = |text: &str| bill::trade::check_summary(&bill, &Charset::Gbk.encode(text).unwrap());
    assert_eq!(check(&good), Ok(()));
    assert_eq!(check(&good.replace("89.99", "89.98")), Err(BillError::SummaryMismatch("订单金额（元）")));
    assert_eq!(check(&good.replace("88.99", "88.98")), Err(BillError::SummaryMismatch("商家实收（元）")));
    assert_eq!(check(&good.replace("-0.58", "-0.57")), Err(BillError::SummaryMismatch("服务费（元）")));
    assert_eq!(check(&good.replace("2,2,", "2,3,")), Err(BillError::SummaryMismatch("退款订单总笔数")));
    assert_eq!(check(&good.replace("合计\t", "一店\t")), Err(BillError::Truncated("合计")));
    assert_eq!(check(&good.replace("[2088", "[2089")), Err(BillError::SummaryMismatch("账号")));
    assert_eq!(
        check(&good.replace("11月21日 00", "11月22日 00")),
        Err(BillError::SummaryMismatch("起始日期"))
    );
}

#[test]
fn bill_archives_are_refused_when_damaged_or_over_a_limit() {
    let zip = bytes_of("bills/alipay_trade_20261120.csv.zip");
    let read = |bytes: &[u8]| bill::trade::read_zip(bytes, &Limits::default());
    assert!(matches!(read(b""), Err(BillError::Archive(ArchiveError::Damaged(_)))));
    for cut in 0..zip.len() {
        assert!(read(&zip[..cut]).is_err(), "cut at {cut}");
    }
    let mut flipped = zip.clone();
    flipped[200] ^= 0x10;
    assert!(matches!(read(&flipped), Err(BillError::Archive(ArchiveError::Damaged(_)))));
    let with = |limits: Limits| bill::read_archive(&zip, &limits);
    let normal = Limits::default();
    assert_eq!(with(Limits { entries: 1, ..normal }), Err(ArchiveError::Limit("entry count")));
    assert_eq!(with(Limits { archive_bytes: 10, ..normal }), Err(ArchiveError::Limit("archive size")));
    assert_eq!(with(Limits { expanded_bytes: 2000, ..normal }), Err(ArchiveError::Limit("expanded size")));
    let bomb = [Entry { name: "1_业务明细.csv".to_owned(), bytes: vec![b'0'; 8 << 20] }];
    let bomb = bill::write_archive(&bomb, 1_795_233_665_000_000).unwrap();
    assert!(bomb.len() < 16 * 1024);
    assert_eq!(read(&bomb), Err(BillError::Archive(ArchiveError::Limit("expansion ratio"))));
    let empty = bill::write_archive(&[], 1_795_233_665_000_000).unwrap();
    assert_eq!(read(&empty), Err(BillError::EntryMissing("业务明细")));
    let mut encrypted = zip.clone();
    let central = encrypted.windows(4).position(|mark| mark == b"PK\x01\x02").unwrap();
    encrypted[central + 8] |= 1;
    encrypted[6] |= 1;
    assert_eq!(read(&encrypted), Err(BillError::Archive(ArchiveError::Encrypted)));
    assert_eq!(bill::fund::read_zip(&zip, &normal), Err(BillError::EntryMissing("账务明细")));
}

#[test]
fn bills_that_do_not_fit_the_format_are_not_written() {
    let good = read_text(&detail()).unwrap();
    let mut comma = good.clone();
    comma.rows[0].subject = "a,b".to_owned();
    assert_eq!(bill::trade::write_detail(&comma), Err(BillError::Unwritable("商品名称")));
    let mut emoji = good.clone();
    emoji.rows[0].subject = "🦀".to_owned();
    assert_eq!(bill::trade::write_detail(&emoji), Err(BillError::Charset(CharsetError::Unmappable)));
    let mut stores = good;
    stores.rows[0].store_no = "S1".to_owned();
    stores.rows[2].store_no = "S1".to_owned();
    let zip = bill::trade::write_zip(&stores).unwrap();
    assert_eq!(bill::trade::read_zip(&zip, &Limits::default()).unwrap(), stores);
    let summary = bill::trade::write_summary(&stores).unwrap();
    let text = Charset::Gbk.decode(&summary).unwrap().into_owned();
    assert!(text.contains("S1\t,\t,1,1,80.00,80.00,"), "{text}");
}

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use serde_json::json;
use tk_formats::alipay::Charset;
use tk_formats::alipay::bill::{Limits, fund, trade};
use tk_formats::alipay::request::{Call, CertSerials, post_parts, sign_request};
use tk_formats::alipay::response::{PlatformKeys, ResponseError, decode};

use super::bench::{APP_ID, Bench, DAY_US, START_US, precreate, query, refund, text_of};

#[tokio::test]
async fn calls_work_by_get_post_and_split() {
    let bench = Bench::start().await;
    let keys = PlatformKeys::PublicKey(bench.platform_key());
    let call = query("NOBODY");
    let by_get = bench.client.get(bench.url_of(&call)).send().await.unwrap();
    assert_eq!(by_get.headers()["content-type"], "text/html;charset=utf-8");
    let by_get = by_get.bytes().await.unwrap();
    let params = sign_request(&bench.envelope(), &call, &bench.app_key()).unwrap();
    let (url, body) = post_parts(&bench.gateway(), &params).unwrap();
    let split = bench.client.post(url).body(body).send().await.unwrap().bytes().await.unwrap();
    let whole = bench.raw(&bench.envelope(), &call).await.unwrap();
    for body in [&by_get[..], &split[..], &whole[..]] {
        let answer = decode(&call.method, body, Charset::Utf8, &keys).unwrap();
        assert_eq!(answer.sub_code.as_deref(), Some("ACQ.TRADE_NOT_EXIST"));
    }
}

#[tokio::test]
async fn gbk_requests_get_gbk_answers() {
    let bench = Bench::start().await;
    let envelope = tk_formats::alipay::request::Envelope { charset: Charset::Gbk, ..bench.envelope() };
    let call = precreate("T1", None);
    let body = bench.raw(&envelope, &call).await.unwrap();
    let keys = PlatformKeys::PublicKey(bench.platform_key());
    assert_eq!(decode(&call.method, &body, Charset::Gbk, &keys).unwrap().code, "10000");
    let (_, order) = bench.look("orders/T1").await;
    assert_eq!(order["prepared"]["order"]["subject"], "茶叶 100克");
}

type Spoil = fn(&mut CertSerials);

#[tokio::test]
async fn certificate_mode_checks_and_names_certificates() {
    let bench = Bench::start().await;
    let call = query("NOBODY");
    let envelope =
        tk_formats::alipay::request::Envelope { serials: Some(bench.serials()), ..bench.envelope() };
    let body = bench.raw(&envelope, &call).await.unwrap();
    let serial =
        tk_formats::alipay::cert::serial_number(&text_of(&bench.keys, "alipay_platform.cer.pem")).unwrap();
    let keys = PlatformKeys::Certificates(BTreeMap::from([(serial, bench.platform_key())]));
    let answer = decode(&call.method, &body, Charset::Utf8, &keys).unwrap();
    assert_eq!(answer.sub_code.as_deref(), Some("ACQ.TRADE_NOT_EXIST"));

    let wrong: [(Spoil, &str); 2] = [
        (|set| set.app_cert_sn = "0".repeat(32), "isv.invalid-app-cert-sn"),
        (|set| set.alipay_root_cert_sn = "0".repeat(32), "isv.invalid-alipay-root-cert-sn"),
    ];
    for (spoil, expected) in wrong {
        let mut serials = bench.serials();
        spoil(&mut serials);
        let envelope = tk_formats::alipay::request::Envelope { serials: Some(serials), ..bench.envelope() };
        let body = bench.raw(&envelope, &call).await.unwrap();
        assert_unsigned(decode(&call.method, &body, Charset::Utf8, &keys), expected);
    }
}

fn assert_unsigned(answer: Result<tk_formats::alipay::response::Answer, ResponseError>, expected: &str) {
    match answer {
        Err(ResponseError::UnsignedError { sub_code, .. }) => assert_eq!(sub_code.as_deref(), Some(expected)),
        other => panic!("expected an unsigned {expected}, got {other:?}"),
    }
}

#[tokio::test]
async fn bad_requests_are_refused_unsigned() {
    let bench = Bench::start().await;
    let keys = PlatformKeys::PublicKey(bench.platform_key());
    let call = query("T1");
    let window_us = 15 * 60 * 1_000_000;
    let mut stranger = bench.envelope();
    stranger.app_id = "2021000000000002".to_owned();
    let mut late = bench.envelope();
    late.timestamp_us -= window_us + 1_000_000;
    let mut early = bench.envelope();
    early.timestamp_us += window_us + 1_000_000;
    for (envelope, expected) in [
        (&stranger, "isv.invalid-app-id"),
        (&late, "isv.invalid-timestamp"),
        (&early, "isv.invalid-timestamp"),
    ] {
        let body = bench.raw(envelope, &call).await.unwrap();
        assert_unsigned(decode(&call.method, &body, Charset::Utf8, &keys), expected);
    }
    let mut edge = bench.envelope();
    edge.timestamp_us += window_us;
    assert!(decode(&call.method, &bench.raw(&edge, &call).await.unwrap(), Charset::Utf8, &keys).is_ok());

    let unknown = Call::new("alipay.trade.nothing", json!({}));
    assert_unsigned(bench.call(&unknown).await, "isv.invalid-method");
    let good = bench.url_of(&call);
    for (url, expected) in [
        (good.replace("T1", "T2"), "isv.invalid-signature"),
        (good.replace(APP_ID, ""), "isv.missing-app-id"),
        (format!("{}x=1", &good[..good.find("sign=").unwrap()]), "isv.missing-signature"),
        (good.replace("sign_type=RSA2", "sign_type=RSA"), "isv.invalid-signature-type"),
        (format!("{good}&sign=x"), "isv.invalid-parameter"),
    ] {
        let body = bench.client.get(&url).send().await.unwrap().bytes().await.unwrap();
        assert_unsigned(decode(&call.method, &body, Charset::Utf8, &keys), expected);
    }
}

#[tokio::test]
async fn content_that_breaks_field_rules_is_refused_signed() {
    let bench = Bench::start().await;
    let good = json!({ "out_trade_no": "T1", "total_amount": "1.00", "subject": "tea" });
    let cases = [
        ("total_amount", json!("1.001")),
        ("total_amount", json!("-1")),
        ("total_amount", json!("")),
        ("out_trade_no", json!("a b")),
        ("out_trade_no", json!(7)),
        ("subject", json!(null)),
        ("timeout_express", json!("5s")),
        ("time_expire", json!("tomorrow")),
        ("qr_code_timeout_express", json!("16d")),
    ];
    for (name, value) in cases {
        let mut content = good.clone();
        content[name] = value.clone();
        let answer = bench.call(&Call::new("alipay.trade.precreate", content)).await.unwrap();
        assert_eq!(answer.sub_code.as_deref(), Some("ACQ.INVALID_PARAMETER"), "{name}: {value}");
    }
    assert_eq!(bench.call(&Call::new("alipay.trade.precreate", good)).await.unwrap().code, "10000");
}

#[tokio::test]
async fn refund_query_gives_the_time_only_when_asked() {
    let bench = Bench::start().await;
    bench.call(&precreate("T1", None)).await.unwrap();
    bench.control("orders/T1/pay", None).await;
    assert_eq!(bench.call(&refund("T1", "8.88", "R1")).await.unwrap().node["fund_change"], "Y");
    let ask = |options| {
        let content = json!({ "out_trade_no": "T1", "out_request_no": "R1", "query_options": options });
        Call::new("alipay.trade.fastpay.refund.query", content)
    };
    let without = bench.call(&ask(json!([]))).await.unwrap();
    let with = bench.call(&ask(json!(["gmt_refund_pay"]))).await.unwrap();
    assert_eq!(without.node.get("gmt_refund_pay"), None);
    assert_eq!(with.node["gmt_refund_pay"], "2026-11-21 12:10:00");
}

#[tokio::test]
async fn bills_are_downloaded_within_thirty_seconds() {
    let bench = Bench::start().await;
    bench.call(&precreate("T1", None)).await.unwrap();
    bench.control("orders/T1/pay", None).await;
    bench.call(&refund("T1", "8.88", "R1")).await.unwrap();
    bench.now_us.store(START_US + DAY_US, Ordering::SeqCst);
    let ask = |kind: &str| {
        let content = json!({ "bill_type": kind, "bill_date": "2026-11-21" });
        Call::new("alipay.data.dataservice.bill.downloadurl.query", content)
    };
    let answer = bench.call(&ask("trade")).await.unwrap();
    let url = answer.node["bill_download_url"].as_str().unwrap().to_owned();
    let zip = bench.client.get(&url).send().await.unwrap().bytes().await.unwrap();
    let rows = trade::read_zip(&zip, &Limits::default()).unwrap().rows;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.out_trade_no.as_str(), row.directed_received_fen(), row.refund_request_no.as_str()))
        .collect();
    assert_eq!(told, [("T1", 8_888, ""), ("T1", -888, "R1")]);

    let funds = bench.call(&ask("signcustomer")).await.unwrap();
    let zip = bench.client.get(funds.node["bill_download_url"].as_str().unwrap()).send().await.unwrap();
    let rows = fund::read_zip(&zip.bytes().await.unwrap(), &Limits::default()).unwrap().rows;
    let changes: Vec<_> = rows.iter().map(fund::FundRow::change_fen).collect();
    let (_, truth) = bench.look("truth").await;
    assert_eq!(changes, [8_888, -53, -888, 5]);
    assert_eq!(truth["balance_fen"], 1_000_000 + changes.iter().sum::<i64>());

    bench.now_us.fetch_add(30_000_000, Ordering::SeqCst);
    assert_eq!(bench.client.get(&url).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let today = Call::new(&ask("trade").method, json!({ "bill_type": "trade", "bill_date": "2026-11-22" }));
    assert_eq!(bench.call(&today).await.unwrap().sub_code.as_deref(), Some("isp.bill_not_exist"));
}

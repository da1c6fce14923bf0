//! Orders and amounts (security list B).

use crate::bed::{Setup, TestApp, fresh_key, got, order};
use serde_json::{Value, json};

async fn raw(app: &TestApp, body: &str) -> crate::bed::Got {
    let request = app.request("POST", "/v1/payments").header("idempotency-key", fresh_key());
    got(request.header("content-type", "application/json").body(body.to_owned())).await
}

fn with_amount(amount: &str) -> String {
    format!(r#"{{"merchant":"pnc","product":"motor","merchant_order_no":"A-1","amount":{amount}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_whole_numbers_of_minor_units() {
    let app = TestApp::start().await;
    app.shop().await;
    let cases = [
        ("10.01", 400, "amount_not_integer"),
        ("10.0", 400, "amount_not_integer"),
        ("1e3", 400, "amount_not_integer"),
        ("1E2", 400, "amount_not_integer"),
        ("-0.0", 400, "amount_not_integer"),
        ("\"1e3\"", 400, "amount_invalid"),
        ("\"0x10\"", 400, "amount_invalid"),
        ("\" 1\"", 400, "amount_invalid"),
        ("\"１００\"", 400, "amount_invalid"),
        ("\"+1\"", 400, "amount_invalid"),
        ("\"100\"", 400, "amount_invalid"),
        ("null", 400, "amount_invalid"),
        ("true", 400, "amount_invalid"),
        ("[1]", 400, "amount_invalid"),
        ("{}", 400, "amount_invalid"),
        ("0x10", 400, "body_invalid"),
        ("+1", 400, "body_invalid"),
        ("01", 400, "body_invalid"),
        ("NaN", 400, "body_invalid"),
        ("0", 422, "amount_out_of_range"),
        ("-1", 422, "amount_out_of_range"),
        ("10000001", 422, "amount_out_of_range"),
        ("9223372036854775807", 422, "amount_out_of_range"),
        ("9223372036854775808", 422, "amount_out_of_range"),
        ("18446744073709551615", 422, "amount_out_of_range"),
        ("-9223372036854775808", 422, "amount_out_of_range"),
        ("99999999999999999999", 422, "amount_out_of_range"),
        ("-99999999999999999999", 422, "amount_out_of_range"),
    ];
    for (amount, status, code) in cases {
        let got = raw(&app, &with_amount(amount)).await;
        got.refused(status, code);
        if code != "body_invalid" {
            assert_eq!(got.json()["errors"][0]["pointer"], "#/amount", "{amount}");
        }
    }
    let events = app.get("/v1/events").await.expect(200);
    assert_eq!(events["data"], json!([]), "a refused request left something");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_known_once_and_well_formed() {
    let app = TestApp::start().await;
    app.shop().await;
    let with = |name: &str, value: Value| {
        let mut body = order("F-1", 100);
        body[name] = value;
        body.to_string()
    };
    let long = "x".repeat(65);
    let many: serde_json::Map<String, Value> = (0..51).map(|n| (format!("k{n}"), json!(1))).collect();
    let cases: Vec<(String, u16, &str, &str)> = vec![
        (with("status", json!("succeeded")), 400, "unknown_field", "#/status"),
        (with("tenant_id", json!("x")), 400, "unknown_field", "#/tenant_id"),
        (with("fee", json!(0)), 400, "unknown_field", "#/fee"),
        (with("paid_amount", json!(1)), 400, "unknown_field", "#/paid_amount"),
        (with("methods", json!({ "allow": ["alipay"], "deny": [] })), 400, "unknown_field", "#/methods/deny"),
        (
            with("methods", json!({ "allow": ["alipay", "magic"] })),
            400,
            "field_malformed",
            "#/methods/allow/1",
        ),
        (with("methods", json!({ "allow": [] })), 400, "field_malformed", "#/methods/allow"),
        (with("cvv", json!("123")), 400, "field_forbidden", "#/cvv"),
        (
            with("metadata", json!({ "card": { "CVV2": "1" } })),
            400,
            "field_forbidden",
            "#/metadata/card/CVV2",
        ),
        (with("metadata", json!({ "pin": "1" })), 400, "field_forbidden", "#/metadata/pin"),
        (with("metadata", json!([{ "track2": "1" }])), 400, "field_forbidden", "#/metadata/0/track2"),
        (with("metadata", json!({ "track_1": "1" })), 400, "field_forbidden", "#/metadata/track_1"),
        (with("metadata", json!("text")), 400, "field_malformed", "#/metadata"),
        (with("metadata", Value::Object(many)), 400, "field_malformed", "#/metadata"),
        (with("metadata", json!({ "k": "y".repeat(4_100) })), 400, "field_malformed", "#/metadata"),
        (with("merchant_order_no", json!("")), 400, "field_malformed", "#/merchant_order_no"),
        (with("merchant_order_no", json!(long)), 400, "field_malformed", "#/merchant_order_no"),
        (with("merchant_order_no", json!("a b")), 400, "field_malformed", "#/merchant_order_no"),
        (with("merchant_order_no", json!("单号")), 400, "field_malformed", "#/merchant_order_no"),
        (with("merchant_order_no", json!(7)), 400, "field_malformed", "#/merchant_order_no"),
        (with("description", json!("a\u{0}b")), 400, "field_malformed", "#/description"),
        (with("description", json!("a\u{202e}b")), 400, "field_malformed", "#/description"),
        (with("description", json!("长".repeat(128))), 400, "field_malformed", "#/description"),
        (with("terminal", json!("moon")), 400, "field_malformed", "#/terminal"),
        (with("return_url", json!("javascript:alert(1)")), 400, "field_malformed", "#/return_url"),
        (with("return_url", json!("/relative")), 400, "field_malformed", "#/return_url"),
        (with("return_url", json!("https://a@b.example/")), 400, "field_malformed", "#/return_url"),
        (with("expires_at", json!("2026-08-27")), 400, "field_malformed", "#/expires_at"),
        (with("expires_at", json!("2020-01-01T00:00:00+08:00")), 422, "expiry_invalid", "#/expires_at"),
        (with("confirm", json!(true)), 400, "field_missing", "#/method"),
        (with("method", json!("alipay_qr")), 400, "field_missing", "#/confirm"),
        (with("currency", json!("cny")), 422, "currency_not_supported", "#/currency"),
        (with("currency", json!("USD")), 422, "currency_not_supported", "#/currency"),
        (with("currency", json!("XXX")), 422, "currency_not_supported", "#/currency"),
        (r#"{"amount":1}"#.to_owned(), 400, "field_missing", "#/merchant"),
        (r#"{"amount":1,"amount":2}"#.to_owned(), 400, "field_duplicate", "#/amount"),
        (r#"{"metadata":{"a":1,"a":2}}"#.to_owned(), 400, "field_duplicate", "#/metadata/a"),
        ("[]".to_owned(), 400, "body_invalid", "#"),
        ("\"x\"".to_owned(), 400, "body_invalid", "#"),
        ("{".to_owned(), 400, "body_invalid", "#"),
        ("{} {}".to_owned(), 400, "body_invalid", "#"),
        (format!("{{\"metadata\":{}{}}}", "[".repeat(50), "]".repeat(50)), 400, "body_invalid", ""),
    ];
    for (body, status, code, pointer) in cases {
        let got = raw(&app, &body).await;
        got.refused(status, code);
        if !pointer.is_empty() {
            assert_eq!(got.json()["errors"][0]["pointer"], pointer, "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_guard_finds_the_same_order_and_refuses_another() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        app.post("/v1/products", &json!({ "code": "life", "name": "寿险" })).await.expect(201);
        let first = app.post("/v1/payments", &order("G-1", 100)).await.expect(201);
        let mut again = order("G-1", 100);
        again["description"] = json!("其他说明");
        assert_eq!(app.post("/v1/payments", &again).await.expect(200)["id"], first["id"]);
        app.post("/v1/payments", &order("G-1", 101)).await.refused(409, "order_conflict");
        let mut other = order("G-1", 100);
        other["product"] = json!("life");
        app.post("/v1/payments", &other).await.refused(409, "order_conflict");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_disabled_merchant_or_product() {
    let app = TestApp::start().await;
    app.shop().await;
    app.patch("/v1/products/motor", &json!({ "enabled": false })).await.expect(200);
    app.post("/v1/payments", &order("D-1", 100)).await.refused(409, "product_disabled");
    app.patch("/v1/merchants/pnc", &json!({ "enabled": false })).await.expect(200);
    app.post("/v1/payments", &order("D-1", 100)).await.refused(409, "merchant_disabled");
}

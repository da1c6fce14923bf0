//! What of an amount is not the payer's own money: asked for, shown, paid and given back over the API.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use serde_json::{Value, json};
use tk_app::store::{Source, verify};
use tk_domain::access::Scope;
use tk_domain::id::{PaymentId, TypedId};
use tk_domain::payment::Payment;

fn parted(no: &str, amount: i64, parts: Value) -> Value {
    let mut body = order(no, amount);
    body["parts"] = parts;
    body
}

fn parts() -> Value {
    json!([
        { "kind": "coupon", "funder": "merchant", "amount": 1_000, "reference": "NEW-2026" },
        { "kind": "coupon", "funder": "tenant", "amount": 600, "reference": "AUTUMN", "on_refund": "kept" },
        { "kind": "advance", "funder": "channel", "debtor": "merchant", "amount": 400, "reference": "ADV-7" },
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_checked_kept_and_shown() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let made = app.post("/v1/payments", &parted("P-1", 12_000, parts())).await.expect(201);
        assert_eq!((&made["amount"], &made["payer_amount"]), (&json!(12_000), &json!(10_000)));
        let first = json!({
            "kind": "coupon", "funder": "merchant", "amount": 1_000, "on_refund": "proportion",
            "reference": "NEW-2026", "amount_returned": 0,
        });
        assert_eq!(made["parts"][0], first);
        let read = app.get(&format!("/v1/payments/{}", made["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(read["parts"], made["parts"]);
        let same = app.post("/v1/payments", &parted("P-1", 12_000, parts())).await.expect(200);
        assert_eq!(same["id"], made["id"]);
        app.post("/v1/payments", &order("P-1", 12_000)).await.refused(409, "order_conflict");
        let one = |amount: Value| json!([{ "kind": "coupon", "funder": "merchant", "amount": amount, "reference": "x" }]);
        let cases = [
            (one(json!(12_000)), 422, "parts_exceed_amount"),
            (one(json!(0)), 422, "field_invalid"),
            (one(json!(1.5)), 400, "amount_not_integer"),
            (Value::Array(vec![one(json!(1))[0].clone(); 11]), 422, "field_invalid"),
            (json!([{ "kind": "coupon", "funder": "merchant", "amount": 1 }]), 400, "field_missing"),
            (
                json!([{ "kind": "gift", "funder": "merchant", "amount": 1, "reference": "x" }]),
                400,
                "field_malformed",
            ),
            (
                json!([{ "kind": "coupon", "funder": "partner", "amount": 1, "reference": "x" }]),
                422,
                "field_invalid",
            ),
            (
                json!([{ "kind": "advance", "funder": "channel", "amount": 1, "reference": "x" }]),
                422,
                "field_invalid",
            ),
        ];
        for (parts, status, code) in cases {
            app.post("/v1/payments", &parted("P-2", 12_000, parts)).await.refused(status, code);
        }
        let refused = app.post("/v1/payments", &parted("P-2", 12_000, one(json!(12_000)))).await.json();
        assert_eq!(refused["errors"][0]["pointer"], "#/parts");
        assert_eq!(app.get("/v1/payments").await.expect(200)["data"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payer_pays_and_gets_back_his_part_only() {
    for app in TestApp::each(Setup { sandbox: true, workers: true, ..Setup::default() }).await {
        app.shop().await;
        app.contract().await;
        let made = app.post("/v1/payments", &parted("P-3", 12_000, parts())).await.expect(201);
        let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
        let attempt =
            app.post(&format!("{path}/attempts"), &json!({ "method": "alipay_qr" })).await.expect(201);
        assert_eq!(attempt["amount"], 10_000);
        app.control(attempt["out_no"].as_str().unwrap(), "pay").await;
        let paid = app.until(&path, "status", "succeeded").await;
        assert_eq!((&paid["amount_refundable"], &paid["channel_discount"]), (&json!(10_000), &json!(0)));
        let refund = |no: &str, amount: i64| json!({ "payment": made["id"], "merchant_refund_no": no, "amount": amount });
        app.post("/v1/refunds", &refund("X", 10_001)).await.refused(422, "refund_exceeds_refundable");
        let part = app.post("/v1/refunds", &refund("R-1", 2_500)).await.expect(201);
        assert_eq!(part["parts_returned"], json!([250, 0, 100]));
        let part = format!("/v1/refunds/{}", part["id"].as_str().unwrap());
        let done = app.until(&part, "status", "succeeded").await;
        assert_eq!((&done["payer_amount"], &done["order_amount"]), (&json!(2_500), &json!(2_500)));
        let rest = app.post("/v1/refunds", &refund("R-2", 7_500)).await.expect(201);
        app.until(&format!("/v1/refunds/{}", rest["id"].as_str().unwrap()), "status", "succeeded").await;
        let over = app.get(&path).await.expect(200);
        let returned: Vec<&Value> =
            over["parts"].as_array().unwrap().iter().map(|part| &part["amount_returned"]).collect();
        assert_eq!(returned, [&json!(1_000), &json!(0), &json!(400)]);
        assert_eq!(over["refund_status"], "full");
        let accounts = app.get("/v1/accounts").await.expect(200);
        let balance = |kind: &str| -> i64 {
            let of_kind = accounts["data"].as_array().unwrap().iter().filter(|row| row["kind"] == kind);
            of_kind.map(|row| row["balance"].as_i64().unwrap()).sum()
        };
        let kinds = ["pending_settlement", "coupon_receivable", "advance_payable", "advance_funding"];
        assert_eq!(kinds.map(balance), [600, -600, 0, 0], "the kept coupon stays");
        if let Some(directory) = app.directory() {
            let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
            assert!(report.holds(), "{report}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_inside_the_channel_is_shown_and_never_refunded_to_the_payer() {
    for app in TestApp::each(Setup { sandbox: true, workers: true, ..Setup::default() }).await {
        app.shop().await;
        app.contract().await;
        let made = app.post("/v1/payments", &order("D-1", 10_000)).await.expect(201);
        let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
        let attempt =
            app.post(&format!("{path}/attempts"), &json!({ "method": "alipay_qr" })).await.expect(201);
        let out_no = attempt["out_no"].as_str().unwrap();
        let coupon = json!({ "coupon": { "channel_fen": 1_000, "merchant_fen": 500 } });
        app.control_with(out_no, "coupon", &coupon).await;
        app.control(out_no, "pay").await;
        let paid = app.until(&path, "status", "succeeded").await;
        assert_eq!((&paid["channel_discount"], &paid["amount_refundable"]), (&json!(1_500), &json!(8_500)));
        let attempt = format!("{path}/attempts/{}", attempt["id"].as_str().unwrap());
        let shown = app.get(&attempt).await.expect(200);
        assert_eq!(shown["discounts"], json!({ "channel": 1_000, "merchant": 500 }));
        assert_eq!((&shown["payer_amount"], &shown["amount_received"]), (&json!(8_500), &json!(10_000)));
        let refund = |no: &str, amount: i64| json!({ "payment": made["id"], "merchant_refund_no": no, "amount": amount });
        app.post("/v1/refunds", &refund("X", 8_501)).await.refused(422, "refund_exceeds_refundable");
        for (no, amount, order, coupon) in [("R-1", 4_250, 5_000, 750), ("R-2", 4_250, 5_000, 750)] {
            let made = app.post("/v1/refunds", &refund(no, amount)).await.expect(201);
            let done = app
                .until(&format!("/v1/refunds/{}", made["id"].as_str().unwrap()), "status", "succeeded")
                .await;
            let told = ["payer_amount", "order_amount", "coupon_returned"].map(|name| done[name].clone());
            assert_eq!(told, [json!(amount), json!(order), json!(coupon)]);
        }
        assert_eq!(app.get(&path).await.expect(200)["refund_status"], "full");
        if let Some(directory) = app.directory() {
            let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
            assert!(report.holds(), "{report}");
        }
    }
}

/// The merchant gives its own money away; who says that others pay needs the right to.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_lets_others_pay_a_part_needs_the_scope_for_it() {
    let app = TestApp::start().await;
    app.shop().await;
    let plan = KeyPlan { scopes: vec![Scope::PaymentsRead, Scope::PaymentsWrite], ..KeyPlan::default() };
    let (_, key) = app.new_key(app.tenant_id, &plan).await;
    let one =
        |funder: &str| json!([{ "kind": "coupon", "funder": funder, "amount": 11_999, "reference": "x" }]);
    let own = parted("S-1", 12_000, one("merchant"));
    app.post_as(&key, "/v1/payments", &own).await.expect(201);
    for funder in ["tenant", "partner"] {
        let others = parted("S-2", 12_000, one(funder));
        app.post_as(&key, "/v1/payments", &others).await.refused(403, "scope_missing");
    }
}

/// A number that finds no payer must not pass for no number.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_number_is_one_payers_however_it_is_typed() {
    let app = TestApp::start().await;
    app.shop().await;
    let mut payers = Vec::new();
    for (no, number) in [
        ("D-1", "11010519491231002X"),
        ("D-2", "１１０１０５１９４９１２３１００２ｘ"),
        ("D-3", "110105-19491231 002x"),
        ("D-4", "军字第1234567号"),
        ("D-5", "南字第1234567号"),
    ] {
        let mut body = order(no, 100);
        body["payer"] = json!({ "id_no": number });
        let made = app.post("/v1/payments", &body).await.expect(201);
        let id = PaymentId::parse(made["id"].as_str().unwrap()).unwrap();
        let row: Payment = app.app.reader().get(&(app.tenant_id, id)).await.unwrap().unwrap();
        payers.push(row.payer_id.unwrap());
    }
    assert!(payers[..3].iter().all(|payer| *payer == payers[0]));
    assert!(payers[3] != payers[4], "an officer's card is no soldier's");
    let mut body = order("D-6", 100);
    body["payer"] = json!({ "id_no": "--" });
    let refused = app.post("/v1/payments", &body).await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "#/payer/id_no");
    refused.refused(400, "field_malformed");
}

//! Who pays and what the payment is made of, as the API takes, keeps and shows it.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use serde_json::{Value, json};
use tk_domain::access::Scope;

/// The API's own example of a payment.
fn example() -> Value {
    json!({
        "merchant": "mch_pnc", "merchant_order_no": "CAR20260827000123", "amount": 428_640, "currency": "CNY",
        "product": "motor_commercial", "description": "商业车险", "terminal": "wechat_oa",
        "payer": { "name": "张三", "openid": "oX1aB2cD3" },
        "fulfilment": { "pay_before_issue": true, "proposal_no": "TB2026082700123" },
        "methods": { "allow": ["wechat", "alipay", "quick_pay", "bank_transfer"] },
        "return_url": "https://shop.example/back", "metadata": { "branch": "BJ01" }
    })
}

async fn example_shop(app: &TestApp) {
    app.post("/v1/merchants", &json!({ "code": "mch_pnc", "name": "华元财险" })).await.expect(201);
    let product = json!({ "code": "motor_commercial", "name": "商业车险", "amount_max": 10_000_000 });
    app.post("/v1/products", &product).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_documents_is_taken_and_its_payer_is_masked() {
    for app in TestApp::each(Setup::default()).await {
        example_shop(&app).await;
        let made = app.post("/v1/payments", &example()).await.expect(201);
        assert_eq!(made["status"], "requires_method");
        assert_eq!(made["payer"], json!({ "name": "张***", "openid": "oX1***" }));
        let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
        let (_, plain) = app
            .new_key(app.tenant_id, &KeyPlan { scopes: vec![Scope::PaymentsRead], ..KeyPlan::default() })
            .await;
        let masked = app.get_as(&plain, &path).await.expect(200);
        assert_eq!(masked["payer"], made["payer"]);
        let scopes = vec![Scope::PaymentsRead, Scope::PiiRead];
        let (_, trusted) = app.new_key(app.tenant_id, &KeyPlan { scopes, ..KeyPlan::default() }).await;
        let full = app.get_as(&trusted, &path).await.expect(200);
        assert_eq!(full["payer"], json!({ "name": "张三", "openid": "oX1aB2cD3" }));
        let events = app.get("/v1/events").await.expect(200).to_string();
        assert!(!events.contains("张三") && !events.contains("oX1aB2cD3"), "{events}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_checked_kept_and_shown() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let with = |no: &str, items: &Value| {
            let mut body = order(no, 100_000);
            body["items"] = items.clone();
            body
        };
        let items = json!([
            { "name": "交强险", "amount": 95_000, "kind": "compulsory", "policy_no": "P-1" },
            { "name": "车船税", "quantity": 2, "unit_price": 2_500, "kind": "vehicle_tax" },
        ]);
        let made = app.post("/v1/payments", &with("I-1", &items)).await.expect(201);
        let read = app.get(&format!("/v1/payments/{}", made["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(read["items"], made["items"]);
        assert_eq!(
            (&read["items"][0]["policy_no"], &read["items"][1]["amount"]),
            (&json!("P-1"), &json!(5_000))
        );
        let line = |amount: Value| json!([{ "name": "x", "amount": amount }]);
        let cases = [
            (line(json!(99_999)), 422, "items_total_mismatch"), // B05
            (json!([{ "name": "x", "quantity": i64::MAX, "unit_price": 2 }]), 422, "amount_overflow"), // B06
            (json!([{ "name": "x", "quantity": 2 }]), 400, "field_missing"),
            (line(json!(1.5)), 400, "amount_not_integer"),
            (json!([{ "name": "x", "amount": 100_000, "fee": 1 }]), 400, "unknown_field"),
            (json!([{ "name": "x".repeat(101), "amount": 100_000 }]), 400, "field_malformed"),
            (Value::Array(vec![json!({ "name": "x", "amount": 1 }); 101]), 422, "field_invalid"),
            (json!([{ "name": "x", "amount": 100_000, "collected_for": "" }]), 400, "field_malformed"),
            (
                json!([{ "name": "x", "amount": 100_000, "collected_for": "税务局", "splittable": true }]),
                422,
                "field_invalid",
            ),
        ];
        for (items, status, code) in cases {
            let got = app.post("/v1/payments", &with("I-2", &items)).await;
            got.refused(status, code);
        }
        let mut payer = order("I-3", 100);
        payer["payer"] = json!({ "name": "张三", "cvv": "123" });
        app.post("/v1/payments", &payer).await.refused(400, "field_forbidden");
        assert_eq!(app.get("/v1/payments").await.expect(200)["data"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_of_items_and_a_tax_is_booked_apart() {
    for app in TestApp::each(Setup { sandbox: true, workers: true, ..Setup::default() }).await {
        app.shop().await;
        app.contract().await;
        let mut body = order("I-9", 100_000);
        body["items"] = json!([
            { "name": "交强险", "amount": 95_000, "policy_no": "P-1" },
            { "name": "车船税", "amount": 5_000, "collected_for": "税务局" },
        ]);
        let made = app.post("/v1/payments", &body).await.expect(201);
        assert_eq!(made["items"][1]["amount_refundable"], 0);
        let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
        let attempt =
            app.post(&format!("{path}/attempts"), &json!({ "method": "alipay_qr" })).await.expect(201);
        app.control(attempt["out_no"].as_str().unwrap(), "pay").await;
        app.until(&path, "status", "succeeded").await;
        let refund = |amount: i64, items: Value| json!({ "payment": made["id"], "merchant_refund_no": "R-1", "amount": amount, "items": items });
        let cases = [
            (refund(4_000, json!([])), "refund_items_required"),
            (refund(5_001, json!([{ "item": 1, "amount": 5_001 }])), "refund_exceeds_item"),
            (refund(4_000, json!([{ "item": 1, "amount": 3_999 }])), "items_total_mismatch"),
            (refund(4_000, json!([{ "item": 2, "amount": 4_000 }])), "field_invalid"),
        ];
        for (body, code) in cases {
            let got = app.post("/v1/refunds", &body).await;
            got.refused(422, code);
            assert_eq!(got.json()["errors"][0]["pointer"], "#/items", "{}", got.text);
        }
        let asked = refund(4_000, json!([{ "item": 1, "amount": 4_000 }]));
        let part = app.post("/v1/refunds", &asked).await.expect(201);
        assert_eq!(part["items"], json!([{ "item": 1, "amount": 4_000 }]));
        let hold = app.get(&format!("/v1/holds/{}", part["hold"].as_str().unwrap())).await.expect(200);
        assert!(hold.to_string().contains("collected_for_others"), "{hold}");
        let done = format!("/v1/refunds/{}", part["id"].as_str().unwrap());
        app.until(&done, "status", "succeeded").await;
        let over = app.get(&path).await.expect(200);
        let item = |place: usize| {
            (&over["items"][place]["amount_refundable"], &over["items"][place]["amount_returned"])
        };
        assert_eq!(item(0), (&json!(95_000), &json!(0)));
        assert_eq!(item(1), (&json!(1_000), &json!(4_000)));
        let accounts = app.get("/v1/accounts").await.expect(200);
        let balance = |kind: &str| -> i64 {
            let of_kind = accounts["data"].as_array().unwrap().iter().filter(|row| row["kind"] == kind);
            of_kind.map(|row| row["balance"].as_i64().unwrap()).sum()
        };
        assert_eq!(["pending_settlement", "collected_for_others"].map(balance), [95_000, 1_000]);
    }
}

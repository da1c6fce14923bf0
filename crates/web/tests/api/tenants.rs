//! Foreign objects do not exist (security list F01), on every route of the document.

use crate::bed::{Got, Setup, TestApp, got, order};
use serde_json::{Value, json};

fn without_request_id(got: &Got) -> Value {
    let mut body = got.json();
    body["request_id"] = Value::Null;
    body
}

async fn ask(app: &TestApp, key: &str, method: &str, path: &str, body: &Value) -> Got {
    let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let request = app.client.request(method, format!("{}{path}", app.base)).bearer_auth(key);
    got(request.header("idempotency-key", crate::bed::fresh_key()).json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "every kind of object is made and named once")]
async fn a_foreign_id_is_answered_like_one_that_does_not_exist() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        app.shop().await;
        let account = app.contract().await;
        let payment = app.post("/v1/payments", &order("F-1", 100)).await.expect(201);
        let payment_path = format!("/v1/payments/{}/attempts", payment["id"].as_str().unwrap());
        let attempt = app.post(&payment_path, &json!({ "method": "alipay_qr" })).await.expect(201);
        let endpoint =
            app.post("/v1/webhook_endpoints", &json!({ "url": "https://a.example.com/" })).await.expect(201);
        let endpoint_path = format!("/v1/webhook_endpoints/{}/test_events", endpoint["id"].as_str().unwrap());
        let event = app.post(&endpoint_path, &json!({})).await.expect(201);
        let made = app.post("/v1/apps", &json!({ "name": "core" })).await.expect(201);
        let keys = format!("/v1/apps/{}/keys", made["id"].as_str().unwrap());
        let key = app.post(&keys, &json!({ "scopes": ["payments:read"] })).await.expect(201);
        let line = bank_line(&app).await;
        let counter = crate::counter::counter(&app).await;
        let shift = json!({ "counter": counter, "cashier": "甲", "float": 0 });
        let shift = app.post("/v1/shifts", &shift).await.expect(201);
        let deliveries = app.get("/v1/deliveries").await.expect(200);
        let merchant = app.get("/v1/merchants/pnc").await.expect(200);
        let product = app.get("/v1/products/motor").await.expect(200);
        let partner = json!({ "code": "travel", "name": "a", "kind": "unlicensed", "actor": "a" });
        let partner = app.post("/v1/partners", &partner).await.expect(201);
        let mut deposit = order("F-3", 100);
        deposit["prepayment"] = json!("ZY-1");
        let deposit = app.post("/v1/payments", &deposit).await.expect(201);
        let known = |name: &str| match name {
            "prepayments" => deposit["prepayment"].clone(),
            "payments" => payment["id"].clone(),
            "webhook_endpoints" => endpoint["id"].clone(),
            "events" => event["id"].clone(),
            "apps" => made["id"].clone(),
            "deliveries" => deliveries["data"][0]["id"].clone(),
            "merchants" => merchant["id"].clone(),
            "products" => product["id"].clone(),
            "partners" => partner["id"].clone(),
            "splits" => json!("spl_01jzzzzzzzzzzzzzzzzzzzzzzy"),
            "identity_checks" => json!("idc_01jzzzzzzzzzzzzzzzzzzzzzzy"),
            "agreements" => json!("agr_01jzzzzzzzzzzzzzzzzzzzzzzy"),
            "channel_accounts" => account["id"].clone(),
            "bank_transfers" => line["id"].clone(),
            "shifts" => shift["id"].clone(),
            "counter_days" => shift["counter_day"].clone(),
            _ => json!("x"),
        };
        let (_, stranger) = app.other_tenant("other").await;
        let mut asked = 0;
        for (method, route) in crate::protocol::routes(&app).await {
            if !route.contains('{') {
                continue;
            }
            let resource = route.split('/').nth(2).unwrap();
            let id = known(resource).as_str().unwrap().to_owned();
            let random = id
                .split_once('_')
                .map_or("x".to_owned(), |(prefix, _)| format!("{prefix}_01jzzzzzzzzzzzzzzzzzzzzzzz"));
            let body = match (method.as_str(), route.rsplit('/').next().unwrap()) {
                ("post", "identity_checks") => json!({
                    "level": "real_name", "name": "a", "id_number": "123456", "consent_version": "1",
                }),
                ("post", "waiver") => json!({ "receiver": "spr_x", "reason": "a", "actor": "a" }),
                ("post", "abandonment") if resource == "refunds" => {
                    json!({ "receiver": "spr_x", "reason": "a", "evidence": "a", "maker": "a" })
                }
                ("post", "abandonment") => json!({ "reason": "a", "evidence": "a", "maker": "a" }),
                ("post", "review" | "reversal") => json!({ "reason": "a", "actor": "a" }),
                ("patch", _) if resource == "partners" => json!({ "actor": "a" }),
                ("post", "attempts") => json!({ "method": "alipay_qr" }),
                ("post", "resolution") => json!({ "kind": "refund_payer", "reason": "x", "maker": "x" }),
                ("post", "splits") => json!({ "merchant_split_no": "a", "splits": [] }),
                ("post", "draws") => json!({ "draw_no": "a", "amount": 1, "actor": "a" }),
                ("post", "fulfilment") => json!({ "status": "issued" }),
                ("post", "keys") => json!({ "scopes": ["payments:read"] }),
                ("post", "matches") => json!({ "payment": payment["id"], "actor": "a" }),
                ("post", "closure") if resource == "shifts" => json!({ "counted": 0, "actor": "a" }),
                ("post", "closure") if resource == "counter_days" => json!({ "actor": "a" }),
                ("post", "match") => json!({ "bank_transfer": line["id"], "actor": "a" }),
                ("post", "presentation" | "clearance") => json!({ "actor": "a" }),
                ("post", "links") => json!({ "kind": "reversal", "to": line["id"], "actor": "a" }),
                ("post", "returns" | "return" | "cancellation")
                    if ["bank_transfers", "counter_movements", "cheques"].contains(&resource) =>
                {
                    json!({ "reason": "a", "actor": "a" })
                }
                _ => json!({}),
            };
            let at = |id: &str| {
                let route = route.replace("{id}", id).replace("{attempt}", attempt["id"].as_str().unwrap());
                let route = route.replace("{photo}", "idp_01jzzzzzzzzzzzzzzzzzzzzzzz");
                let route = route.replace("{match}", "mat_01jzzzzzzzzzzzzzzzzzzzzzzz");
                let route = route.replace("{draw}", "drw_01jzzzzzzzzzzzzzzzzzzzzzzz");
                route.replace("{key}", key["id"].as_str().unwrap())
            };
            let foreign = ask(&app, &stranger, &method, &at(&id), &body).await;
            let missing = ask(&app, &stranger, &method, &at(&random), &body).await;
            foreign.refused(404, "not_found");
            missing.refused(404, "not_found");
            assert_eq!(without_request_id(&foreign), without_request_id(&missing), "{method} {route}");
            asked += 1;
        }
        assert!(asked > 25, "{asked}");
        nothing_foreign_by_name(&app, &stranger, payment["id"].as_str().unwrap()).await;
    }
}

/// A bank account that payers transfer to.
pub async fn bank_account(app: &TestApp) -> Value {
    let bank = json!({
        "channel": "bank_direct", "name": "基本户", "methods": ["bank_transfer"], "credentials": {},
        "settings": { "account_no": "1109", "account_name": "华元财险", "bank_name": "测试银行" },
    });
    app.post("/v1/channel_accounts", &bank).await.expect(201)
}

/// A line of a bank account, entered by hand.
async fn bank_line(app: &TestApp) -> Value {
    let bank = bank_account(app).await;
    let slip = json!({
        "channel_account": bank["id"], "amount": 1, "booked_date": "2026-11-20", "bank_ref": "N1",
        "slip": { "name": "a.jpg", "sha256": "ab".repeat(32) }, "actor": "a",
    });
    app.post("/v1/bank_transfers", &slip).await.expect(202)
}

/// Names in bodies and parameters lead to nothing foreign either.
async fn nothing_foreign_by_name(app: &TestApp, stranger: &str, payment: &str) {
    let in_body = json!({ "payment": payment, "merchant_refund_no": "F", "amount": 1 });
    ask(app, stranger, "POST", "/v1/refunds", &in_body).await.refused(404, "not_found");
    ask(app, stranger, "POST", "/v1/payments", &order("F-2", 1)).await.refused(404, "not_found");
    let query = format!("/v1/entries?payment={payment}");
    app.get_as(stranger, &query).await.refused(404, "not_found");
    for list in [
        "payments",
        "events",
        "merchants",
        "partners",
        "prepayments",
        "shifts",
        "counter_movements",
        "counter_days",
        "cash_deposits",
        "products",
        "channel_accounts",
        "webhook_endpoints",
        "deliveries",
    ] {
        let list = app.get_as(stranger, &format!("/v1/{list}")).await.expect(200);
        assert_eq!(list["data"], json!([]));
    }
}

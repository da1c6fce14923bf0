//! Main roads: payment, attempt, closure, refund, books, events.

use crate::bed::{Setup, TestApp, fresh_key, got, order};
use serde_json::json;

fn with_channel() -> Setup {
    Setup { sandbox: true, workers: true, ..Setup::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_created_attempted_paid_and_refunded() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let payment = app.paid("CAR-1", 428_640).await;
        assert_eq!(payment["money_state"], "moved");
        assert_eq!((&payment["merchant_code"], &payment["product_code"]), (&json!("pnc"), &json!("motor")));
        assert!(payment["cashier_url"].as_str().unwrap().starts_with(&format!("{}/c/", app.base)));
        assert_eq!(payment["fee"], 2_572);
        let id = payment["id"].as_str().unwrap();
        let body =
            json!({ "payment": id, "merchant_refund_no": "RF-1", "amount": 128_640, "reason": "批改退费" });
        let refund = app.post("/v1/refunds", &body).await.expect(201);
        assert_eq!(refund["status"], "approved");
        let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
        app.until(&path, "status", "succeeded").await;
        let payment =
            app.get(&format!("/v1/payments/{id}?expand[]=refunds&expand[]=latest_attempt")).await.expect(200);
        assert_eq!(
            (&payment["refund_status"], &payment["amount_refunded"]),
            (&json!("partial"), &json!(128_640))
        );
        assert_eq!(payment["refunds"][0]["id"], refund["id"]);
        assert_eq!(payment["latest_attempt"]["disposition"], "effective");
        let entries = app.get(&format!("/v1/entries?payment={id}")).await.expect(200);
        let kinds: Vec<&str> =
            entries["data"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["collect", "hold", "refund"]);
        let hold = app.get(&format!("/v1/holds/{}", refund["hold"].as_str().unwrap())).await.expect(200);
        assert_eq!((&hold["status"], &hold["amount"]), (&json!("captured"), &json!(128_640)));
        let accounts = app.get("/v1/accounts?merchant=pnc&kind=pending_settlement").await.expect(200);
        assert_eq!(accounts["data"][0]["balance"], 300_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_payment_answers_with_what_the_payer_has_to_do() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let mut body = order("CAR-2", 5_000);
        body["method"] = json!("alipay_qr");
        body["confirm"] = json!(true);
        let payment = app.post("/v1/payments", &body).await.expect(201);
        assert_eq!(payment["status"], "requires_action", "{payment}");
        assert_eq!(payment["latest_attempt"]["action"]["kind"], "qr");
        let id = payment["id"].as_str().unwrap();
        // Nobody has opened the code yet: the channel knows no order, so closing cannot be proven.
        let closing = app.post(&format!("/v1/payments/{id}/closure"), &json!({})).await;
        assert_eq!(closing.headers["retry-after"], "2");
        assert_eq!(closing.expect(202)["status"], "requires_action");
    }
}

/// The caller goes away while the channel thinks; its request comes again, before and after the channel has answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_is_always_told_the_same() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let script =
            json!({ "fault": { "kind": "slow", "after_us": 3_000_000 }, "method": "precreate", "times": 1 });
        let faults = format!("{}/control/alipay/faults", app.sandbox);
        let told = app.client.post(faults).json(&json!({ "scripts": [script] })).send().await.unwrap();
        assert!(told.status().is_success(), "{}", told.text().await.unwrap());
        let payment = app.post("/v1/payments", &order("CAR-5", 5_000)).await.expect(201);
        let path = format!("/v1/payments/{}/attempts", payment["id"].as_str().unwrap());
        let key = fresh_key();
        let ask = || {
            app.request("POST", &path)
                .header("idempotency-key", key.clone())
                .json(&json!({ "method": "alipay_qr" }))
        };
        let waiting = tokio::spawn(ask().send());
        loop {
            let attempts = app.get(&path).await.expect(200);
            if attempts["data"].as_array().is_some_and(|list| !list.is_empty()) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        waiting.abort();
        let again = loop {
            let again = got(ask()).await;
            if again.status != 409 {
                break again;
            }
            assert_eq!(again.code(), "request_in_progress");
        };
        assert_eq!(again.headers["idempotent-replayed"], "true");
        let again = (again.status, again.json());
        let attempt = format!("{path}/{}", again.1["id"].as_str().unwrap());
        app.until(&attempt, "status", "requires_action").await;
        let late = got(ask()).await;
        assert_eq!((late.status, late.json()), again);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_closes_when_the_channel_proves_it() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let payment = app.post("/v1/payments", &order("CAR-4", 5_000)).await.expect(201);
        let id = payment["id"].as_str().unwrap();
        let path = format!("/v1/payments/{id}/attempts");
        let attempt = app.post(&path, &json!({ "method": "alipay_qr" })).await.expect(201);
        app.control(attempt["out_no"].as_str().unwrap(), "open").await;
        let closed = app.post(&format!("/v1/payments/{id}/closure"), &json!({})).await.expect(200);
        assert_eq!(closed["status"], "closed");
        let attempts = app.get(&format!("/v1/payments/{id}/attempts")).await.expect(200);
        assert_eq!(attempts["data"][0]["status"], "closed");
        // B12: nothing more can be paid.
        let late = app.post(&format!("/v1/payments/{id}/attempts"), &json!({ "method": "alipay_qr" })).await;
        late.refused(409, "order_closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_closes_the_earlier_attempt_first() {
    let app = TestApp::start_with(with_channel()).await;
    app.shop().await;
    app.contract().await;
    let payment = app.post("/v1/payments", &order("CAR-3", 5_000)).await.expect(201);
    let path = format!("/v1/payments/{}/attempts", payment["id"].as_str().unwrap());
    let first = app.post(&path, &json!({ "method": "alipay_qr" })).await.expect(201);
    let again = app.post(&path, &json!({ "method": "alipay_qr" })).await.expect(200);
    assert_eq!(again["id"], first["id"]);
    app.control(first["out_no"].as_str().unwrap(), "open").await;
    let second = app.post(&path, &json!({ "method": "alipay_page" })).await.expect(201);
    assert_eq!(second["action"]["kind"], "redirect");
    let first = app.get(&format!("{path}/{}", first["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(first["status"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_both_ways_with_count_and_sum() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        for number in 1..=5 {
            app.post("/v1/payments", &order(&format!("L-{number}"), number)).await.expect(201);
        }
        let first = app.get("/v1/payments?limit=2&include[]=summary").await.expect(200);
        assert_eq!(
            (&first["has_more"], &first["summary"]),
            (&json!(true), &json!({ "count": 5, "amount": 15 }))
        );
        let numbers = |list: &serde_json::Value| -> Vec<i64> {
            list["data"].as_array().unwrap().iter().map(|row| row["amount"].as_i64().unwrap()).collect()
        };
        assert_eq!(numbers(&first), [5, 4]);
        let cursor = first["data"][1]["id"].as_str().unwrap();
        let second = app.get(&format!("/v1/payments?limit=3&starting_after={cursor}")).await.expect(200);
        assert_eq!((numbers(&second), &second["has_more"]), (vec![3, 2, 1], &json!(false)));
        let cursor = second["data"][0]["id"].as_str().unwrap();
        let back = app.get(&format!("/v1/payments?limit=1&ending_before={cursor}")).await.expect(200);
        assert_eq!(numbers(&back), [4]);
        let one = app
            .get("/v1/payments?merchant_order_no=L-3&merchant=pnc&status=requires_method")
            .await
            .expect(200);
        assert_eq!(numbers(&one), [3]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_is_made_read_changed_and_listed() {
    let app = TestApp::start_with(Setup { sandbox: true, ..Setup::default() }).await;
    app.shop().await;
    let account = app.contract().await;
    assert!(account["credentials"]["fingerprint"].as_str().unwrap().len() == 16);
    assert!(!account.to_string().contains("PRIVATE"), "{account}");
    let path = format!("/v1/channel_accounts/{}", account["id"].as_str().unwrap());
    let off = app.patch(&path, &json!({ "enabled": false, "merchants": ["pnc"] })).await.expect(200);
    assert_eq!((&off["enabled"], off["merchants"].as_array().unwrap().len()), (&json!(false), 1));
    let merchant = app.patch("/v1/merchants/pnc", &json!({ "name": "新名" })).await.expect(200);
    assert_eq!((&merchant["name"], &merchant["fee"]["rate"]), (&json!("新名"), &json!("0.0060")));
    app.post("/v1/merchants", &json!({ "code": "pnc", "name": "再来" })).await.refused(409, "code_taken");
    let product = app.patch("/v1/products/motor", &json!({ "methods": ["alipay"] })).await.expect(200);
    assert_eq!(product["methods"], json!(["alipay"]));
    let product = app.patch("/v1/products/motor", &json!({ "methods": null })).await.expect(200);
    assert_eq!(product["methods"], json!(null));
    for path in
        ["/v1/merchants", "/v1/products", "/v1/channel_accounts", "/v1/apps", "/v1/exceptions", "/v1/holds"]
    {
        let list = app.get(path).await.expect(200);
        assert_eq!(list["object"], "list", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_credentials_are_refused_at_their_field() {
    let app = TestApp::start().await;
    let body = json!({
        "channel": "alipay", "name": "支付宝", "methods": ["alipay_qr"],
        "settings": { "gateway_url": "http://10.0.0.1/", "app_id": "2021000000000001", "seller_id": "2088", "mode": "key" },
        "credentials": {},
    });
    let got = app.post("/v1/channel_accounts", &body).await;
    got.refused(400, "field_malformed");
    assert_eq!(got.json()["errors"][0]["pointer"], "#/settings/gateway_url");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_changes_and_money_does_not() {
    let app = TestApp::start().await;
    app.shop().await;
    let mut body = order("M-1", 100);
    body["metadata"] = json!({ "branch": "BJ01" });
    let payment = app.post("/v1/payments", &body).await.expect(201);
    let path = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
    let changed = app.patch(&path, &json!({ "metadata": { "branch": "SH02" } })).await.expect(200);
    assert_eq!(changed["metadata"], json!({ "branch": "SH02" }));
    let removed = app.patch(&path, &json!({ "metadata": null })).await.expect(200);
    assert_eq!(removed["metadata"], json!(null));
    app.patch(&path, &json!({ "amount": 1 })).await.refused(400, "unknown_field");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_follow_a_cursor_and_none_is_skipped() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        for number in 0..7 {
            app.post("/v1/payments", &order(&format!("E-{number}"), 100)).await.expect(201);
        }
        let mut path = "/v1/event_feed?limit=3".to_owned();
        let mut seen = Vec::new();
        loop {
            let feed = app.get(&path).await.expect(200);
            let data = feed["data"].as_array().unwrap();
            seen.extend(
                data.iter().map(|event| event["data"]["merchant_order_no"].as_str().unwrap().to_owned()),
            );
            if data.is_empty() {
                break;
            }
            path = format!("/v1/event_feed?limit=3&cursor={}", feed["cursor"].as_str().unwrap());
        }
        assert_eq!(seen, (0..7).map(|number| format!("E-{number}")).collect::<Vec<_>>());
        let events = app.get("/v1/events?type=payment.created&limit=1").await.expect(200);
        let id = events["data"][0]["id"].as_str().unwrap();
        assert_eq!(app.get(&format!("/v1/events/{id}")).await.expect(200), events["data"][0]);
    }
}

//! Refunds over the API (security list E, as far as refunds exist).

use crate::bed::{Setup, TestApp, got, order};
use serde_json::json;
use tk_domain::id::TypedId;

fn with_channel() -> Setup {
    Setup { sandbox: true, workers: true, ..Setup::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_within_what_was_paid() {
    let app = TestApp::start_with(with_channel()).await;
    app.shop().await;
    app.contract().await;
    let unpaid = app.post("/v1/payments", &order("R-0", 100)).await.expect(201);
    let payment = app.paid("R-1", 10_000).await;
    let stranger = app.paid("R-2", 10_000).await;
    let id = payment["id"].as_str().unwrap();
    let refund = |no: &str, amount: i64| json!({ "payment": id, "merchant_refund_no": no, "amount": amount });
    let with = |field: &str, value: &serde_json::Value| {
        let mut body = refund("X", 100);
        body[field] = value.clone();
        body
    };
    let cases = [
        (refund("X", 10_001), 422, "refund_exceeds_refundable"), // E01
        (refund("X", 0), 422, "amount_out_of_range"),            // E03
        (refund("X", -1), 422, "amount_out_of_range"),
        (with("payment", &unpaid["id"]), 409, "payment_not_refundable"), // E04
        (with("currency", &json!("USD")), 422, "refund_currency_mismatch"), // E05
        (with("currency", &json!("cny")), 422, "refund_currency_mismatch"),
        (with("payment", &json!("pay_00000000000000000000000000")), 404, "not_found"),
        (with("payment", &json!("nonsense")), 404, "not_found"),
        (with("attempt", &stranger["latest_attempt"]), 422, "attempt_not_of_payment"),
        (with("card_no", &json!("6222")), 400, "unknown_field"), // E07: no choice of a target
        (with("amount", &json!(1.5)), 400, "amount_not_integer"),
    ];
    for (body, status, code) in cases {
        let got = app.post("/v1/refunds", &body).await;
        got.refused(status, code);
        assert_eq!(got.json()["money_state"], "not_moved", "{code}");
    }
    let got = app.post("/v1/refunds", &refund("X", 10_001)).await.json();
    assert_eq!(got["errors"][0]["pointer"], "#/amount");
    let made = app.post("/v1/refunds", &refund("RF-1", 4_000)).await.expect(201);
    let same = app.post("/v1/refunds", &refund("RF-1", 4_000)).await.expect(200);
    assert_eq!(same["id"], made["id"]);
    app.post("/v1/refunds", &refund("RF-1", 4_001)).await.refused(409, "refund_conflict");
    app.post("/v1/refunds", &refund("RF-2", 6_001)).await.refused(422, "refund_exceeds_refundable");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_refunds_at_once_never_exceed_what_was_paid() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let payment = app.paid("R-3", 1_000).await;
        let id = payment["id"].as_str().unwrap();
        let requests = (0..50).map(|number| {
            let body = json!({ "payment": id, "merchant_refund_no": format!("C-{number}"), "amount": 300 });
            let request = app.request("POST", "/v1/refunds").header("idempotency-key", format!("e-{number}"));
            tokio::spawn(got(request.json(&body)))
        });
        let mut made = 0;
        for task in requests.collect::<Vec<_>>() {
            let got = task.await.unwrap();
            if got.status == 201 {
                made += 1;
            } else {
                got.refused(422, "refund_exceeds_refundable");
            }
        }
        assert_eq!(made, 3);
        let payment = app.get(&format!("/v1/payments/{id}")).await.expect(200);
        assert_eq!(payment["amount_refundable"], 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_not_sent_can_be_withdrawn_once() {
    // Without workers nothing is sent, so the refund stays approved.
    let app = TestApp::start_with(Setup { sandbox: true, ..Setup::default() }).await;
    app.shop().await;
    app.contract().await;
    let payment = app.post("/v1/payments", &order("R-4", 1_000)).await.expect(201);
    let id = payment["id"].as_str().unwrap();
    let attempts = format!("/v1/payments/{id}/attempts");
    let attempt = app.post(&attempts, &json!({ "method": "alipay_qr" })).await.expect(201);
    app.control(attempt["out_no"].as_str().unwrap(), "pay").await;
    let paid = app.post(&format!("/v1/payments/{id}/queries"), &json!({})).await.expect(200);
    assert_eq!(paid["status"], "succeeded", "{paid}");
    let body = json!({ "payment": id, "merchant_refund_no": "W-1", "amount": 1_000 });
    let refund = app.post("/v1/refunds", &body).await.expect(201);
    let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
    let gone = app.post(&format!("{path}/cancellation"), &json!({})).await.expect(200);
    assert_eq!(gone["status"], "cancelled");
    let hold = app.get(&format!("/v1/holds/{}", refund["hold"].as_str().unwrap())).await.expect(200);
    assert_eq!(hold["status"], "released");
    let payment = app.get(&format!("/v1/payments/{id}")).await.expect(200);
    assert_eq!((&payment["amount_refundable"], &payment["amount_refunding"]), (&json!(1_000), &json!(0)));
    let listed = app.get(&format!("/v1/refunds?payment={id}&status=cancelled")).await.expect(200);
    assert_eq!(listed["data"][0]["id"], refund["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_one_merchant_sees_no_other_owner_in_entries() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let payment = app.paid("R-OWN", 1_000).await;
        let merchant_id = TypedId::parse(payment["merchant"].as_str().unwrap());
        let plan = crate::bed::KeyPlan { merchant_id, ..Default::default() };
        let (_, bound) = app.new_key(app.tenant_id, &plan).await;
        let path = format!("/v1/entries?payment={}", payment["id"].as_str().unwrap());
        let whole = app.get(&path).await.expect(200).to_string();
        assert!(whole.contains("channel_receivable") && whole.contains("pending_settlement"), "{whole}");
        let seen = app.get_as(&bound, &path).await.expect(200);
        let owners: Vec<&serde_json::Value> =
            seen["data"][0]["lines"].as_array().unwrap().iter().map(|line| &line["owner"]).collect();
        assert!(!owners.is_empty() && owners.iter().all(|owner| **owner == payment["merchant"]), "{seen}");
    }
}

/// The sandbox refuses a refund for good and carries it out a moment later all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_done_after_it_failed_is_booked_and_shown() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let payment = app.paid("R-LATE", 1_000).await;
        let script =
            json!({ "fault": { "kind": "false_refusal", "after_us": 1 }, "method": "refund", "times": 1 });
        let faults = format!("{}/control/alipay/faults", app.sandbox);
        let answer = app.client.post(faults).json(&json!({ "scripts": [script] })).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let body = json!({ "payment": payment["id"], "merchant_refund_no": "L-1", "amount": 400 });
        let refund = app.post("/v1/refunds", &body).await.expect(201);
        let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
        app.until(&path, "status", "failed").await;
        app.post(&format!("{path}/queries"), &json!({})).await.expect(200);
        let late = app.until(&path, "money_state", "moved").await;
        assert_eq!(late["status"], "failed", "what has ended stays ended");
        assert!(late["late_succeeded_at"].is_string(), "{late}");
        let payment = app.get(&format!("/v1/payments/{}", payment["id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&payment["amount_refunded"], &payment["amount_refundable"]), (&json!(400), &json!(600)));
        assert_eq!(payment["refund_status"], "partial");
        let told = app.get("/v1/exceptions?status=open").await.expect(200);
        assert_eq!(told["data"][0]["kind"], "refund_late_success", "{told}");
        let entries =
            app.get(&format!("/v1/entries?payment={}", payment["id"].as_str().unwrap())).await.expect(200);
        let late = entries["data"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "refund_late");
        assert_eq!(late.count(), 1, "{entries}");
    }
}

/// The answer to a bar-code payment is lost; closing the payment gives the money back at the channel.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_gives_money_back_is_booked_and_shown() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        app.shop().await;
        app.contract().await;
        let scripts = json!([
            { "fault": { "kind": "system_error", "effect": "done" }, "method": "pay", "times": 1 },
            { "fault": { "kind": "notify_never" } },
        ]);
        let faults = format!("{}/control/alipay/faults", app.sandbox);
        let answer = app.client.post(faults).json(&json!({ "scripts": scripts })).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let payment = app.post("/v1/payments", &order("R-UNDONE", 1_000)).await.expect(201);
        let path = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
        let body = json!({ "method": "alipay_barcode", "auth_code": "281234567890123456" });
        let attempt = app.post(&format!("{path}/attempts"), &body).await.expect(202);
        let closed = app.post(&format!("{path}/closure"), &json!({})).await.expect(200);
        assert_eq!(closed["status"], "closed", "{closed}");
        let attempt =
            app.get(&format!("{path}/attempts/{}", attempt["id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&attempt["amount_undone"], &attempt["amount_received"]), (&json!(1_000), &json!(0)));
        let entries =
            app.get(&format!("/v1/entries?payment={}", payment["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(entries["data"][0]["kind"], "undone", "{entries}");
    }
}

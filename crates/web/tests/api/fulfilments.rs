//! Pay before issue over the API: announcement, reports, aged lists and the rule about refunds.

use crate::bed::{Setup, TestApp, order};
use serde_json::{Value, json};
use tk_app::store::{Engine, Source, verify};
use tk_domain::audit::Origin;
use tk_domain::fulfilment::ConfirmMoney;
use tk_domain::id::{PaymentId, TypedId};
use tk_domain::moment::HOUR_US;
use tk_domain::product::IssueOn;

/// A payment with a policy to issue, paid at the counter.
async fn paid(app: &TestApp, shift: &str, order_no: &str) -> String {
    let payment = created(app, order_no).await;
    let body = json!({
        "shift": shift, "payment": payment, "method": "cash", "amount": 10_000, "actor": "甲",
    });
    app.post("/v1/counter_takings", &body).await.expect(201);
    payment
}

async fn created(app: &TestApp, order_no: &str) -> String {
    let mut body = order(order_no, 10_000);
    body["fulfilment"] = json!({ "pay_before_issue": true, "proposal_no": order_no });
    text(&app.post("/v1/payments", &body).await.expect(201)["id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn shift(app: &TestApp) -> String {
    app.shop().await;
    let limits = json!({ "issue_within_s": 3_600, "pay_within_s": 7_200 });
    let product = app.patch("/v1/products/motor", &limits).await.expect(200);
    assert_eq!(product["issue_within_s"], 3_600);
    let counter = crate::counter::counter(app).await;
    let body = json!({ "counter": counter, "cashier": "甲", "float": 0 });
    text(&app.post("/v1/shifts", &body).await.expect(201)["id"])
}

async fn listed(app: &TestApp, query: &str) -> Vec<String> {
    let list = app.get(&format!("/v1/fulfilments?{query}")).await.expect(200);
    list["data"].as_array().unwrap().iter().map(|row| text(&row["payment"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_announced_reported_and_listed_while_it_is_missing() {
    for app in TestApp::each(Setup::default()).await {
        let shift = shift(&app).await;
        let payment = paid(&app, &shift, "F-1").await;
        let path = format!("/v1/payments/{payment}/fulfilment");
        let row = app.get(&path).await.expect(200);
        assert_eq!((&row["status"], &row["rests_on"]), (&json!("announced"), &json!("channel_success")));
        assert!(app.get("/v1/events").await.expect(200).to_string().contains("payment.issuable"));
        assert_eq!(listed(&app, "missing=policy").await, std::slice::from_ref(&payment));
        assert!(listed(&app, "missing=policy&overdue=true").await.is_empty());
        let unpaid = created(&app, "F-2").await;
        let other = format!("/v1/payments/{unpaid}/fulfilment");
        app.post(&other, &json!({ "status": "issued", "policy_no": "P-2" })).await.expect(200);
        assert_eq!(listed(&app, "missing=money").await, std::slice::from_ref(&unpaid));
        app.advance(3 * HOUR_US);
        assert_eq!(listed(&app, "missing=policy&overdue=true").await, std::slice::from_ref(&payment));
        assert_eq!(listed(&app, "missing=money&overdue=true").await, std::slice::from_ref(&unpaid));
        let report = json!({ "status": "issued", "policy_no": "P-1" });
        assert_eq!(app.post(&path, &report).await.expect(200)["policy_no"], "P-1");
        app.post(&path, &report).await.expect(200);
        app.post(&path, &json!({ "status": "issued", "policy_no": "P-9" }))
            .await
            .refused(409, "fulfilment_conflict");
        assert!(listed(&app, "missing=policy").await.is_empty());
        let refund = json!({ "payment": payment, "merchant_refund_no": "R1", "amount": 1 });
        app.post("/v1/refunds", &refund).await.refused(409, "policy_issued");
        app.post(&path, &json!({ "status": "lost" })).await.refused(400, "field_malformed");
        let plain = text(&app.post("/v1/payments", &order("F-3", 1)).await.expect(201)["id"]);
        app.post(&format!("/v1/payments/{plain}/fulfilment"), &report).await.refused(404, "not_found");
        sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn never_both_policy_and_refund() {
    for app in TestApp::each(Setup::default()).await {
        let shift = shift(&app).await;
        let payment = paid(&app, &shift, "F-1").await;
        let refund = json!({ "payment": payment, "merchant_refund_no": "R1", "amount": 4_000 });
        let refund = text(&app.post("/v1/refunds", &refund).await.expect(201)["id"]);
        assert!(app.get("/v1/events").await.expect(200).to_string().contains("payment.issue_stopped"));
        let path = format!("/v1/payments/{payment}/fulfilment");
        app.post(&path, &json!({ "status": "issued", "policy_no": "P-1" })).await.expect(200);
        assert_eq!(app.get(&format!("/v1/refunds/{refund}")).await.expect(200)["status"], "cancelled");
        let second = paid(&app, &shift, "F-2").await;
        let refund = json!({ "payment": second, "merchant_refund_no": "R2", "amount": 4_000 });
        let refund = text(&app.post("/v1/refunds", &refund).await.expect(201)["id"]);
        let body = json!({ "shift": shift, "refund": refund, "actor": "甲" });
        app.post("/v1/counter_refunds", &body).await.expect(201);
        let path = format!("/v1/payments/{second}/fulfilment");
        app.post(&path, &json!({ "status": "issued", "policy_no": "P-2" })).await.expect(200);
        let exceptions = app.get("/v1/exceptions?status=open").await.expect(200);
        assert_eq!(exceptions["data"][0]["kind"], "issued_and_refunded");
        sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_settlement_is_accepted_and_waits() {
    let app = TestApp::each(Setup::default()).await.remove(0);
    let shift = shift(&app).await;
    app.patch("/v1/products/motor", &json!({ "issue_on": "settled" })).await.expect(200);
    let payment = paid(&app, &shift, "F-1").await;
    let path = format!("/v1/payments/{payment}/fulfilment");
    let row = app.get(&path).await.expect(200);
    assert_eq!((&row["status"], &row["rests_on"]), (&json!("awaiting"), &Value::Null));
    let command = ConfirmMoney {
        tenant_id: app.tenant_id,
        payment_id: PaymentId::parse(&payment).unwrap(),
        fact: IssueOn::Settled,
        origin: Origin::system(),
    };
    app.app.submit(command).await.unwrap();
    assert_eq!(app.get(&path).await.expect(200)["rests_on"], "settled");
    sound(&app).await;
}

async fn sound(app: &TestApp) {
    let Some(directory) = app.directory() else { return };
    if app.app.reader().engine() == Engine::Sqlite {
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

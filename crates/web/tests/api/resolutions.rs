//! Money whose amount is not the order's: proposed over the API, decided by another person, never by a key.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use serde_json::{Value, json};
use tk_domain::access::Scope;
use tk_domain::audit::Origin;
use tk_domain::exception::{DecideResolution, OpenOrphan, OrphanOf, Resolution, ResolutionStatus, Subject};
use tk_domain::id::{AttemptId, ChannelAccountId, ExceptionId, PaymentId, TypedId};
use tk_domain::payment::TakePaymentReport;
use tk_domain::report::{PaidEvidence, PaymentFinding, PaymentReport, Source};
use tk_money::Amount;

/// A query has proven that 1,100 fen were paid for an order of 1,000.
async fn suspended(app: &TestApp) -> (PaymentId, AttemptId) {
    app.shop().await;
    app.contract().await;
    let payment = app.post("/v1/payments", &order("S-1", 1_000)).await.expect(201);
    let path = format!("/v1/payments/{}/attempts", payment["id"].as_str().unwrap());
    let attempt = app.post(&path, &json!({ "method": "alipay_qr" })).await.expect(201);
    let payment_id = PaymentId::parse(payment["id"].as_str().unwrap()).unwrap();
    let attempt_id = AttemptId::parse(attempt["id"].as_str().unwrap()).unwrap();
    let finding = PaymentFinding::Paid(PaidEvidence {
        channel_txn_no: "2026112222001".to_owned(),
        amount: Amount::fen(1_100),
        payee_app: None,
        payee_merchant: None,
        borne: None,
        paid_at_us: None,
    });
    let report = PaymentReport { source: Source::Query, asked_at_us: app.app.now_us(), finding };
    let (tenant_id, origin) = (app.tenant_id, Origin::system());
    app.app.submit(TakePaymentReport { tenant_id, payment_id, attempt_id, report, origin }).await.unwrap();
    (payment_id, attempt_id)
}

async fn the_exception(app: &TestApp) -> Value {
    let listed = app.get("/v1/exceptions?status=open").await.expect(200);
    assert_eq!(listed["data"][0]["kind"], "amount_mismatch", "{listed}");
    listed["data"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_waits_for_another_person_and_then_the_money_goes_back() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        let (payment_id, attempt_id) = suspended(&app).await;
        let exception = the_exception(&app).await;
        let path = format!("/v1/exceptions/{}", exception["id"].as_str().unwrap());
        let body = json!({ "kind": "refund_payer", "reason": "多付一元", "maker": "王五" });
        let (_, reader) = app
            .new_key(app.tenant_id, &KeyPlan { scopes: vec![Scope::BooksRead], ..KeyPlan::default() })
            .await;
        app.post_as(&reader, &format!("{path}/resolution"), &body).await.refused(403, "scope_missing");
        let mut unsaid = body.clone();
        unsaid["kind"] = json!("keep_it");
        app.post(&format!("{path}/resolution"), &unsaid).await.refused(400, "field_malformed");
        let proposed = app.post(&format!("{path}/resolution"), &body).await.expect(202);
        assert_eq!(proposed["resolution"]["status"], "pending_approval", "{proposed}");
        assert_eq!((&proposed["status"], &proposed["resolution"]["amount"]), (&json!("open"), &json!(1_100)));
        app.post(&format!("{path}/resolution"), &body).await.refused(409, "not_resolvable");
        let id = ExceptionId::parse(exception["id"].as_str().unwrap()).unwrap();
        let decide = DecideResolution {
            subject: Subject { tenant_id: app.tenant_id, payment_id, attempt_id, exception_id: id },
            verdict: ResolutionStatus::Approved,
            content_hash: proposed["resolution"]["content_hash"].as_str().unwrap().to_owned(),
            checker: "赵六".to_owned(),
            origin: Origin::system(),
        };
        let decided = app.app.submit(decide).await.unwrap();
        assert_eq!(Resolution::of(&decided).unwrap().checker.as_deref(), Some("赵六"));
        let closed = app.get(&path).await.expect(200);
        assert_eq!(
            (&closed["status"], &closed["resolution"]["status"]),
            (&json!("closed"), &json!("approved"))
        );
        let payment = app.get(&format!("/v1/payments/{payment_id}?expand[]=refunds")).await.expect(200);
        assert_eq!(payment["status"], "requires_method", "{payment}");
        assert_eq!(
            (&payment["refunds"][0]["amount"], &payment["refunds"][0]["origin"]),
            (&json!(1_100), &json!("system"))
        );
        let hold = app
            .get(&format!("/v1/holds/{}", payment["refunds"][0]["hold"].as_str().unwrap()))
            .await
            .expect(200);
        assert_eq!(hold["funding"], json!([{ "account": "suspense", "amount": 1_100 }]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_person_ends_a_matter_behind_which_no_money_waits() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        suspended(&app).await;
        let exception = the_exception(&app).await;
        let path = format!("/v1/exceptions/{}/resolution", exception["id"].as_str().unwrap());
        let body = json!({ "kind": "acknowledged", "reason": "与银行核对无误", "maker": "王五" });
        app.post(&path, &body).await.refused(409, "matter_not_over");
        let listed = app.get("/v1/channel_accounts").await.expect(200);
        let account = ChannelAccountId::parse(listed["data"][0]["id"].as_str().unwrap()).unwrap();
        let orphan = OpenOrphan {
            tenant_id: app.tenant_id,
            channel_account_id: account,
            of: OrphanOf::Order,
            out_no: "NOT-OURS".to_owned(),
            amount_minor: 5,
        };
        let opened = app.app.submit(orphan).await.unwrap();
        let path = format!("/v1/exceptions/{}/resolution", opened.id);
        let mut named = body.clone();
        named["merchant_order_no"] = json!("A-1");
        app.post(&path, &named).await.refused(422, "field_invalid");
        let over = app.post(&path, &body).await.expect(200);
        assert_eq!(
            (&over["status"], &over["resolution"]["kind"]),
            (&json!("closed"), &json!("acknowledged"))
        );
        assert_eq!(over["resolution"]["reason"], "与银行核对无误");
        app.post(&path, &body).await.refused(409, "not_resolvable");
        let open = app.get("/v1/exceptions?status=open&kind=orphan_report").await.expect(200);
        assert_eq!(open["data"], json!([]), "{open}");
        let left = app.get("/v1/exceptions?status=open&kind=amount_mismatch").await.expect(200);
        assert_eq!(left["data"].as_array().unwrap().len(), 1, "{left}");
        app.get("/v1/exceptions?kind=nonsense").await.refused(400, "parameter_invalid");
    }
}

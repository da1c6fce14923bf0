//! Splits over the API.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use serde_json::{Value, json};
use tk_app::store::{Source, verify};
use tk_domain::access::Scope;
use tk_domain::id::TypedId;

fn with_channel() -> Setup {
    Setup { sandbox: true, workers: true, ..Setup::default() }
}

/// A shop whose merchant has a sister of the same legal entity and a stranger beside it.
async fn family(app: &TestApp) -> [String; 2] {
    app.shop().await;
    app.contract().await;
    let entity = json!({ "legal_entity": "91310000MA1" });
    app.patch("/v1/merchants/pnc", &entity).await.expect(200);
    let mut ids = Vec::new();
    for (code, entity) in [("sister", Some("91310000MA1")), ("stranger", None)] {
        let mut body = json!({ "code": code, "name": code });
        if let Some(entity) = entity {
            body["legal_entity"] = json!(entity);
        }
        let made = app.post("/v1/merchants", &body).await.expect(201);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids.try_into().unwrap()
}

fn with(order_no: &str, splits: &Value) -> Value {
    let mut body = order(order_no, 10_000);
    body["splits"] = splits.clone();
    body
}

async fn pay(app: &TestApp, id: &str) {
    let path = format!("/v1/payments/{id}/attempts");
    let attempt = app.post(&path, &json!({ "method": "alipay_qr" })).await.expect(201);
    app.control(attempt["out_no"].as_str().unwrap(), "pay").await;
    app.until(&format!("/v1/payments/{id}"), "status", "succeeded").await;
}

async fn pending(app: &TestApp, merchant: &str) -> i64 {
    let list = app.get(&format!("/v1/accounts?merchant={merchant}")).await.expect(200);
    let kind = |row: &&Value| row["kind"] == "pending_settlement";
    list["data"].as_array().unwrap().iter().find(kind).map_or(0, |row| row["balance"].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_divided_and_a_refund_takes_it_back() {
    for app in TestApp::each(with_channel()).await {
        let [sister, _] = family(&app).await;
        let made =
            app.post("/v1/payments", &with("S-1", &json!([{ "merchant": "sister", "rate": "0.4" }]))).await;
        let made = made.expect(201);
        assert_eq!(made["splits"]["shares"][0]["rate_ppm"], 400_000);
        let id = made["id"].as_str().unwrap().to_owned();
        pay(&app, &id).await;
        let list = app.get(&format!("/v1/splits?payment={id}")).await.expect(200);
        let split = &list["data"][0];
        assert_eq!(
            (&split["status"], &split["mode"], &split["amount"]),
            (&json!("succeeded"), &json!("books"), &json!(4_000))
        );
        assert_eq!(split["shares"][0]["merchant"], json!(sister));
        let one = app.get(&format!("/v1/splits/{}", split["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(&one, split);
        assert_eq!(pending(&app, &sister).await, 4_000);
        let more = json!({ "merchant_split_no": "N-1", "splits": [{ "merchant": sister, "amount": 1_000 }] });
        let path = format!("/v1/payments/{id}/splits");
        let second = app.post(&path, &more).await.expect(201);
        assert_eq!(app.post(&path, &more).await.expect(200)["id"], second["id"]);
        assert_eq!(pending(&app, &sister).await, 5_000);
        let refund = json!({ "payment": id, "merchant_refund_no": "R-1", "amount": 5_000 });
        let refund = app.post("/v1/refunds", &refund).await.expect(201);
        assert_eq!(pending(&app, &sister).await, 2_500);
        let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
        app.until(&path, "status", "succeeded").await;
        let after = app.get(&format!("/v1/splits/{}", second["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(
            (&after["shares"][0]["amount_returned"], &after["shares"][0]["amount_returning"]),
            (&json!(500), &json!(0))
        );
        assert!(app.get("/v1/events").await.expect(200).to_string().contains("split.succeeded"));
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_divided_that_must_not_be() {
    for app in TestApp::each(with_channel()).await {
        let [sister, stranger] = family(&app).await;
        let cases = [
            (json!([{ "merchant": "sister", "amount": 10_001 }]), 422, "split_exceeds_amount"), // B07
            (json!([{ "merchant": stranger, "amount": 1 }]), 422, "split_needs_channel"),
            (json!([{ "merchant": "nobody", "amount": 1 }]), 404, "not_found"),
            (json!([{ "receiver": "spr_x", "amount": 1 }]), 404, "not_found"),
            (json!([{ "merchant": "sister" }]), 422, "field_invalid"),
            (json!([{ "merchant": "sister", "amount": 1.5 }]), 400, "amount_not_integer"),
            (json!([{ "merchant": "sister", "rate": "1.1" }]), 400, "field_malformed"),
            (json!([{ "merchant": "sister", "amount": 1, "note": 1 }]), 400, "unknown_field"),
            (json!([{ "merchant": "sister", "amount": 1, "item": 0 }]), 422, "field_invalid"),
        ];
        for (splits, status, code) in cases {
            let got = app.post("/v1/payments", &with("S-2", &splits)).await;
            got.refused(status, code);
        }
        let own = json!([{ "merchant": sister, "amount": 1 }]);
        let scopes = vec![Scope::PaymentsWrite, Scope::PaymentsRead];
        let (_, unable) = app.new_key(app.tenant_id, &KeyPlan { scopes, ..KeyPlan::default() }).await;
        app.post_as(&unable, "/v1/payments", &with("S-3", &own)).await.refused(403, "scope_missing");
        let payment = app.paid("S-4", 10_000).await;
        let path = format!("/v1/payments/{}/splits", payment["id"].as_str().unwrap());
        let body = json!({ "merchant_split_no": "N-1", "splits": own });
        // A key of the sister sees neither the payment nor its splits, and a key of another tenant nobody.
        let merchant_id = TypedId::parse(&sister);
        let (_, other) = app.new_key(app.tenant_id, &KeyPlan { merchant_id, ..KeyPlan::default() }).await;
        app.post_as(&other, &path, &body).await.refused(404, "not_found");
        let made = app.post(&path, &body).await.expect(201);
        let split = format!("/v1/splits/{}", made["id"].as_str().unwrap());
        app.get_as(&other, &split).await.refused(404, "not_found");
        assert_eq!(app.get_as(&other, "/v1/splits").await.expect(200)["data"], json!([]));
    }
}

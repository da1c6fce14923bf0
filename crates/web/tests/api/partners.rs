//! Partners: licences, what is bound to them, and what nobody else sees.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use serde_json::{Value, json};
use tk_domain::access::Scope;
use tk_domain::id::{PartnerId, TypedId};

async fn partner(app: &TestApp, code: &str) -> Value {
    let body = json!({ "code": code, "name": "旅行社", "kind": "unlicensed", "actor": "王五" });
    app.post("/v1/partners", &body).await.expect(201)
}

/// A contract bound to a partner.
async fn bound(app: &TestApp, partner: &str) -> Value {
    let mut body = app.contract_body("渠道专用");
    body["partner"] = json!(partner);
    body["priority"] = json!(1);
    app.post("/v1/channel_accounts", &body).await.expect(201)
}

fn of(partner: &Value, order_no: &str) -> Value {
    let mut body = order(order_no, 1_000);
    body["partner"] = partner["code"].clone();
    body
}

async fn partner_key(app: &TestApp, partner: &Value) -> String {
    let partner_id = PartnerId::parse(partner["id"].as_str().unwrap());
    let scopes = vec![Scope::PaymentsRead, Scope::PaymentsWrite];
    app.new_key(app.tenant_id, &KeyPlan { partner_id, scopes, ..KeyPlan::default() }).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_bound_to_a_partner_shows_nowhere_else() {
    for app in TestApp::each(Setup { sandbox: true, workers: true, ..Setup::default() }).await {
        app.shop().await;
        let general = app.contract().await;
        let (travel, shop) = (partner(&app, "travel").await, partner(&app, "shop").await);
        let own = bound(&app, "travel").await;
        for (body, account) in
            [(of(&travel, "T-1"), &own), (of(&shop, "S-1"), &general), (order("N-1", 1_000), &general)]
        {
            let payment = app.post("/v1/payments", &body).await.expect(201);
            let path = format!("/v1/payments/{}/attempts", payment["id"].as_str().unwrap());
            let attempt = app.post(&path, &json!({ "method": "alipay_qr" })).await.expect(201);
            assert_eq!(attempt["channel_account"], account["id"], "{body}");
            let dropped = &attempt["routing"]["candidates"]
                .as_array()
                .unwrap()
                .iter()
                .find(|candidate| candidate["channel_account"] == own["id"]);
            let reason = dropped.map(|candidate| candidate["dropped"].clone()).unwrap();
            assert_eq!(reason, if account["id"] == own["id"] { Value::Null } else { json!("partner") });
        }
        let listed = app.get("/v1/payments?partner=travel").await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        assert_eq!(listed["data"][0]["partner"], travel["id"]);
        let accounts = app.get("/v1/channel_accounts?partner=travel").await.expect(200);
        assert_eq!((accounts["data"].as_array().unwrap().len(), &accounts["data"][0]["id"]), (1, &own["id"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_a_partner_makes_and_sees_only_its_own_payments() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        app.shop().await;
        app.contract().await;
        let (travel, shop) = (partner(&app, "travel").await, partner(&app, "shop").await);
        let key = partner_key(&app, &travel).await;
        let mine = app.post_as(&key, "/v1/payments", &order("M-1", 500)).await.expect(201);
        assert_eq!(mine["partner"], travel["id"]);
        app.post_as(&key, "/v1/payments", &of(&shop, "M-2")).await.refused(404, "not_found");
        let foreign = app.post("/v1/payments", &of(&shop, "M-3")).await.expect(201);
        let nobody_s = app.post("/v1/payments", &order("M-4", 500)).await.expect(201);
        for other in [&foreign, &nobody_s] {
            let path = format!("/v1/payments/{}", other["id"].as_str().unwrap());
            app.get_as(&key, &path).await.refused(404, "not_found");
            app.get_as(&key, &format!("{path}/attempts")).await.refused(404, "not_found");
            let body = json!({ "method": "alipay_qr" });
            app.post_as(&key, &format!("{path}/attempts"), &body).await.refused(404, "not_found");
            app.post_as(&key, &format!("{path}/closure"), &json!({})).await.refused(404, "not_found");
            let after = format!("/v1/payments?starting_after={}", other["id"].as_str().unwrap());
            app.get_as(&key, &after).await.refused(400, "cursor_invalid");
        }
        // The order number of another partner's payment leads nowhere either.
        app.post_as(&key, "/v1/payments", &order("M-4", 500)).await.refused(409, "order_conflict");
        let listed = app.get_as(&key, "/v1/payments").await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        app.get_as(&key, "/v1/payments?partner=shop").await.refused(404, "not_found");
        let path = format!("/v1/payments/{}/attempts", mine["id"].as_str().unwrap());
        let attempt = app.post_as(&key, &path, &json!({ "method": "alipay_qr" })).await.expect(201);
        assert_eq!(attempt["routing"], Value::Null, "why others were not chosen is not the partner's");
        let expanded = format!("/v1/payments/{}?expand[]=latest_attempt", mine["id"].as_str().unwrap());
        let expanded = app.get_as(&key, &expanded).await.expect(200);
        assert_eq!(expanded["latest_attempt"]["routing"], Value::Null);
        app.get_as(&key, "/v1/channel_accounts").await.refused(403, "scope_missing");
        let made = app.post("/v1/apps", &json!({ "name": "partner", "partner": "travel" })).await.expect(201);
        assert_eq!(made["partner"], travel["id"]);
        let keys = format!("/v1/apps/{}/keys", made["id"].as_str().unwrap());
        app.post(&keys, &json!({ "scopes": ["payments:read", "books:read"] }))
            .await
            .refused(422, "field_invalid");
        app.post(&keys, &json!({ "scopes": ["payments:read"] })).await.expect(201);
        let apps = app.get("/v1/apps?partner=travel").await.expect(200);
        assert_eq!(apps["data"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_has_number_scope_and_an_end_that_stops_new_payments() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let mut body = json!({ "code": "agency", "name": "代理", "kind": "licensed", "actor": "王五" });
        app.post("/v1/partners", &body).await.refused(422, "field_invalid");
        body["licence"] = json!({ "number": "26110", "products": ["motor"], "valid_until": "2020-02-30" });
        app.post("/v1/partners", &body).await.refused(400, "field_malformed");
        body["licence"]["valid_until"] = json!("2020-02-28");
        let made = app.post("/v1/partners", &body).await.expect(201);
        assert_eq!(made["licence"]["valid_until"], "2020-02-28");
        let late = json!({ "partner": "agency", "merchant": "pnc", "product": "motor",
            "merchant_order_no": "L-1", "amount": 100 });
        app.post("/v1/payments", &late).await.refused(409, "partner_licence_expired");
        let renewed = json!({ "licence": { "valid_until": "2099-12-31" }, "actor": "赵六" });
        app.patch("/v1/partners/agency", &renewed).await.expect(200);
        let payment = app.post("/v1/payments", &late).await.expect(201);
        assert_eq!(payment["partner"], made["id"]);
        let nameless = json!({ "enabled": false });
        app.patch("/v1/partners/agency", &nameless).await.refused(400, "field_missing");
        app.post("/v1/products", &json!({ "code": "travel", "name": "旅行险", "partner": "agency" }))
            .await
            .expect(201);
        let mut outside = late.clone();
        outside["product"] = json!("travel");
        outside["merchant_order_no"] = json!("L-2");
        app.post("/v1/payments", &outside).await.refused(422, "partner_licence_scope");
        let products = app.get("/v1/products?partner=agency").await.expect(200);
        assert_eq!(products["data"].as_array().unwrap().len(), 1);
        let id = PartnerId::parse(made["id"].as_str().unwrap()).unwrap();
        let acts = app.app.reader().audits_of(app.tenant_id, &id.to_string()).await.unwrap();
        let named: Vec<bool> =
            ["王五", "赵六"].iter().zip(&acts).map(|(name, act)| act.detail.contains(name)).collect();
        assert_eq!(named, [true, true]);
    }
}

//! Who may call (security list A, without signatures).

use crate::bed::{KeyPlan, Setup, TestApp, got, order};
use serde_json::json;
use tillkeeper_web::Environment;
use tk_domain::access::{RevokeApiKey, Scope};
use tk_domain::audit::Origin;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_ours_and_well_formed() {
    let app = TestApp::start().await;
    let none_alg = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.";
    let hs256 = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl";
    let unknown = format!("Bearer tk_test_pnc_{}", "0".repeat(52));
    let nobody = format!("Bearer tk_test_nobody_{}", "0".repeat(52));
    let cut = format!("Bearer {}", &app.key[..app.key.len() - 1]);
    let capital = format!("Bearer {}", app.key.to_uppercase());
    let basic = format!("Basic {}", app.key);
    let twice = format!("Bearer {} {}", app.key, app.key);
    for value in [none_alg, hs256, &unknown, &nobody, &cut, &capital, &basic, &twice, "", "Bearer", "Bearer "]
    {
        let request = app.client.get(format!("{}/v1/payments", app.base)).header("authorization", value);
        let got = got(request).await;
        got.refused(401, "token_invalid");
        assert_eq!(got.headers["www-authenticate"], "Bearer");
    }
    got(app.client.get(format!("{}/v1/payments", app.base))).await.refused(401, "token_invalid");
    let url = format!("{}/v1/payments?access_token={}", app.base, app.key);
    got(app.client.get(url)).await.refused(401, "token_invalid");
    let doubled = app.client.get(format!("{}/v1/payments", app.base)).bearer_auth(&app.key);
    got(doubled.header("authorization", format!("Bearer {}", app.key))).await.refused(401, "token_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_key_is_nothing_on_a_live_server_and_a_live_key_on_a_test_server() {
    let live = TestApp::start_with(Setup { environment: Environment::Live, ..Setup::default() }).await;
    assert!(live.key.starts_with("tk_live_"));
    live.get("/v1/payments").await.expect(200);
    // Live refunds are signed whatever the app may leave unsigned.
    live.post("/v1/refunds", &json!({})).await.refused(401, "signature_missing");
    let test = TestApp::start().await;
    live.get_as(&test.key, "/v1/payments").await.refused(401, "wrong_environment");
    test.get_as(&live.key, "/v1/payments").await.refused(401, "wrong_environment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_and_a_switched_off_app_stop_at_once() {
    for app in TestApp::each(Setup::default()).await {
        let (id, key) = app.new_key(app.tenant_id, &KeyPlan::default()).await;
        app.get_as(&key, "/v1/payments").await.expect(200);
        let row =
            app.app.reader().get::<tk_domain::access::ApiKey>(&(app.tenant_id, id)).await.unwrap().unwrap();
        let revoke = RevokeApiKey {
            tenant_id: app.tenant_id,
            app_id: row.app_id,
            api_key_id: id,
            origin: Origin::system(),
        };
        app.app.submit(revoke).await.unwrap();
        app.get_as(&key, "/v1/payments").await.refused(401, "key_revoked");
        let (id, key) = app.new_key(app.tenant_id, &KeyPlan::default()).await;
        let row =
            app.app.reader().get::<tk_domain::access::ApiKey>(&(app.tenant_id, id)).await.unwrap().unwrap();
        app.patch(&format!("/v1/apps/{}", row.app_id), &json!({ "enabled": false })).await.expect(200);
        app.get_as(&key, "/v1/payments").await.refused(401, "key_revoked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_names_its_scope() {
    let app = TestApp::start().await;
    app.shop().await;
    let only = |scope: Scope| KeyPlan { scopes: vec![scope], ..KeyPlan::default() };
    let (_, payer) = app.new_key(app.tenant_id, &only(Scope::PaymentsRead)).await;
    let (_, refunder) = app.new_key(app.tenant_id, &only(Scope::RefundsRead)).await;
    for (method, path) in crate::protocol::routes(&app).await {
        let of_payments =
            ["/v1/payments", "/v1/fulfilments", "/v1/agreements"].iter().any(|start| path.starts_with(start));
        let reads_payments = method == "get" && of_payments;
        let none = if reads_payments { &refunder } else { &payer };
        let path = path
            .replace("{id}", "pay_00000000000000000000000000")
            .replace("{attempt}", "x")
            .replace("{key}", "x");
        let url = format!("{}{path}", app.base);
        let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let request = app
            .client
            .request(method, url)
            .bearer_auth(none)
            .header("idempotency-key", "s-1")
            .json(&json!({}));
        got(request).await.refused(403, "scope_missing");
    }
    let (_, payments) = app
        .new_key(app.tenant_id, &KeyPlan { scopes: vec![Scope::PaymentsWrite], ..KeyPlan::default() })
        .await;
    app.post_as(&payments, "/v1/payments", &order("S-1", 100)).await.expect(201);
    app.post_as(&payments, "/v1/refunds", &json!({})).await.refused(403, "scope_missing");
    app.get_as(&payments, "/v1/payments").await.refused(403, "scope_missing");
    let payment = app.post("/v1/payments", &order("S-2", 100)).await.expect(201);
    let path = format!("/v1/payments/{}?expand[]=refunds", payment["id"].as_str().unwrap());
    let (_, reader) = app.new_key(app.tenant_id, &only(Scope::PaymentsRead)).await;
    app.get_as(&reader, &path).await.refused(403, "scope_missing");
    app.get(&path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gives_no_scope_that_it_lacks() {
    let app = TestApp::start().await;
    let plan = KeyPlan { scopes: vec![Scope::ConfigWrite, Scope::ConfigRead], ..KeyPlan::default() };
    let (_, key) = app.new_key(app.tenant_id, &plan).await;
    let made = app.post_as(&key, "/v1/apps", &json!({ "name": "more" })).await.expect(201);
    let path = format!("/v1/apps/{}/keys", made["id"].as_str().unwrap());
    app.post_as(&key, &path, &json!({ "scopes": ["refunds:write"] })).await.refused(403, "scope_missing");
    app.post_as(&key, &path, &json!({ "scopes": ["config:read"] })).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_used_from_its_addresses_whatever_is_claimed() {
    let app = TestApp::start().await;
    let plan = |list: &str| KeyPlan { ip_allow: Some(list.to_owned()), ..KeyPlan::default() };
    let (_, away) = app.new_key(app.tenant_id, &plan(r#"["203.0.113.0/24"]"#)).await;
    let (_, here) = app.new_key(app.tenant_id, &plan(r#"["203.0.113.0/24","127.0.0.0/8"]"#)).await;
    app.get_as(&here, "/v1/payments").await.expect(200);
    for header in ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip"] {
        let request = app.client.get(format!("{}/v1/payments", app.base)).bearer_auth(&away);
        got(request.header(header, "203.0.113.7")).await.refused(403, "ip_not_allowed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_a_rate() {
    let app = TestApp::start().await;
    let (_, key) = app.new_key(app.tenant_id, &KeyPlan { rate_per_s: 1, ..KeyPlan::default() }).await;
    let mut refused = None;
    for _ in 0..20 {
        let got = app.get_as(&key, "/v1/payments").await;
        if got.status != 200 {
            refused = Some(got);
            break;
        }
    }
    let got = refused.expect("twenty requests within a second or so are over one per second");
    got.refused(429, "rate_limited");
    assert!(got.headers["retry-after"].to_str().unwrap().parse::<i64>().unwrap() >= 1);
    app.advance(5_000_000);
    app.get_as(&key, "/v1/payments").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_one_merchant_sees_that_merchant_only() {
    let app = TestApp::start().await;
    app.shop().await;
    let other = app.post("/v1/merchants", &json!({ "code": "life", "name": "寿险" })).await.expect(201);
    let merchant_id = tk_domain::id::TypedId::parse(other["id"].as_str().unwrap());
    let (_, key) = app.new_key(app.tenant_id, &KeyPlan { merchant_id, ..KeyPlan::default() }).await;
    let foreign = app.post("/v1/payments", &order("M-1", 100)).await.expect(201);
    let id = foreign["id"].as_str().unwrap();
    app.get_as(&key, &format!("/v1/payments/{id}")).await.refused(404, "not_found");
    app.post_as(&key, "/v1/payments", &order("M-2", 100)).await.refused(404, "not_found");
    app.get_as(&key, "/v1/merchants/pnc").await.refused(404, "not_found");
    app.post_as(&key, &format!("/v1/payments/{id}/closure"), &json!({})).await.refused(404, "not_found");
    let mut own = order("M-3", 100);
    own["merchant"] = json!("life");
    app.post_as(&key, "/v1/payments", &own).await.expect(201);
    let list = app.get_as(&key, "/v1/payments").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    for path in ["/v1/events", "/v1/event_feed", "/v1/webhook_endpoints", "/v1/exceptions", "/v1/apps"] {
        app.get_as(&key, path).await.refused(403, "scope_missing");
    }
}

//! The same request has one effect (security list C).

use crate::bed::{Got, Setup, TestApp, got, order};
use serde_json::{Value, json};

async fn with_key(app: &TestApp, key: &str, path: &str, body: &Value) -> Got {
    got(app.request("POST", path).header("idempotency-key", key).json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_required_and_well_formed() {
    let app = TestApp::start().await;
    app.shop().await;
    got(app.request("POST", "/v1/payments").json(&order("K-1", 1)))
        .await
        .refused(400, "idempotency_key_required");
    let long = "x".repeat(256);
    for key in ["", "\"\"", "a b", "a\"b", &long] {
        with_key(&app, key, "/v1/payments", &order("K-1", 1)).await.refused(400, "idempotency_key_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_answered_the_same() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let first = with_key(&app, "\"8c1d\"", "/v1/payments", &order("K-1", 100)).await;
        let again = with_key(&app, "8c1d", "/v1/payments", &order("K-1", 100)).await;
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
        assert_eq!(first.text, again.text);
        assert_eq!(again.headers["idempotent-replayed"], "true");
        assert!(first.headers.get("idempotent-replayed").is_none());
        with_key(&app, "8c1d", "/v1/payments", &order("K-1", 101))
            .await
            .refused(422, "idempotency_key_reused");
        with_key(&app, "8c1d", "/v1/merchants", &json!({ "code": "x", "name": "x" }))
            .await
            .refused(422, "idempotency_key_reused");
        assert_eq!(app.get("/v1/events").await.expect(200)["data"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_kept() {
    let app = TestApp::start().await;
    with_key(&app, "r-1", "/v1/payments", &order("K-1", 100)).await.refused(404, "not_found");
    app.shop().await;
    with_key(&app, "r-1", "/v1/payments", &order("K-1", 100)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_have_one_effect() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let requests = (0..50).map(|_| {
            let request = app.request("POST", "/v1/payments").header("idempotency-key", "c-5");
            tokio::spawn(got(request.json(&order("K-5", 100))))
        });
        let mut ids = std::collections::BTreeSet::new();
        let (mut fresh, mut waited) = (0, 0);
        for task in requests.collect::<Vec<_>>() {
            let got = task.await.unwrap();
            if got.status == 201 {
                fresh += usize::from(got.headers.get("idempotent-replayed").is_none());
                ids.insert(got.json()["id"].as_str().unwrap().to_owned());
            } else {
                got.refused(409, "request_in_progress");
                assert_eq!(got.headers["retry-after"], "1");
                waited += 1;
            }
        }
        assert_eq!((ids.len(), fresh), (1, 1), "{waited} were told to wait");
        assert_eq!(app.get("/v1/events").await.expect(200)["data"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_with_keys_of_their_own_make_one_payment() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let requests = (0..50).map(|number| {
            let request =
                app.request("POST", "/v1/payments").header("idempotency-key", format!("o-{number}"));
            tokio::spawn(got(request.json(&order("K-6", 100))))
        });
        let mut made = 0;
        for task in requests.collect::<Vec<_>>() {
            let got = task.await.unwrap();
            assert!(matches!(got.status.as_u16(), 200 | 201), "{}", got.text);
            made += usize::from(got.status == 201);
        }
        assert_eq!(made, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_may_use_the_same_key() {
    let app = TestApp::start().await;
    app.shop().await;
    let (_, key) = app.other_tenant("life").await;
    with_key(&app, "t-1", "/v1/payments", &order("K-7", 100)).await.expect(201);
    let request = app.client.post(format!("{}/v1/merchants", app.base)).bearer_auth(key);
    let body = json!({ "code": "pnc", "name": "同名" });
    got(request.header("idempotency-key", "t-1").json(&body)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_mask_what_is_shown_once() {
    let app = TestApp::start().await;
    let body = json!({ "url": "https://shop.example.com/hooks" });
    let first = with_key(&app, "w-1", "/v1/webhook_endpoints", &body).await.expect(201);
    assert!(first["secret"].as_str().unwrap().starts_with("whsec_"));
    let again = with_key(&app, "w-1", "/v1/webhook_endpoints", &body).await.expect(201);
    assert_eq!((&again["id"], &again["secret"]), (&first["id"], &json!(null)));
    let made = app.post("/v1/apps", &json!({ "name": "core" })).await.expect(201);
    let path = format!("/v1/apps/{}/keys", made["id"].as_str().unwrap());
    let body = json!({ "scopes": ["payments:read"] });
    let first = with_key(&app, "k-1", &path, &body).await.expect(201);
    let again = with_key(&app, "k-1", &path, &body).await.expect(201);
    assert_eq!((&again["id"], &again["secret"]), (&first["id"], &json!(null)));
    let secret = first["secret"].as_str().unwrap();
    app.get_as(secret, "/v1/payments").await.expect(200);
    let keys = app.get(&path).await;
    assert!(!keys.text.contains(secret));
}

/// A refused attempt leaves no payment, so that the same key hears the same refusal and may succeed later.
#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_payment_comes_with_its_attempt_or_not_at_all() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        app.shop().await;
        let mut body = order("K-CONFIRM", 100);
        body["method"] = json!("alipay_qr");
        body["confirm"] = json!(true);
        for _ in 0..3 {
            with_key(&app, "confirm", "/v1/payments", &body).await.refused(422, "channel_not_available");
        }
        assert_eq!(app.get("/v1/payments").await.expect(200)["data"], json!([]));
        assert_eq!(app.get("/v1/events").await.expect(200)["data"], json!([]));
        app.contract().await;
        let first = with_key(&app, "confirm", "/v1/payments", &body).await;
        assert_eq!(first.status.as_u16(), 201, "{}", first.text);
        assert_eq!(first.json()["latest_attempt"]["action"]["kind"], "qr", "{}", first.text);
        let again = with_key(&app, "confirm", "/v1/payments", &body).await;
        assert_eq!(
            (again.status, again.headers["idempotent-replayed"].to_str().unwrap()),
            (first.status, "true")
        );
        assert_eq!(again.text, first.text);
        let other_key = with_key(&app, "other", "/v1/payments", &body).await.expect(200);
        assert_eq!(other_key["latest_attempt"]["id"], first.json()["latest_attempt"]["id"]);
    }
}

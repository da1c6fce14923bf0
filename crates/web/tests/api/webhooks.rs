//! Where webhooks may go (security list H, as far as the API decides it).

use crate::bed::{Setup, TestApp};
use serde_json::json;
use tillkeeper_web::Environment;

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_public_and_https() {
    let app = TestApp::start_with(Setup { environment: Environment::Live, ..Setup::default() }).await;
    let schemes = [
        "http://shop.example.com/",
        "file:///etc/passwd",
        "gopher://shop.example.com/",
        "ftp://shop.example.com/",
        "data:text/plain,x",
    ];
    let forbidden = [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://[fc00::1]/",
        "https://169.254.169.254/latest/",
        "https://100.100.100.200/",
        "https://100.64.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://localhost/",
        "https://metadata.internal/",
    ];
    for (urls, code) in [(schemes.as_slice(), "url_scheme"), (forbidden.as_slice(), "url_forbidden")] {
        for url in urls {
            let got = app.post("/v1/webhook_endpoints", &json!({ "url": url })).await;
            assert_eq!((got.status.as_u16(), got.code().as_str()), (422, code), "{url}");
        }
    }
    let made =
        app.post("/v1/webhook_endpoints", &json!({ "url": "https://shop.example.com/h" })).await.expect(201);
    let path = format!("/v1/webhook_endpoints/{}", made["id"].as_str().unwrap());
    app.patch(&path, &json!({ "url": "https://10.0.0.1/" })).await.refused(422, "url_forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_and_rotates() {
    let app = TestApp::start().await;
    let body = json!({ "url": "https://shop.example.com/h", "events": ["payment.succeeded"], "ack": "body_success" });
    let made = app.post("/v1/webhook_endpoints", &body).await.expect(201);
    let first = made["secret"].as_str().unwrap().to_owned();
    let path = format!("/v1/webhook_endpoints/{}", made["id"].as_str().unwrap());
    let read = app.get(&path).await.expect(200);
    assert_eq!(
        (&read["secret"], &read["events"], &read["ack"]),
        (&json!(null), &json!(["payment.succeeded"]), &json!("body_success"))
    );
    let rotated = app.post(&format!("{path}/secret_rotation"), &json!({})).await.expect(201);
    assert!(rotated["secret"].as_str().unwrap() != first && rotated["previous_secret_signs"] == true);
    app.post(&format!("{path}/test_events"), &json!({})).await.expect(201);
    let deliveries = app.get("/v1/deliveries?status=pending").await.expect(200);
    let id = deliveries["data"][0]["id"].as_str().unwrap();
    assert_eq!(app.get(&format!("/v1/deliveries/{id}")).await.expect(200)["status"], "pending");
    app.post(&format!("/v1/deliveries/{id}/redelivery"), &json!({})).await.expect(202);
    let off = app.client.delete(format!("{}{path}", app.base)).bearer_auth(&app.key);
    let off = crate::bed::got(off).await.expect(200);
    assert_eq!(off["enabled"], false);
    let unknown = json!({ "url": "https://shop.example.com/h", "events": ["payment.exploded"] });
    app.post("/v1/webhook_endpoints", &unknown).await.refused(400, "field_malformed");
}

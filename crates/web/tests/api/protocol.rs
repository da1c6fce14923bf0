//! HTTP itself: sizes, slow senders, unknown paths, headers, languages, the document (security list L, K02).

use crate::bed::{Setup, TestApp, got, order};
use serde_json::{Value, json};
use tillkeeper_web::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Method and path of every route of the API, from the document that the server itself serves.
pub async fn routes(app: &TestApp) -> Vec<(String, String)> {
    let document = got(app.client.get(format!("{}/openapi.json", app.base))).await.expect(200);
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if path.starts_with("/v1/") {
                routes.push((method.clone(), path.clone()));
            }
        }
    }
    assert!(routes.len() > 45, "{routes:?}");
    routes
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_whole() {
    let app = TestApp::start().await;
    let document = got(app.client.get(format!("{}/openapi.json", app.base))).await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let name = reference.split('"').next().unwrap();
        let name = name.strip_prefix("#/components/schemas/").expect("only schemas are referred to");
        assert!(schemas.contains_key(name), "{name} is referred to and missing");
    }
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let named: Vec<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for name in named {
                let found =
                    parameters.iter().any(|parameter| parameter["name"] == name && parameter["in"] == "path");
                assert!(found, "{method} {path} does not describe {name}");
            }
            if path.starts_with("/v1/") {
                let problem =
                    &operation["responses"]["4XX"]["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(problem, "#/components/schemas/Problem", "{method} {path}");
                assert_eq!(operation["security"], json!([{ "bearer": [] }]));
                let keyed = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
                assert_eq!(keyed, method == "post", "{method} {path}");
            }
            assert!(ids.insert((method.clone(), path.clone())));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_answers_and_no_other_method_does() {
    let app = TestApp::start().await;
    let routes = routes(&app).await;
    let mut paths = std::collections::BTreeMap::<String, Vec<String>>::new();
    for (method, path) in routes {
        paths.entry(path).or_default().push(method);
    }
    for (path, methods) in paths {
        let url = path.replace("{id}", "x").replace("{attempt}", "x").replace("{key}", "x");
        for method in ["get", "post", "patch", "delete", "put"] {
            let answer = got(app
                .request(&method.to_uppercase(), &url)
                .header("idempotency-key", "d")
                .json(&json!({})))
            .await;
            let known = methods.iter().any(|known| known == method);
            assert_eq!(answer.status != 405, known, "{method} {path}: {}", answer.text);
            if !known {
                answer.refused(405, "method_not_allowed");
                assert!(answer.headers.contains_key("allow"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_in_size_kind_and_time() {
    let app = TestApp::start().await;
    let post = || app.request("POST", "/v1/payments").header("idempotency-key", "b-1");
    let json_post = || post().header("content-type", "application/json");
    got(json_post().body("x".repeat(256 * 1024 + 1))).await.refused(413, "body_too_large");
    got(post().header("content-type", "text/xml").body("<a/>")).await.refused(415, "media_type_unsupported");
    got(post().header("content-type", "application/x-www-form-urlencoded").body("amount=1"))
        .await
        .refused(415, "media_type_unsupported");
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST /v1/payments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nidempotency-key: b-2\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        app.key
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body_timeout"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_sender_of_headers_loses_its_place_to_others() {
    let limits = Limits { header_timeout_ms: 700, connections_max: 1, ..Setup::default().limits };
    let app = TestApp::start_with(Setup { limits, ..Setup::default() }).await;
    let mut slow = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    slow.write_all(b"GET /v1/payments HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    // There is room for one connection, and the slow one has it until its time is up.
    got(app.request("GET", "/v1/payments")).await.expect(200);
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_a_megabyte_are_too_large() {
    let app = TestApp::start().await;
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!("GET /v1/payments HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(1 << 20));
    // The server may stop reading before all is written.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    let long = "a".repeat(70 * 1024);
    got(app.request("GET", "/v1/payments").header("x-long", long)).await.refused(431, "headers_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_inner_ports_are_not_found() {
    let app = TestApp::start().await;
    let paths = [
        "/metrics",
        "/debug",
        "/debug/pprof/",
        "/v1",
        "/v1/",
        "/v2/payments",
        "/.env",
        "/v1/payments/",
        "/assets/",
        "/v1/sandbox/clock",
        "/control/alipay/truth",
        "/../etc/passwd",
        "/v1/payments/%00",
    ];
    for path in paths {
        app.get(path).await.refused(404, "not_found");
    }
    let healthy = app.client.get(format!("{}/healthz", app.base)).send().await.unwrap();
    assert_eq!(healthy.status(), 200);
    let ready = app.client.get(format!("{}/readyz", app.base)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_and_parameters_are_checked() {
    let app = TestApp::start().await;
    let unknown = "pay_00000000000000000000000000";
    let (_, other) = app.other_tenant("life").await;
    app.post_as(&other, "/v1/merchants", &json!({ "code": "pnc", "name": "别家" })).await.expect(201);
    app.post_as(&other, "/v1/products", &json!({ "code": "motor", "name": "别家" })).await.expect(201);
    let foreign = app.post_as(&other, "/v1/payments", &order("P-1", 1)).await.expect(201);
    let foreign = foreign["id"].as_str().unwrap();
    let cases = [
        ("limit=1000000000".to_owned(), "limit_invalid"),
        ("limit=0".to_owned(), "limit_invalid"),
        ("limit=101".to_owned(), "limit_invalid"),
        ("limit=-1".to_owned(), "limit_invalid"),
        ("limit=1.0".to_owned(), "limit_invalid"),
        ("limit=".to_owned(), "limit_invalid"),
        (format!("starting_after={unknown}"), "cursor_invalid"),
        (format!("starting_after={foreign}"), "cursor_invalid"),
        ("starting_after=ref_00000000000000000000000000".to_owned(), "cursor_invalid"),
        ("ending_before=x".to_owned(), "cursor_invalid"),
        (format!("starting_after={unknown}&ending_before={unknown}"), "parameter_invalid"),
        ("limit=1&limit=2".to_owned(), "parameter_invalid"),
        ("offset=3".to_owned(), "parameter_invalid"),
        ("status=paid".to_owned(), "parameter_invalid"),
        ("expand[]=tenant".to_owned(), "parameter_invalid"),
        ("include[]=everything".to_owned(), "parameter_invalid"),
        ("created_from=yesterday".to_owned(), "parameter_invalid"),
    ];
    for (query, code) in cases {
        app.get(&format!("/v1/payments?{query}")).await.refused(400, code);
    }
    for list in [
        "refunds",
        "merchants",
        "products",
        "channel_accounts",
        "apps",
        "events",
        "deliveries",
        "holds",
        "accounts",
        "exceptions",
        "webhook_endpoints",
    ] {
        app.get(&format!("/v1/{list}?limit=101")).await.refused(400, "limit_invalid");
        app.get(&format!("/v1/{list}?starting_after={unknown}")).await.refused(400, "cursor_invalid");
    }
    app.get("/v1/event_feed?cursor=9x").await.refused(400, "cursor_invalid");
    app.get("/v1/entries").await.refused(400, "parameter_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_is_pinned() {
    let app = TestApp::start().await;
    got(app.request("GET", "/v1/payments").header("api-version", "2026-09-01")).await.expect(200);
    for version in ["2026-09-02", "1", "", "latest"] {
        got(app.request("GET", "/v1/payments").header("api-version", version))
            .await
            .refused(400, "version_unsupported");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_are_told_in_the_callers_language() {
    let app = TestApp::start().await;
    let cases = [("en", "en"), ("en-GB,zh;q=0.5", "en"), ("zh", "zh-CN"), ("fr", "zh-CN")];
    for (accept, language) in cases {
        let got = got(app.request("GET", "/v1/payments/x").header("accept-language", accept)).await;
        got.refused(404, "not_found");
        assert_eq!(got.headers["content-language"], language, "{accept}");
        let chinese = got.json()["title"].as_str().unwrap().chars().any(|letter| letter > '\u{2E80}');
        assert_eq!(chinese, language == "zh-CN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    for path in ["/v1/payments", "/v1/payments/x", "/openapi.json", "/healthz", "/nowhere", "/c/nothing"] {
        let answer = app.request("GET", path).header("origin", "https://evil.example").send().await.unwrap();
        let headers = answer.headers();
        assert!(headers["request-id"].to_str().unwrap().starts_with("req_"), "{path}");
        for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
            assert_eq!(headers[name], value, "{path}");
        }
        assert!(
            headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
        assert!(!headers.contains_key("server"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_gone_is_said_and_nothing_leaks() {
    let app = TestApp::start_with(Setup::default()).await;
    app.shop().await;
    app.app.reader().close();
    let got = app.post("/v1/payments", &order("Z-1", 100)).await;
    got.refused(503, "storage_unavailable");
    assert!(got.headers.contains_key("retry-after"));
    let body: Value = got.json();
    assert!(!body.to_string().contains("writer") && !body.to_string().contains("sqlite"), "{body}");
    app.get("/v1/payments").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_parameters_that_are_no_text_are_refused_as_any_other() {
    for app in TestApp::each(Setup::default()).await {
        for path in ["/v1/payments/%FF", "/v1/merchants/%00", "/v1/products/%00"] {
            app.get(path).await.refused(404, "not_found");
        }
        for query in ["merchant=%00", "merchant_order_no=%00"] {
            app.get(&format!("/v1/payments?{query}")).await.refused(400, "parameter_invalid");
        }
        let callback =
            app.client.post(format!("{}/callbacks/alipay/%00.cha_00000000000000000000000000", app.base));
        assert_eq!(got(callback).await.status.as_u16(), 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_takes_only_its_own_places() {
    let limits = Limits { connections_per_address_max: 1, ..Setup::default().limits };
    let app = TestApp::start_with(Setup { limits, ..Setup::default() }).await;
    let address = app.base.strip_prefix("http://").unwrap();
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 1_024];
    assert!(first.read(&mut answer).await.unwrap() > 0);
    let mut second = TcpStream::connect(address).await.unwrap();
    let mut rest = Vec::new();
    // Closed without a word, whether the closing or the reset is seen first.
    let _ = second.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(first.read(&mut answer).await.unwrap() > 0, "the first one is served on");
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_back_with_a_token_of_nobody_are_not_found() {
    let app = TestApp::start().await;
    for path in ["/c/%0A/card/return", "/c/none/card/return"] {
        assert_eq!(got(app.request("GET", path)).await.status.as_u16(), 404);
        assert_eq!(got(app.request("POST", path)).await.status.as_u16(), 404);
    }
    assert_eq!(got(app.request("POST", "/c/%0A/return")).await.status.as_u16(), 404);
}

//! A sandbox on a free port, a merchant that signs, and a place to be notified.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use tillkeeper_simulator::http::{Clock, SandboxApp, SandboxConfig, serve};
use tk_formats::alipay::keys::{SigningKey, VerifyingKey};
use tk_formats::alipay::request::{Call, CertSerials, Envelope, form_body, get_url, sign_request};
use tk_formats::alipay::response::{Answer, PlatformKeys, ResponseError, decode};
use tk_formats::alipay::{Charset, cert};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub const START_US: i64 = 1_795_234_200_000_000; // 2026-11-21 04:10:00 UTC
pub const APP_ID: &str = "2021000000000001";
pub const DAY_US: i64 = 86_400_000_000;

pub struct Bench {
    pub base: String,
    pub client: reqwest::Client,
    pub now_us: Arc<AtomicI64>,
    pub keys: PathBuf,
    server: JoinHandle<()>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub fn key_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys")
}

pub fn text_of(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

impl Bench {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(adjust: impl FnOnce(&mut SandboxConfig)) -> Self {
        let now_us = Arc::new(AtomicI64::new(START_US));
        let hand = Arc::clone(&now_us);
        let clock: Clock = Arc::new(move || hand.load(Ordering::SeqCst));
        let mut app = SandboxApp::from_folder(&key_folder()).unwrap();
        app.core.opening_balance_fen = 1_000_000;
        let mut config = SandboxConfig::new(vec![app], clock);
        adjust(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            serve(listener, config, std::future::pending()).await.unwrap();
        });
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { base, client, now_us, keys: key_folder(), server }
    }

    pub fn app_key(&self) -> SigningKey {
        SigningKey::from_pem(&text_of(&self.keys, "alipay_app.pkcs8.pem")).unwrap()
    }

    pub fn platform_key(&self) -> VerifyingKey {
        VerifyingKey::from_public_pem(&text_of(&self.keys, "alipay_platform.pub.pem")).unwrap()
    }

    pub fn envelope(&self) -> Envelope {
        Envelope {
            app_id: APP_ID.to_owned(),
            charset: Charset::Utf8,
            timestamp_us: self.now_us.load(Ordering::SeqCst),
            serials: None,
        }
    }

    pub fn serials(&self) -> CertSerials {
        CertSerials {
            app_cert_sn: cert::serial_number(&text_of(&self.keys, "alipay_app.cer.pem")).unwrap(),
            alipay_root_cert_sn: cert::root_serial_number(&text_of(&self.keys, "alipay_root.cer.pem"))
                .unwrap(),
        }
    }

    pub fn gateway(&self) -> String {
        format!("{}/gateway.do", self.base)
    }

    /// Posts a signed call and verifies the answer.
    pub async fn call(&self, call: &Call) -> Result<Answer, ResponseError> {
        let body = self.raw(&self.envelope(), call).await.unwrap();
        decode(&call.method, &body, Charset::Utf8, &PlatformKeys::PublicKey(self.platform_key()))
    }

    /// Posts a signed call and gives the bytes that come back.
    pub async fn raw(&self, envelope: &Envelope, call: &Call) -> reqwest::Result<Vec<u8>> {
        let params = sign_request(envelope, call, &self.app_key()).unwrap();
        let request = self.client.post(self.gateway()).body(form_body(&params).unwrap());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        Ok(request.send().await?.bytes().await?.to_vec())
    }

    pub fn url_of(&self, call: &Call) -> String {
        let params = sign_request(&self.envelope(), call, &self.app_key()).unwrap();
        get_url(&self.gateway(), &params).unwrap()
    }

    pub async fn control(&self, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.client.post(format!("{}/control/alipay/{path}", self.base));
        let request = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(serde_json::to_vec(&body).unwrap())
            }
            None => request,
        };
        read_json(request.send().await.unwrap()).await
    }

    pub async fn look(&self, path: &str) -> (StatusCode, Value) {
        let request = self.client.get(format!("{}/control/alipay/{path}", self.base));
        read_json(request.send().await.unwrap()).await
    }

    pub async fn script(&self, script: Value) {
        let (status, _) = self.control("faults", Some(json!({ "scripts": [script] }))).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
}

async fn read_json(response: reqwest::Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

pub fn precreate(number: &str, notify_url: Option<&str>) -> Call {
    let content = json!({ "out_trade_no": number, "total_amount": "88.88", "subject": "茶叶 100克" });
    Call { notify_url: notify_url.map(str::to_owned), ..Call::new("alipay.trade.precreate", content) }
}

pub fn query(number: &str) -> Call {
    Call::new("alipay.trade.query", json!({ "out_trade_no": number }))
}

pub fn refund(number: &str, amount: &str, request: &str) -> Call {
    let content = json!({ "out_trade_no": number, "refund_amount": amount, "out_request_no": request });
    Call::new("alipay.trade.refund", content)
}

/// Receives notifications and answers each with what it is told to.
pub struct Merchant {
    pub url: String,
    post: Arc<Post>,
    server: JoinHandle<()>,
}

struct Post {
    bodies: Mutex<Vec<Vec<u8>>>,
    arrived: Notify,
    answer: &'static str,
}

impl Drop for Merchant {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Merchant {
    pub async fn start(answer: &'static str) -> Self {
        let post_box = Arc::new(Post { bodies: Mutex::new(Vec::new()), arrived: Notify::new(), answer });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let router = Router::new().route("/notify", post(take)).with_state(Arc::clone(&post_box));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url: format!("http://{address}/notify"), post: post_box, server }
    }

    /// Waits until this many notifications have come and gives them all.
    pub async fn wait(&self, count: usize) -> Vec<Vec<u8>> {
        loop {
            let arrived = self.post.arrived.notified();
            let bodies = self.post.bodies.lock().unwrap().clone();
            if bodies.len() >= count {
                return bodies;
            }
            arrived.await;
        }
    }
}

async fn take(State(post): State<Arc<Post>>, body: Bytes) -> &'static str {
    post.bodies.lock().unwrap().push(body.to_vec());
    post.arrived.notify_one();
    post.answer
}

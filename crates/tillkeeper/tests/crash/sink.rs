//! The order system's receiver of webhooks: it stumbles now and then, and notes what it has before it says 2xx.

use crate::journal::Journal;
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// One first delivery out of so many is answered 500, another is noted and then answered 500.
const STUMBLES_EVERY: u64 = 12;

pub struct Sink {
    pub url: String,
    journal: Journal,
    secret: OnceLock<Vec<u8>>,
    bodies: Mutex<BTreeMap<String, Bytes>>,
    received: AtomicU64,
    wrong: AtomicU64,
    steady: AtomicBool,
}

impl Sink {
    pub async fn open(path: &Path) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Arc::new(Self {
            url: format!("http://{}/hooks", listener.local_addr().unwrap()),
            journal: Journal::open(path),
            secret: OnceLock::new(),
            bodies: Mutex::new(BTreeMap::new()),
            received: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
            steady: AtomicBool::new(false),
        });
        let router = Router::new().route("/hooks", post(receive)).with_state(sink.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        sink
    }

    pub fn learn_secret(&self, secret: &str) {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        self.secret.set(key).unwrap();
    }

    /// From now on it takes everything at once.
    pub fn stop_stumbling(&self) {
        self.steady.store(true, Ordering::SeqCst);
    }

    fn stumbles(&self, number: u64, at: u64) -> bool {
        number % STUMBLES_EVERY == at && !self.steady.load(Ordering::SeqCst)
    }

    /// The ids noted on disk, each with a verified signature.
    pub fn ids(&self) -> BTreeSet<String> {
        self.journal.read().iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Deliveries that came, those that came again included.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }

    /// Deliveries whose signature was wrong or whose body differed from an earlier delivery of the same event.
    pub fn wrong(&self) -> u64 {
        self.wrong.load(Ordering::SeqCst)
    }

    fn genuine(&self, headers: &HeaderMap, body: &Bytes) -> Option<String> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let (id, time, signatures) =
            (text("webhook-id")?, text("webhook-timestamp")?, text("webhook-signature")?);
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.get()?);
        let fits = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
        let mut fits = fits.filter(|tag| hmac::verify(&key, &signed, tag).is_ok());
        fits.next().map(|_| id.to_owned())
    }

    fn differs(&self, id: &str, body: &Bytes) -> bool {
        let mut bodies = self.bodies.lock().unwrap();
        bodies.entry(id.to_owned()).or_insert_with(|| body.clone()) != body
    }
}

async fn receive(State(sink): State<Arc<Sink>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let number = sink.received.fetch_add(1, Ordering::SeqCst);
    let Some(id) = sink.genuine(&headers, &body).filter(|id| !sink.differs(id, &body)) else {
        sink.wrong.fetch_add(1, Ordering::SeqCst);
        return StatusCode::BAD_REQUEST;
    };
    if sink.stumbles(number, 3) {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    sink.journal.note(&json!({ "id": id }));
    if sink.stumbles(number, 7) { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
}

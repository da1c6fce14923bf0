//! The order system: it notes every request before sending it, and repeats it with the same key until it is answered.

use crate::journal::Journal;
use crate::sink::Sink;
use crate::town::{LOOK_EVERY, LOOKS_MAX, Town, client, keys};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub const MERCHANTS: [&str; 2] = ["alpha", "beta"];
const SCOPES: [&str; 9] = [
    "payments:read",
    "payments:write",
    "refunds:read",
    "refunds:write",
    "books:read",
    "events:read",
    "events:write",
    "config:read",
    "config:write",
];

#[derive(Clone)]
pub struct Merchant {
    client: reqwest::Client,
    urls: Vec<String>,
    api_key: String,
    pub journal: Arc<Journal>,
    turns: Arc<AtomicU64>,
    repeats: Arc<AtomicU64>,
    keys: Arc<AtomicU64>,
}

/// An answer that says what became of the request.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {self:?}"))
    }

    pub fn done(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Merchant {
    /// Makes merchants, a product, the channel account, the webhook endpoint and a key for load.
    pub async fn settle(town: &Town, sink: &Sink) -> Self {
        let journal = Arc::new(Journal::open(&town.directory.path().join("merchant.journal")));
        let mut merchant = Self {
            client: client(),
            urls: town.urls.clone(),
            api_key: town.bootstrap(),
            journal,
            turns: Arc::default(),
            repeats: Arc::default(),
            keys: Arc::default(),
        };
        // Bootstrap works on the data directory itself, so servers start only afterwards.
        let server = town.start(0, None).await;
        merchant.urls = vec![town.urls[0].clone()];
        for code in MERCHANTS {
            let fee = json!({ "rate": "0.0060", "returned": true });
            merchant.made("/v1/merchants", &json!({ "code": code, "name": code, "fee": fee })).await;
        }
        let product = json!({ "code": "delay", "name": "航延险", "expires_after_s": 900 });
        merchant.made("/v1/products", &product).await;
        merchant.made("/v1/channel_accounts", &contract(&town.channel.url)).await;
        let endpoint = merchant.made("/v1/webhook_endpoints", &json!({ "url": sink.url })).await;
        sink.learn_secret(endpoint.text("secret"));
        let app = merchant.made("/v1/apps", &json!({ "name": "order system" })).await;
        let terms = json!({ "scopes": SCOPES, "rate_per_s": 10_000 });
        let key = merchant.made(&format!("/v1/apps/{}/keys", app.text("id")), &terms).await;
        let settled = Self { api_key: key.text("secret").to_owned(), urls: town.urls.clone(), ..merchant };
        server.kill();
        settled
    }

    async fn made(&self, path: &str, body: &Value) -> Answer {
        let answer = self.post("setup", path, body).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.body);
        answer
    }

    /// A key that was never used.
    pub fn fresh_key(&self) -> String {
        format!("crash-{}", self.keys.fetch_add(1, Ordering::SeqCst))
    }

    pub async fn post(&self, kind: &str, path: &str, body: &Value) -> Answer {
        self.post_as(kind, path, (&self.fresh_key(), body)).await
    }

    /// Repeats the request until it is answered for good; what was acknowledged is on disk when this returns.
    pub async fn post_as(&self, kind: &str, path: &str, (key, body): (&str, &Value)) -> Answer {
        self.journal.sent(kind, key, body);
        let request = || self.client.post(self.url(path)).header("idempotency-key", key).json(body);
        let answer = self.repeated(request).await;
        self.journal.answered(kind, key, (answer.status, &answer.body));
        answer
    }

    /// One try; the answer, if there was any.
    pub async fn try_post(&self, path: &str, (key, body): (&str, &Value)) -> Option<Answer> {
        let request = self.client.post(self.url(path)).bearer_auth(&self.api_key);
        answer_of(request.header("idempotency-key", key).json(body)).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.repeated(|| self.client.get(self.url(path))).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Sends a request until it is answered for good.
    async fn repeated(&self, request: impl Fn() -> reqwest::RequestBuilder) -> Answer {
        for _ in 0..LOOKS_MAX {
            if let Some(answer) = answer_of(request().bearer_auth(&self.api_key)).await.filter(for_good) {
                return answer;
            }
            self.repeats.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("never answered for good")
    }

    /// Every object of a list.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut found: Vec<Value> = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let after = found.last().map(|last| format!("&starting_after={}", last["id"].as_str().unwrap()));
            let page = self.get(&format!("{path}{joint}limit=100{}", after.unwrap_or_default())).await;
            found.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] != true {
                return found;
            }
        }
    }

    /// How often a request had to be repeated.
    pub fn repeats(&self) -> u64 {
        self.repeats.load(Ordering::SeqCst)
    }

    /// Servers in turn, so that a repeated request reaches another one where there is one.
    fn url(&self, path: &str) -> String {
        let turn = self.turns.fetch_add(1, Ordering::SeqCst);
        let count = u64::try_from(self.urls.len()).unwrap();
        format!("{}{path}", self.urls[usize::try_from(turn % count).unwrap()])
    }
}

/// Not where the request has to be repeated: storage is gone, or the same request is under way.
fn for_good(answer: &Answer) -> bool {
    let under_way = answer.status == 409 && answer.body["code"] == "request_in_progress";
    !under_way && !matches!(answer.status, 429 | 503)
}

async fn answer_of(request: reqwest::RequestBuilder) -> Option<Answer> {
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.ok()?;
    assert_ne!(status, 500, "a fault: {body}");
    Some(Answer { status, body })
}

fn contract(sandbox: &str) -> Value {
    let pem = |name: &str| std::fs::read_to_string(keys().join(name)).unwrap();
    json!({
        "channel": "alipay", "name": "Alipay", "fee_rate": "0.0060", "fee_returned": true,
        "methods": ["alipay_qr", "alipay_wap", "alipay_page", "alipay_barcode"],
        "settings": {
            "gateway_url": format!("{sandbox}/gateway.do"), "app_id": "2021000000000001",
            "seller_id": "2088101117955611", "mode": "key",
        },
        "credentials": {
            "app_private_key": pem("alipay_app.pkcs8.pem"), "alipay_public_key": pem("alipay_platform.pub.pem"),
        },
    })
}

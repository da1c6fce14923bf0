//! The sandbox's control API: the payer, the faults, the truth.

use crate::town::client;
use serde_json::{Value, json};

/// The channel as its payers and its owner know it.
#[derive(Clone)]
pub struct Channel {
    pub url: String,
    client: reqwest::Client,
}

impl Channel {
    pub fn new(url: String) -> Self {
        Self { url, client: client() }
    }

    async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        self.client.post(format!("{}/control/alipay/{path}", self.url)).json(body).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/control/alipay/{path}", self.url);
        let answer = self.client.get(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// What the payer does; the channel may know nothing of the order yet, or it may be over.
    pub async fn act(&self, out_no: &str, act: &str, body: &Value) -> bool {
        self.post(&format!("orders/{out_no}/{act}"), body).await.status().is_success()
    }

    /// The payer opens a page of the channel, and again where the answer is lost.
    pub async fn open_page(&self, url: &str) -> bool {
        for _ in 0..3 {
            if self.client.get(url).send().await.is_ok_and(|answer| answer.status().is_redirection()) {
                return true;
            }
        }
        false
    }

    pub async fn advance(&self, seconds: u32) {
        let answer = self.post("clock/advance", &json!({ "by_us": i64::from(seconds) * 1_000_000 })).await;
        assert!(answer.status().is_success());
    }

    /// Faults by chance, in parts per million, or none.
    pub async fn set_faults(&self, plan: &Value) {
        let answer = self.post("faults", plan).await;
        assert!(answer.status().is_success(), "faults: {}", answer.status());
    }

    /// Makes every notification that was not acknowledged due, and says how many there are.
    pub async fn flush(&self) -> i64 {
        let answer: Value = self.post("notifications/flush", &json!({})).await.json().await.unwrap();
        answer["pending"].as_i64().unwrap()
    }

    pub async fn pending(&self) -> i64 {
        self.get("notifications").await["pending"].as_i64().unwrap()
    }

    pub async fn truth(&self) -> Value {
        self.get("truth").await
    }

    pub async fn fault_counts(&self) -> Value {
        self.get("faults").await
    }
}

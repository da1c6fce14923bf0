//! The demo's own callers: an order system with an API key, and a payer with a wallet.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tk_app::Ambient;

/// An order system.
#[derive(Clone)]
pub struct Api {
    pub client: reqwest::Client,
    pub url: String,
    pub key: String,
    pub ambient: Arc<dyn Ambient>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A payer's wallet, by the sandbox's control API.
#[derive(Debug, Clone)]
pub struct Wallet {
    pub client: reqwest::Client,
    pub url: String,
}

/// A client that waits for nobody longer than a minute.
pub fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build()?)
}

impl Api {
    /// Creates an object and answers it.
    pub async fn create(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self
            .client
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.key)
            .header("idempotency-key", format!("{:032x}", self.ambient.bits()))
            .json(body)
            .send()
            .await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        ensure!(status.is_success(), "{path} answered {status}: {}", body["code"]);
        Ok(body)
    }

    /// A text field of an answer.
    pub fn text<'a>(object: &'a Value, field: &str) -> anyhow::Result<&'a str> {
        object[field].as_str().with_context(|| format!("no {field} in the answer"))
    }
}

impl Wallet {
    /// Does something with an order as its payer would.
    pub async fn act(&self, out_no: &str, act: &str, body: &Value) -> anyhow::Result<()> {
        let url = format!("{}/control/alipay/orders/{out_no}/{act}", self.url);
        let answer = self.client.post(url).json(body).send().await?;
        ensure!(answer.status().is_success(), "{act} answered {}", answer.status());
        Ok(())
    }
}

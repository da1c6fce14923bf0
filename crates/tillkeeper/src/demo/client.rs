//! The demo's own callers: an order system with an API key, and a payer with a wallet.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tk_app::Ambient;
use tk_domain::payment::BrowserForm;

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

/// The payers' wallets and banks, by the sandbox's control API.
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
    /// Reads an object or a list.
    pub async fn read(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.key).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        ensure!(status.is_success(), "{path} answered {status}: {}", body["code"]);
        Ok(body)
    }

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
    /// Does something with an order of a channel as its payer would.
    pub async fn act(&self, channel: &str, out_no: &str, act: &str, body: &Value) -> anyhow::Result<()> {
        let url = format!("{}/control/{channel}/orders/{out_no}/{act}", self.url);
        let answer = self.client.post(url).json(body).send().await?;
        ensure!(answer.status().is_success(), "{act} answered {}", answer.status());
        Ok(())
    }

    /// Opens the address that a payer's browser is sent to.
    pub async fn open(&self, url: &str) -> anyhow::Result<()> {
        let answer = self.client.get(url).send().await?;
        ensure!(answer.status().is_success(), "the wallet answered {}", answer.status());
        Ok(())
    }

    /// Posts the form that a payer's browser brings to UnionPay's page.
    pub async fn open_page(&self, form: &BrowserForm) -> anyhow::Result<()> {
        let encoded = reqwest::Url::parse_with_params("http://form.invalid/", &form.fields)?;
        let request = self.client.post(&form.url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(encoded.query().unwrap_or_default().to_owned()).send().await?;
        ensure!(answer.status().is_success(), "UnionPay's page answered {}", answer.status());
        Ok(())
    }

    /// Puts faults before the next conversations of a channel.
    pub async fn set_faults(&self, channel: &str, plan: &Value) -> anyhow::Result<()> {
        let url = format!("{}/control/{channel}/faults", self.url);
        let answer = self.client.post(url).json(plan).send().await?;
        ensure!(answer.status().is_success(), "the sandbox refused the faults: {}", answer.text().await?);
        Ok(())
    }
}

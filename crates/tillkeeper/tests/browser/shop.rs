//! The demo, started by the test, and an order system that uses its API.

use reqwest::{Client, Response, redirect};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// A running demo without traffic; ended by its own pid.
pub struct Shop {
    process: Child,
    _data: TempDir,
    pub client: Client,
    pub url: String,
    pub wallet_url: String,
    api_key: String,
    merchant: String,
    product: String,
    orders: AtomicU32,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A payment as its order system knows it.
pub struct Order {
    pub id: String,
    pub number: String,
    pub page: String,
}

impl Shop {
    pub fn open() -> Self {
        let data = TempDir::new().unwrap();
        let listen = ["--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"];
        let mut process = Command::new(env!("CARGO_BIN_EXE_tillkeeper"))
            .args(["demo", "--json", "--quiet", "--no-traffic", "--history-days", "0", "--data"])
            .arg(data.path())
            .args(listen)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        let text = |field: &str| ready[field].as_str().unwrap().to_owned();
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            url: text("url"),
            wallet_url: text("sandbox_url"),
            api_key: text("api_key"),
            merchant: text("merchant"),
            product: text("product"),
            orders: AtomicU32::new(0),
            process,
            _data: data,
            client,
        }
    }

    async fn api(&self, path: &str, body: &Value) -> Value {
        let key = self.orders.fetch_add(1, Ordering::Relaxed);
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.api_key);
        let answer =
            request.header("idempotency-key", format!("browser-{key}")).json(body).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// A new payment of ¥30.00.
    pub async fn order(&self, description: &str) -> Order {
        self.order_of((&self.merchant, &self.product, 3_000), description).await
    }

    /// A new payment to a merchant, for a product and an amount.
    pub async fn order_of(&self, what: (&str, &str, i64), description: &str) -> Order {
        let (merchant, product, amount) = what;
        let number = format!("HYC20260827{:06}", self.orders.load(Ordering::Relaxed) + 101);
        let payment = json!({
            "merchant": merchant, "product": product, "amount": amount, "currency": "CNY",
            "merchant_order_no": number, "description": description,
        });
        let made = self.api("/v1/payments", &payment).await;
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        Order { id: text("id"), page: text("cashier_url"), number }
    }

    /// The payment as the API shows it.
    pub async fn payment(&self, order: &Order) -> Value {
        let url = format!("{}/v1/payments/{}?expand[]=latest_attempt", self.url, order.id);
        self.client.get(url).bearer_auth(&self.api_key).send().await.unwrap().json().await.unwrap()
    }

    /// What the API answers to a question.
    pub async fn read(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.url);
        self.client.get(url).bearer_auth(&self.api_key).send().await.unwrap().json().await.unwrap()
    }

    /// The payer's Alipay does something with the open attempt.
    pub async fn wallet(&self, order: &Order, act: &str, body: &Value) {
        self.act("alipay", order, act, body).await;
    }

    /// The payer does something with the open attempt at a channel.
    pub async fn act(&self, channel: &str, order: &Order, act: &str, body: &Value) {
        let payment = self.payment(order).await;
        let out_no = payment["latest_attempt"]["out_no"].as_str().unwrap_or_else(|| panic!("{payment}"));
        let url = format!("{}/control/{channel}/orders/{out_no}/{act}", self.wallet_url);
        let answer = self.client.post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{act}: {}", answer.status());
    }

    /// A page or form without a browser.
    pub async fn get(&self, url: &str, cookies: &str) -> Response {
        self.client.get(url).header("cookie", cookies).send().await.unwrap()
    }

    pub async fn post(&self, url: &str, cookies: &str, form: &str) -> Response {
        let kind = "application/x-www-form-urlencoded";
        let request = self.client.post(url).header("cookie", cookies).header("content-type", kind);
        request.body(form.to_owned()).send().await.unwrap()
    }
}

/// The cookies that an answer sets, as a request sends them.
pub fn cookies_of(answer: &Response) -> String {
    let set = answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    set.filter_map(|line| line.split(';').next()).collect::<Vec<_>>().join("; ")
}

/// The value of a hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    page.split_once(&field).unwrap().1.split('"').next().unwrap().to_owned()
}

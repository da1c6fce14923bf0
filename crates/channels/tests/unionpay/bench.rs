//! The gateway on a free port, a contract on it, and a place that takes callbacks.

use crate::rows::{self, START_US, key_text};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tillkeeper_channels::{
    Adapters, CallbackFinding, CallbackRefusal, Contract, Deadlines, Environment, Headers, Limits, Opened,
    PaymentRows, RawCallback, RefundRows,
};
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::{Action, ActionKind, Attempt, BrowserForm};
use tk_domain::refund::Refund;
use tk_domain::report::{PaidEvidence, PaymentFinding, RefundFinding};
use tk_simulator::unionpay::http::{GatewayConfig, serve};
use tk_simulator::unionpay::keys::{self, MER_ID, TOKEN_REQUESTOR};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

pub struct Bench {
    pub adapters: Adapters,
    pub contract: Contract,
    pub base: String,
    pub callback_url: String,
    pub browser: reqwest::Client,
    now_us: Arc<AtomicI64>,
    callbacks: Mutex<mpsc::UnboundedReceiver<Vec<u8>>>,
    servers: [JoinHandle<()>; 2],
}

impl Drop for Bench {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

/// Adapters that wait this long.
pub fn adapters(total: Duration) -> Adapters {
    let deadlines = Deadlines { total, ..Deadlines::default() };
    Adapters::new(Environment::Test, Limits { deadlines, ..Limits::default() }).unwrap()
}

pub fn secrets() -> Value {
    json!({
        "merchant_private_key": key_text(keys::MERCHANT_PRIVATE_FILE),
        "merchant_certificate": key_text(keys::MERCHANT_CERTIFICATE_FILE),
        "middle_certificate": key_text(keys::MIDDLE_CERTIFICATE_FILE),
        "root_certificate": key_text(keys::ROOT_CERTIFICATE_FILE),
        "encryption_certificate": key_text(keys::ENCRYPTION_CERTIFICATE_FILE),
    })
}

pub fn settings(base: &str) -> Value {
    json!({
        "gateway_url": format!("{base}/unionpay"), "file_url": format!("{base}/unionpay/file"),
        "mer_id": MER_ID, "tr_id": TOKEN_REQUESTOR, "signed_by": "certificate", "signatory": "test_gateway",
    })
}

pub fn account(settings: &Value) -> ChannelAccount {
    ChannelAccount {
        channel: Channel::Unionpay,
        payee_app: MER_ID.to_owned(),
        payee_merchant: MER_ID.to_owned(),
        ..rows::account(settings.to_string())
    }
}

/// The same gateway for a sub-merchant of ours, a platform.
pub fn platform_contract(base: &str, sub_mer_id: &str, notify_url: &str) -> Contract {
    let mut settings = settings(base);
    settings["sub_mer_id"] = json!(sub_mer_id);
    settings["sub_mer_name"] = json!("华元财险");
    settings["sub_mer_abbr"] = json!("华元");
    contract_of((account(&settings), sub_mer_id), notify_url)
}

/// The same gateway through ourselves as an acquirer.
pub fn acquirer_contract(base: &str, notify_url: &str) -> Contract {
    let mut settings = settings(base);
    settings["acq_ins_code"] = json!("48021234");
    contract_of((account(&settings), MER_ID), notify_url)
}

fn contract_of((account, payee): (ChannelAccount, &str), notify_url: &str) -> Contract {
    let account = ChannelAccount { payee_merchant: payee.to_owned(), ..account };
    let secrets = secrets().to_string();
    let opened = Opened { account: &account, secrets: &secrets, notify_url: Some(notify_url) };
    Contract::open(opened, Environment::Test, START_US).unwrap()
}

pub fn contract(settings: &Value, secrets: &Value, notify_url: &str) -> Contract {
    let account = account(settings);
    let opened = Opened { account: &account, secrets: &secrets.to_string(), notify_url: Some(notify_url) };
    Contract::open(opened, Environment::Test, START_US).unwrap()
}

pub async fn start() -> Bench {
    let now_us = Arc::new(AtomicI64::new(START_US));
    let hand = Arc::clone(&now_us);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/vectors/keys");
    let config =
        GatewayConfig::new(keys::load(&folder).unwrap(), Arc::new(move || hand.load(Ordering::SeqCst)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let gateway = tokio::spawn(async move { serve(listener, config, std::future::pending()).await.unwrap() });
    let (callback_url, callbacks, merchant) = merchant().await;
    Bench {
        adapters: adapters(Duration::from_mins(1)),
        contract: contract(&settings(&base), &secrets(), &callback_url),
        base,
        callback_url,
        browser: reqwest::Client::builder().no_proxy().build().unwrap(),
        now_us,
        callbacks: Mutex::new(callbacks),
        servers: [gateway, merchant],
    }
}

async fn merchant() -> (String, mpsc::UnboundedReceiver<Vec<u8>>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let take = |State(sender): State<mpsc::UnboundedSender<Vec<u8>>>, body: Bytes| async move {
        sender.send(body.to_vec()).unwrap();
        "ok"
    };
    let router = Router::new().route("/callback", post(take)).with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    (url, receiver, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

impl Bench {
    pub fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::SeqCst)
    }

    pub fn advance(&self, by_us: i64) {
        self.now_us.fetch_add(by_us, Ordering::SeqCst);
    }

    pub async fn say(&self, kind: Kind, attempt: &Attempt) -> PaymentFinding {
        self.say_with(&self.adapters, &self.contract, (kind, None), attempt).await
    }

    pub async fn say_with(
        &self,
        adapters: &Adapters,
        contract: &Contract,
        (kind, payload): (Kind, Option<String>),
        attempt: &Attempt,
    ) -> PaymentFinding {
        let payment = rows::payment(attempt.amount_minor);
        let payload =
            payload.or_else(|| Some(json!({ "return_url": "https://till.example/back" }).to_string()));
        let instruction = rows::instruction(kind, payload);
        let rows = PaymentRows { instruction: &instruction, payment: &payment, attempt };
        adapters.say_payment(contract, rows, self.now_us()).await.finding
    }

    pub async fn say_refund(&self, kind: Kind, refund: &Refund, attempt: &Attempt) -> RefundFinding {
        self.say_refund_by(&self.contract, kind, refund, attempt).await
    }

    pub async fn say_refund_by(
        &self,
        contract: &Contract,
        kind: Kind,
        refund: &Refund,
        attempt: &Attempt,
    ) -> RefundFinding {
        let instruction = rows::instruction(kind, None);
        let rows = RefundRows { instruction: &instruction, refund, attempt, shares: &[] };
        self.adapters.say_refund(contract, rows, self.now_us()).await.finding
    }

    /// The payer's browser posts the form that it was shown.
    pub async fn open(&self, action: &Action) -> (u16, String) {
        assert_eq!(action.kind, ActionKind::Form);
        let form = BrowserForm::parse(&action.value).unwrap();
        let body = form.fields.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let request =
            self.browser.post(&form.url).header("content-type", "application/x-www-form-urlencoded");
        let page = request.body(body).send().await.unwrap();
        (page.status().as_u16(), page.text().await.unwrap())
    }

    pub async fn control(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.browser.post(format!("{}/control/unionpay/{path}", self.base)).json(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    pub async fn pay(&self, attempt: &Attempt) -> bool {
        self.control(&format!("orders/{}/pay", attempt.out_no), &json!({})).await.0 == 200
    }

    pub async fn balance_fen(&self) -> i64 {
        let truth = self.browser.get(format!("{}/control/unionpay/truth", self.base)).send().await.unwrap();
        truth.json::<Value>().await.unwrap()["balance_fen"].as_i64().unwrap()
    }

    pub async fn callback(&self) -> Vec<u8> {
        self.callbacks.lock().await.recv().await.unwrap()
    }

    pub fn verify(&self, body: &[u8]) -> Result<CallbackFinding, CallbackRefusal> {
        let headers = Headers::default();
        let raw = RawCallback { headers: &headers, body, received_at_us: self.now_us() };
        self.contract.verify_callback(raw)
    }

    /// An order shown to a payer.
    pub async fn shown(&self, attempt: &Attempt) -> Action {
        let said = self.say(Kind::Pay, attempt).await;
        let PaymentFinding::ActionRequired(action) = said else { panic!("nothing to open: {said:?}") };
        action
    }

    /// An order of the first method, paid, with the number that its report brought.
    pub async fn paid(&self, amount_fen: i64, serial: u8) -> Attempt {
        let mut attempt = rows::attempt(Method::EbankB2c, amount_fen, serial);
        let action = self.shown(&attempt).await;
        assert_eq!(self.open(&action).await.0, 200);
        assert!(self.pay(&attempt).await);
        let evidence = evidence(self.say(Kind::Query, &attempt).await);
        attempt.channel_txn_no = Some(evidence.channel_txn_no);
        attempt.paid_at_us = evidence.paid_at_us;
        attempt
    }
}

pub fn evidence(finding: PaymentFinding) -> PaidEvidence {
    let PaymentFinding::Paid(evidence) = finding else { panic!("not paid: {finding:?}") };
    evidence
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| format!("{escaped}%{byte:02X}"))
}

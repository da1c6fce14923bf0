//! The Alipay sandbox as a bench.

use crate::bench::{Bench, BillRow, Forgery, Trouble, Truth, patient};
use crate::rows::{self, APP_ID, DAY_US, SELLER_ID, START_US, key_text};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tillkeeper_channels::alipay::bill::{Bill, BillFetchError, BillKind, FundRow, TradeRow};
use tillkeeper_channels::capabilities::{self, Capabilities};
use tillkeeper_channels::{Adapters, Contract, Environment, Opened};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, Attempt};
use tk_simulator::http::{SandboxApp, SandboxConfig, serve};
use tk_simulator::keys::FreshKeys;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

pub struct Alipay {
    adapters: Adapters,
    contract: Contract,
    mode: &'static str,
    base: String,
    now_us: Arc<AtomicI64>,
    browser: reqwest::Client,
    callbacks: Mutex<mpsc::UnboundedReceiver<(Vec<u8>, Option<String>)>>,
    servers: [JoinHandle<()>; 2],
}

impl Drop for Alipay {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

pub async fn by_key() -> Alipay {
    start("key", "utf-8").await
}

pub async fn by_certificate() -> Alipay {
    start("certificate", "utf-8").await
}

pub async fn in_gbk() -> Alipay {
    start("certificate", "gbk").await
}

async fn start(mode: &'static str, charset: &'static str) -> Alipay {
    let now_us = Arc::new(AtomicI64::new(START_US));
    let hand = Arc::clone(&now_us);
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/vectors/keys");
    let mut app = SandboxApp::from_folder(&keys).unwrap();
    app.core.opening_balance_fen = 1_000_000;
    let config = SandboxConfig::new(vec![app], Arc::new(move || hand.load(Ordering::SeqCst)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = tokio::spawn(async move { serve(listener, config, std::future::pending()).await.unwrap() });
    let (notify_url, callbacks, merchant) = merchant().await;
    let contract = contract(&base, (mode, charset), &secrets(mode), &notify_url);
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    Alipay {
        adapters: patient(),
        contract,
        mode,
        base,
        now_us,
        browser: browser.build().unwrap(),
        callbacks: Mutex::new(callbacks),
        servers: [sandbox, merchant],
    }
}

type Callbacks = mpsc::UnboundedReceiver<(Vec<u8>, Option<String>)>;
type Taken = mpsc::UnboundedSender<(Vec<u8>, Option<String>)>;

/// A place that takes callbacks and acknowledges them.
async fn merchant() -> (String, Callbacks, JoinHandle<()>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let take = |State(taken): State<Taken>, headers: HeaderMap, body: Bytes| async move {
        let content_type = headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
        taken.send((body.to_vec(), content_type)).unwrap();
        "success"
    };
    let router = Router::new().route("/callback", post(take)).with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    (url, receiver, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

fn secrets(mode: &str) -> Value {
    match mode {
        "key" => json!({
            "app_private_key": key_text("alipay_app.pkcs8.pem"),
            "alipay_public_key": key_text("alipay_platform.pub.pem"),
        }),
        _ => json!({
            "app_private_key": key_text("alipay_app.pkcs8.pem"),
            "app_certificate": key_text("alipay_app.cer.pem"),
            "alipay_certificate": key_text("alipay_platform.cer.pem") + &key_text("alipay_ca.cer.pem"),
            "alipay_root_certificate": key_text("alipay_root.cer.pem"),
        }),
    }
}

fn contract(base: &str, (mode, charset): (&str, &str), secrets: &Value, notify_url: &str) -> Contract {
    let settings = json!({
        "gateway_url": format!("{base}/gateway.do"), "app_id": APP_ID, "seller_id": SELLER_ID, "mode": mode, "charset": charset,
    });
    let account = rows::account(settings.to_string());
    let opened = Opened { account: &account, secrets: &secrets.to_string(), notify_url: Some(notify_url) };
    Contract::open(opened, Environment::Test, START_US).unwrap()
}

const fn method_word(kind: InstructionKind, method: Method) -> &'static str {
    match (kind, method) {
        (InstructionKind::Pay, Method::AlipayQr) => "precreate",
        (InstructionKind::Pay, _) => "pay",
        (InstructionKind::Query, _) => "query",
        (InstructionKind::Close, _) => "close",
        (InstructionKind::Cancel, _) => "cancel",
        (InstructionKind::Refund, _) => "refund",
        (InstructionKind::RefundQuery, _) => "refund_query",
    }
}

fn fault(trouble: Trouble) -> Value {
    let unreadable =
        |garble: &str, effect: &str| json!({ "kind": "unreadable", "garble": garble, "effect": effect });
    match trouble {
        Trouble::LostBefore => json!({ "kind": "lost_before" }),
        Trouble::LostAfter => json!({ "kind": "lost_after" }),
        Trouble::ServerErrorBefore => unreadable("server_error", "none"),
        Trouble::ServerErrorAfter => unreadable("server_error", "done"),
        Trouble::Garbage => unreadable("garbage", "done"),
        Trouble::Truncated => unreadable("truncated", "done"),
        Trouble::OtherCharset => unreadable("other_charset", "done"),
        Trouble::SystemErrorAfter => json!({ "kind": "system_error", "effect": "done" }),
        Trouble::Limited => json!({ "kind": "limited" }),
        Trouble::Slow => json!({ "kind": "slow", "after_us": 60_000_000 }),
        Trouble::LandsAfterQuery => json!({ "kind": "lands_after_query" }),
        Trouble::NotFoundLie => json!({ "kind": "query_not_found" }),
    }
}

impl Alipay {
    async fn control(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.browser.post(format!("{}/control/alipay/{path}", self.base)).json(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    async fn script(&self, script: Value) {
        assert_eq!(self.control("faults", &json!({ "scripts": [script] })).await.0, 204);
    }

    async fn act(&self, attempt: &Attempt, act: &str, body: Value) -> bool {
        self.control(&format!("orders/{}/{act}", attempt.out_no), &body).await.0 == 200
    }
}

impl Bench for Alipay {
    fn adapters(&self) -> &Adapters {
        &self.adapters
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }

    fn contract_with_foreign_channel_key(&self) -> Contract {
        let mut secrets = secrets("key");
        secrets["alipay_public_key"] = json!(FreshKeys::generate().unwrap().platform_public_pem);
        contract(&self.base, ("key", "utf-8"), &secrets, &self.base)
    }

    fn contract_with_unknown_own_key(&self) -> Contract {
        let mut secrets = secrets("key");
        secrets["app_private_key"] = json!(FreshKeys::generate().unwrap().app_private_pem);
        contract(&self.base, ("key", "utf-8"), &secrets, &self.base)
    }

    fn capabilities(&self) -> &'static Capabilities {
        capabilities::of(Channel::Alipay).unwrap()
    }

    fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::SeqCst)
    }

    fn advance(&self, by_us: i64) {
        self.now_us.fetch_add(by_us, Ordering::SeqCst);
    }

    fn payload(&self, attempt: &Attempt) -> Option<String> {
        let code = u64::from(attempt.id.0.0[0]);
        let auth_code = (attempt.method == Method::AlipayBarcode).then(|| format!("28{code:016}"));
        Some(json!({ "auth_code": auth_code, "return_url": "https://till.example/back" }).to_string())
    }

    async fn open(&self, _: &Attempt, action: &Action) {
        let first = self.browser.get(&action.value).send().await.unwrap();
        let page = match first.headers().get("location") {
            Some(wallet) => self.browser.get(wallet.to_str().unwrap()).send().await.unwrap(),
            None => first,
        };
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("保单 P1"), "{} mode shows no wallet", self.mode);
    }

    async fn pay(&self, attempt: &Attempt) -> bool {
        self.act(attempt, "pay", json!({})).await
    }

    async fn payer_must_confirm(&self, attempt: &Attempt) {
        self.control(&format!("orders/{}/barcode_reply", attempt.out_no), &json!({ "reply": "asks_payer" }))
            .await;
    }

    async fn trouble(&self, kind: InstructionKind, trouble: Trouble) {
        let method = method_word(kind, Method::AlipayBarcode);
        self.script(json!({ "fault": fault(trouble), "method": method, "times": 1 })).await;
    }

    async fn wrong_callback_amount(&self, by_fen: i64) {
        let fault = json!({ "kind": "notify_wrong_amount", "delta_fen": by_fen });
        self.script(json!({ "fault": fault, "times": 1 })).await;
    }

    async fn forge(&self, attempt: &Attempt, forgery: Forgery) {
        let seal = match forgery {
            Forgery::OtherKey => "wrong_key",
            Forgery::Unsigned => "unsigned",
            Forgery::Probe => "probe",
        };
        assert!(self.act(attempt, "forge", json!({ "seal": seal })).await);
    }

    async fn truth(&self, attempt: &Attempt) -> Truth {
        let address = format!("{}/control/alipay/truth", self.base);
        let truth: Value = self.browser.get(address).send().await.unwrap().json().await.unwrap();
        let trades = truth["trades"].as_array().unwrap();
        let Some(trade) = trades.iter().find(|trade| trade["out_trade_no"] == attempt.out_no) else {
            return Truth::default();
        };
        let refunds = trade["refunds"].as_array().unwrap().iter();
        Truth {
            channel_txn_no: trade["trade_no"].as_str().unwrap().to_owned(),
            paid_fen: trade["paid_fen"].as_i64().unwrap(),
            refunds: refunds
                .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].as_i64().unwrap()))
                .collect(),
        }
    }

    async fn callback(&self) -> (Vec<u8>, Option<String>) {
        self.callbacks.lock().await.recv().await.unwrap()
    }

    async fn bill(&self, word: &str, day: i64) -> Result<Vec<BillRow>, String> {
        let kind = if word == BillKind::Trade.word() { BillKind::Trade } else { BillKind::Fund };
        assert_eq!(kind.word(), word);
        match self.adapters.fetch_bill(&self.contract, kind, day, self.now_us()).await {
            Ok(bill) => {
                assert_eq!(bill.head().from_us, day * DAY_US - 28_800_000_000);
                Ok(bill_rows(bill))
            }
            Err(BillFetchError::None) => Err("none".to_owned()),
            Err(other) => Err(other.to_string()),
        }
    }
}

fn bill_rows(bill: Bill) -> Vec<BillRow> {
    let trade = |row: TradeRow| {
        let fen = row.directed_received_fen();
        (row.out_trade_no, row.refund_request_no, fen)
    };
    let fund = |row: FundRow| {
        let fen = row.change_fen();
        (row.out_no, row.remark, fen)
    };
    match bill {
        Bill::Trade(bill) => bill.rows.into_iter().map(trade).collect(),
        Bill::Fund(bill) => bill.rows.into_iter().filter(|row| row.kind != "收费").map(fund).collect(),
    }
}

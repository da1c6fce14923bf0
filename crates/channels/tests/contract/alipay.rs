//! The Alipay sandbox as a bench.

use crate::bench::{Bench, BillRow, Forgery, Trouble, Truth, patient};
use crate::lab::Lab;
use crate::merchant::{Callbacks, merchant};
use crate::rows::{self, APP_ID, DAY_US, SELLER_ID, START_US, key_text};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tillkeeper_channels::alipay::bill::{Bill, FundRow, TradeRow};
use tillkeeper_channels::capabilities::{self, BillTerms, Capabilities};
use tillkeeper_channels::{Adapters, BillFetchError, Contract, Environment, Headers, Opened};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, Attempt};
use tk_simulator::http::{SandboxApp, SandboxConfig, serve};
use tk_simulator::keys::FreshKeys;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

pub struct Alipay {
    adapters: Adapters,
    contract: Contract,
    mode: &'static str,
    lab: Lab,
    now_us: Arc<AtomicI64>,
    callbacks: Mutex<Callbacks>,
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
    let (notify_url, callbacks, merchant) = merchant("success").await;
    let contract = contract(&base, (mode, charset), &secrets(mode), &notify_url);
    Alipay {
        adapters: patient(),
        contract,
        mode,
        lab: Lab::new(base, "alipay"),
        now_us,
        callbacks: Mutex::new(callbacks),
        servers: [sandbox, merchant],
    }
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
        contract(&self.lab.base, ("key", "utf-8"), &secrets, &self.lab.base)
    }

    fn contract_with_unknown_own_key(&self) -> Contract {
        let mut secrets = secrets("key");
        secrets["app_private_key"] = json!(FreshKeys::generate().unwrap().app_private_pem);
        contract(&self.lab.base, ("key", "utf-8"), &secrets, &self.lab.base)
    }

    fn capabilities(&self) -> &'static Capabilities {
        capabilities::of(Channel::Alipay).unwrap()
    }

    fn payee(&self) -> (&'static str, &'static str) {
        (APP_ID, SELLER_ID)
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
        let first = self.lab.browser.get(&action.value).send().await.unwrap();
        let page = match first.headers().get("location") {
            Some(wallet) => self.lab.browser.get(wallet.to_str().unwrap()).send().await.unwrap(),
            None => first,
        };
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("保单 P1"), "{} mode shows no wallet", self.mode);
    }

    async fn pay(&self, attempt: &Attempt) -> bool {
        self.lab.act(attempt, "pay", json!({})).await
    }

    async fn payer_must_confirm(&self, attempt: &Attempt) {
        self.lab.payer_must_confirm(attempt).await;
    }

    async fn trouble(&self, kind: InstructionKind, trouble: Trouble) {
        self.lab.trouble(kind, trouble).await;
    }

    async fn wrong_callback_amount(&self, by_fen: i64) {
        self.lab.wrong_callback_amount(by_fen).await;
    }

    async fn forge(&self, attempt: &Attempt, forgery: Forgery) {
        self.lab.forge(attempt, forgery).await;
    }

    async fn truth(&self, attempt: &Attempt) -> Truth {
        self.lab.truth(attempt).await
    }

    async fn callback(&self) -> (Headers, Vec<u8>) {
        self.callbacks.lock().await.recv().await.unwrap()
    }

    async fn bill(&self, terms: &BillTerms, day: i64) -> Result<Vec<BillRow>, String> {
        match self.adapters.fetch_bill(&self.contract, terms.lists, day, self.now_us()).await {
            Ok(tillkeeper_channels::Bill::Alipay(bill)) => {
                assert_eq!(bill.head().from_us, day * DAY_US - 28_800_000_000);
                Ok(bill_rows(bill))
            }
            Ok(other) => Err(format!("another channel's bill: {other:?}")),
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

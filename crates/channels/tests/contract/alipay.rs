//! The Alipay sandbox as a bench.

use crate::bench::{Bench, BillRow, Forgery, Trouble, Truth, paid, patient, say_by};
use crate::lab::Lab;
use crate::merchant::{Callbacks, merchant};
use crate::rows::{self, APP_ID, DAY_US, SELLER_ID, START_US, key_text};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tillkeeper_channels::alipay::bill::{Bill, FundRow, TradeRow};
use tillkeeper_channels::capabilities::{self, BillTerms, Capabilities};
use tillkeeper_channels::{About, Adapters, BillFetchError, Contract, Environment, Opened, RawCallback};
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, Attempt};
use tk_domain::report::PaymentFinding;
use tk_simulator::core::Provider;
use tk_simulator::http::{SandboxApp, SandboxConfig, serve};
use tk_simulator::keys::FreshKeys;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

pub struct Alipay {
    adapters: Adapters,
    contract: Contract,
    mode: &'static str,
    standing: Standing,
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

/// For whom the contract collects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Own,
    Provider,
}

/// A merchant that authorised our application.
const SUB_APP: &str = "2021000000000777";
const SUB_SELLER: &str = "2088000000000777";
const TOKEN: &str = "202611BBsandboxtoken";

pub async fn by_key() -> Alipay {
    start("key", "utf-8", Standing::Own).await
}

pub async fn as_service_provider() -> Alipay {
    start("certificate", "utf-8", Standing::Provider).await
}

pub async fn by_certificate() -> Alipay {
    start("certificate", "utf-8", Standing::Own).await
}

pub async fn in_gbk() -> Alipay {
    start("certificate", "gbk", Standing::Own).await
}

async fn start(mode: &'static str, charset: &'static str, standing: Standing) -> Alipay {
    let now_us = Arc::new(AtomicI64::new(START_US));
    let hand = Arc::clone(&now_us);
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/vectors/keys");
    let mut app = SandboxApp::from_folder(&keys).unwrap();
    app.core.opening_balance_fen = 1_000_000;
    if standing == Standing::Provider {
        app.core.provider =
            Some(Provider { app_id: APP_ID.to_owned(), mchid: String::new(), token: TOKEN.to_owned() });
        SUB_APP.clone_into(&mut app.core.app_id);
        SUB_SELLER.clone_into(&mut app.core.seller_id);
    }
    let config = SandboxConfig::new(vec![app], Arc::new(move || hand.load(Ordering::SeqCst)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = tokio::spawn(async move { serve(listener, config, std::future::pending()).await.unwrap() });
    let (notify_url, callbacks, merchant) = merchant().await;
    let contract = contract(&base, (mode, charset, standing), &secrets(mode), &notify_url);
    callbacks.answer_for(&contract);
    Alipay {
        adapters: patient(),
        contract,
        mode,
        standing,
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

fn contract(
    base: &str,
    (mode, charset, standing): (&str, &str, Standing),
    secrets: &Value,
    notify_url: &str,
) -> Contract {
    let mut secrets = secrets.clone();
    let mut settings = json!({
        "gateway_url": format!("{base}/gateway.do"), "app_id": APP_ID, "seller_id": SELLER_ID, "mode": mode, "charset": charset,
    });
    let mut account = rows::account(String::new());
    if standing == Standing::Provider {
        settings["seller_id"] = json!(SUB_SELLER);
        settings["auth_app_id"] = json!(SUB_APP);
        secrets["app_auth_token"] = json!(TOKEN);
        SUB_SELLER.clone_into(&mut account.payee_merchant);
    }
    account.settings = settings.to_string();
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
        contract(&self.lab.base, ("key", "utf-8", self.standing), &secrets, &self.lab.base)
    }

    fn contract_with_unknown_own_key(&self) -> Contract {
        let mut secrets = secrets("key");
        secrets["app_private_key"] = json!(FreshKeys::generate().unwrap().app_private_pem);
        contract(&self.lab.base, ("key", "utf-8", self.standing), &secrets, &self.lab.base)
    }

    fn capabilities(&self) -> &'static Capabilities {
        capabilities::of(Channel::Alipay).unwrap()
    }

    fn payee(&self) -> (&'static str, &'static str) {
        match self.standing {
            Standing::Own => (APP_ID, SELLER_ID),
            Standing::Provider => (APP_ID, SUB_SELLER),
        }
    }

    fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::SeqCst)
    }

    fn advance(&self, by_us: i64) {
        self.now_us.fetch_add(by_us, Ordering::SeqCst);
    }

    async fn payload(&self, attempt: &Attempt, _: InstructionKind) -> Option<String> {
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

    async fn coupon(&self, attempt: &Attempt, (channel_fen, merchant_fen): (i64, i64)) {
        let coupon = json!({ "channel_fen": channel_fen, "merchant_fen": merchant_fen });
        self.lab.coupon(attempt, coupon).await;
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

    fn callbacks(&self) -> &Mutex<Callbacks> {
        &self.callbacks
    }

    async fn callbacks_pending(&self) -> u64 {
        self.lab.callbacks_pending().await
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

#[tokio::test]
async fn a_success_of_another_sub_merchant_or_application_names_that_one() {
    for fault in ["notify_wrong_seller", "notify_wrong_app"] {
        let bench = as_service_provider().await;
        bench.lab.spoil_callback(fault).await;
        paid(&bench, 100, 1).await;
        let (headers, body) = bench.callback().await;
        let raw = RawCallback { headers: &headers, body: &body, received_at_us: bench.now_us() };
        let told = bench.contract().verify_callback(raw).unwrap();
        let About::Order { payment: PaymentFinding::Paid(evidence), .. } = told.about else {
            panic!("{told:?}");
        };
        let named = (evidence.payee_app.as_deref().unwrap(), evidence.payee_merchant.as_deref().unwrap());
        assert_ne!(named, bench.payee(), "{fault}");
    }
}

#[tokio::test]
async fn without_the_merchants_token_nothing_is_said_for_him() {
    let bench = as_service_provider().await;
    let mut secrets = secrets("certificate");
    secrets["app_auth_token"] = json!("another");
    let settings = json!({
        "gateway_url": format!("{}/gateway.do", bench.lab.base), "app_id": APP_ID, "seller_id": SUB_SELLER,
        "auth_app_id": SUB_APP, "mode": "certificate",
    });
    let account =
        ChannelAccount { payee_merchant: SUB_SELLER.to_owned(), ..rows::account(settings.to_string()) };
    let opened = Opened { account: &account, secrets: &secrets.to_string(), notify_url: None };
    let contract = Contract::open(opened, Environment::Test, START_US).unwrap();
    let row = paid(&bench, 100, 1).await;
    let heard = say_by(&bench, (bench.adapters(), &contract), InstructionKind::Query, &row).await;
    assert!(matches!(heard, PaymentFinding::Unclear(_)), "{heard:?}");
    let mut without = secrets.clone();
    without.as_object_mut().unwrap().remove("app_auth_token");
    let opened = Opened { account: &account, secrets: &without.to_string(), notify_url: None };
    assert!(Contract::open(opened, Environment::Test, START_US).is_err());
}

//! The UnionPay gateway as a bench.

use crate::bench::{Bench, BillRow, Forgery, Trouble, Truth, patient};
use crate::merchant::{Callbacks, merchant};
use crate::rows::{self, START_US, key_text};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tillkeeper_channels::capabilities::{self, BillTerms, Capabilities};
use tillkeeper_channels::unionpay::call::TokenOrder;
use tillkeeper_channels::{Adapters, Bill, BillFetchError, Contract, Environment, Opened};
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, Attempt, BrowserForm};
use tk_domain::report::Unclear;
use tk_simulator::unionpay::http::{GatewayConfig, serve};
use tk_simulator::unionpay::keys::{self, MER_ID, TOKEN_REQUESTOR};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// What both sides share where they do not sign by certificate.
const SHARED_KEY: &str = "9f1c7d3e5b2a486087d4c6e1a3b5f709";

/// How the merchant signs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Certificate,
    Sha256,
    Sm3,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Sha256 => "sha256",
            Self::Sm3 => "sm3",
        }
    }
}

pub struct Unionpay {
    way: Way,
    adapters: Adapters,
    contract: Contract,
    base: String,
    callback_url: String,
    browser: reqwest::Client,
    token: String,
    now_us: Arc<AtomicI64>,
    callbacks: Mutex<Callbacks>,
    servers: [JoinHandle<()>; 2],
}

impl Drop for Unionpay {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

pub async fn by_certificate() -> Unionpay {
    start(Way::Certificate).await
}

pub async fn by_sha256_key() -> Unionpay {
    start(Way::Sha256).await
}

pub async fn by_sm3_key() -> Unionpay {
    start(Way::Sm3).await
}

async fn start(way: Way) -> Unionpay {
    let now_us = Arc::new(AtomicI64::new(START_US));
    let hand = Arc::clone(&now_us);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/vectors/keys");
    let keys = keys::load(&folder).unwrap().with_shared_key(SHARED_KEY);
    let config = GatewayConfig::new(keys, Arc::new(move || hand.load(Ordering::SeqCst)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let gateway = tokio::spawn(async move { serve(listener, config, std::future::pending()).await.unwrap() });
    let (callback_url, callbacks, merchant) = merchant().await;
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let opened = browser.post(format!("{base}/control/unionpay/tokens")).json(&json!({}));
    let opened: Value = opened.send().await.unwrap().json().await.unwrap();
    let contract = contract((&base, way), (&secrets(way), "test_gateway"), &callback_url);
    callbacks.answer_for(&contract);
    Unionpay {
        way,
        adapters: patient(),
        contract,
        token: opened["token"].as_str().unwrap().to_owned(),
        base,
        callback_url,
        browser,
        now_us,
        callbacks: Mutex::new(callbacks),
        servers: [gateway, merchant],
    }
}

fn secrets(way: Way) -> Value {
    if way != Way::Certificate {
        // Whoever shares a key has no certificates but the one that seals customers' data.
        return json!({
            "shared_key": SHARED_KEY, "encryption_certificate": key_text(keys::ENCRYPTION_CERTIFICATE_FILE),
        });
    }
    json!({
        "merchant_private_key": key_text(keys::MERCHANT_PRIVATE_FILE),
        "merchant_certificate": key_text(keys::MERCHANT_CERTIFICATE_FILE),
        "middle_certificate": key_text(keys::MIDDLE_CERTIFICATE_FILE),
        "root_certificate": key_text(keys::ROOT_CERTIFICATE_FILE),
        "encryption_certificate": key_text(keys::ENCRYPTION_CERTIFICATE_FILE),
    })
}

fn contract((base, way): (&str, Way), (secrets, signatory): (&Value, &str), notify_url: &str) -> Contract {
    let settings = json!({
        "gateway_url": format!("{base}/unionpay"), "file_url": format!("{base}/unionpay/file"),
        "mer_id": MER_ID, "tr_id": TOKEN_REQUESTOR, "signed_by": way.word(), "signatory": signatory,
    });
    let account = ChannelAccount {
        channel: Channel::Unionpay,
        payee_app: MER_ID.to_owned(),
        payee_merchant: MER_ID.to_owned(),
        ..rows::account(settings.to_string())
    };
    let opened = Opened { account: &account, secrets: &secrets.to_string(), notify_url: Some(notify_url) };
    Contract::open(opened, Environment::Test, START_US).unwrap()
}

impl Unionpay {
    async fn control(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.browser.post(format!("{}/control/unionpay/{path}", self.base)).json(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    async fn script(&self, method: Option<&str>, fault: Value) {
        let scripts = json!({ "scripts": [{ "fault": fault, "method": method, "times": 1 }] });
        assert_eq!(self.control("faults", &scripts).await.0, 204);
    }

    /// The code on the payer's phone, which a new one replaces.
    async fn sms_code(&self, attempt: &Attempt) -> String {
        let order = TokenOrder {
            order_id: attempt.out_no.clone(),
            txn_time_us: attempt.created_at_us,
            txn_amt_fen: attempt.amount_minor,
            token: self.token.clone(),
            sms_code: String::new(),
            expires_at_us: attempt.channel_expires_at_us,
        };
        let sent = self.adapters.send_code(&self.contract, order, self.now_us()).await;
        sent.unwrap().unwrap();
        self.code_on_phone(attempt).await.unwrap()
    }

    /// The payer's browser brings a form to UnionPay; the page that it shows.
    async fn post_form(&self, form: &BrowserForm) -> String {
        let body = form.fields.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let request =
            self.browser.post(&form.url).header("content-type", "application/x-www-form-urlencoded");
        let page = request.body(body).send().await.unwrap();
        assert_eq!(page.status(), 200);
        page.text().await.unwrap()
    }

    async fn trades(&self) -> Vec<Value> {
        let address = format!("{}/control/unionpay/truth", self.base);
        let truth: Value = self.browser.get(address).send().await.unwrap().json().await.unwrap();
        truth["trades"].as_array().unwrap().clone()
    }
}

impl Bench for Unionpay {
    fn adapters(&self) -> &Adapters {
        &self.adapters
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }

    /// A contract that does not believe the test gateway's certificate, or has another key.
    fn contract_with_foreign_channel_key(&self) -> Contract {
        if self.way != Way::Certificate {
            return self.contract_with_unknown_own_key();
        }
        contract((&self.base, self.way), (&secrets(self.way), "unionpay"), &self.callback_url)
    }

    fn contract_with_unknown_own_key(&self) -> Contract {
        let mut secrets = secrets(self.way);
        if self.way == Way::Certificate {
            secrets["merchant_private_key"] = json!(key_text("unionpay_gateway.pkcs8.pem"));
            secrets["merchant_certificate"] = json!(key_text("unionpay_gateway.cer.pem"));
        } else {
            secrets["shared_key"] = json!("00000000000000000000000000000000");
        }
        contract((&self.base, self.way), (&secrets, "test_gateway"), &self.callback_url)
    }

    fn of_unknown_own_key(&self) -> Unclear {
        if self.way == Way::Certificate { Unclear::Misconfigured } else { Unclear::Unreadable }
    }

    fn capabilities(&self) -> &'static Capabilities {
        capabilities::of(Channel::Unionpay).unwrap()
    }

    fn payee(&self) -> (&'static str, &'static str) {
        (MER_ID, MER_ID)
    }

    fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::SeqCst)
    }

    fn advance(&self, by_us: i64) {
        self.now_us.fetch_add(by_us, Ordering::SeqCst);
    }

    async fn payload(&self, attempt: &Attempt, kind: InstructionKind) -> Option<String> {
        if attempt.method == Method::QuickPay && kind == InstructionKind::Pay {
            let code = self.sms_code(attempt).await;
            return Some(json!({ "token": self.token, "sms_code": code }).to_string());
        }
        Some(json!({ "return_url": "https://till.example/back" }).to_string())
    }

    async fn open(&self, _: &Attempt, action: &Action) {
        let page = self.post_form(&BrowserForm::parse(&action.value).unwrap()).await;
        assert!(page.contains("保单 P1"), "no page is shown");
    }

    async fn pay(&self, attempt: &Attempt) -> bool {
        self.control(&format!("orders/{}/pay", attempt.out_no), &json!({})).await.0 == 200
    }

    async fn payer_must_confirm(&self, _: &Attempt) {}

    async fn trouble(&self, kind: InstructionKind, trouble: Trouble) {
        let method = match kind {
            InstructionKind::Pay => "pay",
            InstructionKind::Refund => "refund",
            // A close is a question here.
            InstructionKind::Query
            | InstructionKind::Close
            | InstructionKind::Cancel
            | InstructionKind::RefundQuery
            | InstructionKind::RefundAwait
            | InstructionKind::ReceiverBind
            | InstructionKind::ReceiverUnbind
            | InstructionKind::Split
            | InstructionKind::SplitQuery
            | InstructionKind::SplitReturn
            | InstructionKind::SplitReturnQuery => "query",
        };
        self.script(Some(method), fault(trouble)).await;
    }

    async fn wrong_callback_amount(&self, by_fen: i64) {
        self.script(None, json!({ "kind": "notify_wrong_amount", "delta_fen": by_fen })).await;
    }

    async fn forge(&self, attempt: &Attempt, forgery: Forgery) {
        let seal = match forgery {
            Forgery::OtherKey => "wrong_key",
            Forgery::Unsigned => "unsigned",
            Forgery::Probe => "probe",
        };
        let path = format!("orders/{}/forge", attempt.out_no);
        assert_eq!(self.control(&path, &json!({ "seal": seal })).await.0, 200);
    }

    async fn truth(&self, attempt: &Attempt) -> Truth {
        let trades = self.trades().await;
        let done = |trade: &&Value| trade["state"] == "done";
        let Some(paid) = trades.iter().filter(done).find(|trade| trade["order_id"] == attempt.out_no) else {
            return Truth::default();
        };
        let refunds = trades.iter().filter(done).filter(|trade| trade["orig_query_id"] == paid["query_id"]);
        let number = |trade: &Value| trade["order_id"].as_str().unwrap().to_owned();
        let fen = |trade: &Value| trade["amount_fen"].as_i64().unwrap();
        Truth {
            channel_txn_no: paid["query_id"].as_str().unwrap().to_owned(),
            paid_fen: fen(paid),
            refunds: refunds.map(|trade| (number(trade), fen(trade))).collect(),
            ..Truth::default()
        }
    }

    fn callbacks(&self) -> &Mutex<Callbacks> {
        &self.callbacks
    }

    async fn callbacks_pending(&self) -> u64 {
        let address = format!("{}/control/unionpay/notifications", self.base);
        let told: Value = self.browser.get(address).send().await.unwrap().json().await.unwrap();
        told["pending"].as_u64().unwrap()
    }

    async fn type_card(&self, form: &BrowserForm, order_no: &str) {
        self.post_form(form).await;
        assert_eq!(self.control(&format!("orders/{order_no}/pay"), &json!({})).await.0, 200);
    }

    async fn leave_card(&self, form: &BrowserForm, order_no: &str) {
        self.post_form(form).await;
        assert_eq!(self.control(&format!("orders/{order_no}/decline"), &json!({})).await.0, 200);
    }

    async fn code_on_phone(&self, attempt: &Attempt) -> Option<String> {
        let address = format!("{}/control/unionpay/orders/{}", self.base, attempt.out_no);
        let shown = self.browser.get(address).send().await.unwrap();
        let shown: Value = shown.json().await.unwrap_or_default();
        shown["sms_code"].as_str().map(str::to_owned)
    }

    async fn trouble_with_codes(&self, trouble: Trouble) {
        self.script(Some("create"), fault(trouble)).await;
    }

    async fn bill(&self, terms: &BillTerms, day: i64) -> Result<Vec<BillRow>, String> {
        let file = match self.adapters.fetch_bill(&self.contract, terms.lists, day, self.now_us()).await {
            Ok(Bill::Unionpay(file)) => file,
            Ok(other) => return Err(format!("another channel's bill: {other:?}")),
            Err(BillFetchError::None) => return Err("none".to_owned()),
            Err(other) => return Err(other.to_string()),
        };
        let trades = self.trades().await;
        let order_of = |query_id: &str| {
            let paid = trades.iter().find(|trade| trade["query_id"] == query_id).unwrap();
            paid["order_id"].as_str().unwrap().to_owned()
        };
        let rows = file.trades.iter().map(|row| match row.orig_query_id() {
            "" => (row.order_id().to_owned(), String::new(), row.amount_fen),
            orig => (order_of(orig), row.order_id().to_owned(), -row.amount_fen),
        });
        Ok(rows.collect())
    }
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| format!("{escaped}%{byte:02X}"))
}

fn fault(trouble: Trouble) -> Value {
    let unreadable =
        |garble: &str, effect: &str| json!({ "kind": "unreadable", "garble": garble, "effect": effect });
    match trouble {
        Trouble::LostBefore => json!({ "kind": "lost_before" }),
        Trouble::LostAfter => json!({ "kind": "lost_after" }),
        Trouble::ServerErrorBefore => unreadable("server_error", "none"),
        // The documents have no code for a system that failed and acted all the same.
        Trouble::ServerErrorAfter | Trouble::SystemErrorAfter => unreadable("server_error", "done"),
        Trouble::Garbage => unreadable("garbage", "done"),
        Trouble::Truncated => unreadable("truncated", "done"),
        Trouble::OtherCharset => unreadable("other_charset", "done"),
        Trouble::Limited => json!({ "kind": "limited" }),
        Trouble::Slow => json!({ "kind": "slow", "after_us": 60_000_000 }),
        Trouble::NotFoundLie => json!({ "kind": "query_not_found" }),
        Trouble::LandsAfterQuery => json!({ "kind": "lands_after_query" }),
        Trouble::AcceptedLater => json!({ "kind": "refund_later", "after_us": 1_000_000 }),
    }
}

//! The WeChat Pay sandbox as a bench, and what only this channel has.

use crate::bench::{Bench, BillRow, Forgery, Trouble, Truth, paid, patient, say, say_by};
use crate::lab::Lab;
use crate::merchant::{Callbacks, merchant};
use crate::rows::{self, START_US, key_text};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use tillkeeper_channels::capabilities::{self, BillContent, BillTerms, Capabilities};
use tillkeeper_channels::wechatpay::bill::{Bill, FundRow, TradeRow};
use tillkeeper_channels::wechatpay::oauth::OauthError;
use tillkeeper_channels::{
    About, Adapters, BillFetchError, CallbackRefusal, Contract, Environment, Headers, Opened, RawCallback,
};
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, ActionKind, Attempt};
use tk_domain::report::{PaymentFinding, Unclear};
use tk_simulator::core::Provider;
use tk_simulator::http::{SandboxApp, SandboxConfig, serve};
use tk_simulator::keys::{DeskKeys, wechat};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

pub struct Wechatpay {
    adapters: Adapters,
    contract: Contract,
    trust: &'static str,
    standing: Standing,
    lab: Lab,
    now_us: Arc<AtomicI64>,
    callbacks: Mutex<Callbacks>,
    servers: [JoinHandle<()>; 2],
}

impl Drop for Wechatpay {
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

/// A sub-merchant, and the simulator's own name for his counter.
const SUB_MCHID: &str = "1900009999";
const SUB_DESK: &str = "wxd678efh567hg6999";

/// What a service provider has: no bill of a sub-merchant's account.
static AS_PROVIDER: LazyLock<Capabilities> = LazyLock::new(|| {
    let own = capabilities::of(Channel::Wechatpay).unwrap();
    let trades = own.bills.iter().position(|terms| terms.lists == BillContent::Trades).unwrap();
    Capabilities { bills: &own.bills[trades..=trades], ..*own }
});

pub async fn by_certificate() -> Wechatpay {
    start("certificate", Standing::Own).await
}

pub async fn as_service_provider() -> Wechatpay {
    start("public_key", Standing::Provider).await
}

pub async fn by_public_key() -> Wechatpay {
    start("public_key", Standing::Own).await
}

async fn in_both() -> Wechatpay {
    start("both", Standing::Own).await
}

async fn start(trust: &'static str, standing: Standing) -> Wechatpay {
    let now_us = Arc::new(AtomicI64::new(START_US));
    let hand = Arc::clone(&now_us);
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/vectors/keys");
    let mut app = SandboxApp::wechatpay_from_folder(&keys).unwrap();
    app.core.opening_balance_fen = 1_000_000;
    if standing == Standing::Provider {
        let (app_id, mchid) = (wechat::APPID.to_owned(), wechat::MCHID.to_owned());
        app.core.provider = Some(Provider { app_id, mchid, token: String::new() });
        SUB_DESK.clone_into(&mut app.core.app_id);
        SUB_MCHID.clone_into(&mut app.core.seller_id);
    }
    if let (DeskKeys::Wechatpay(keys), "public_key") = (&mut app.keys, trust) {
        wechat::PUBLIC_KEY_ID.clone_into(&mut keys.callback_serial);
    }
    let config = SandboxConfig::new(vec![app], Arc::new(move || hand.load(Ordering::SeqCst)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = tokio::spawn(async move { serve(listener, config, std::future::pending()).await.unwrap() });
    let (notify_url, callbacks, merchant) = merchant().await;
    let contract = contract(&base, (trust, standing), &secrets(trust), &notify_url);
    callbacks.answer_for(&contract);
    Wechatpay {
        adapters: patient(),
        contract,
        trust,
        standing,
        lab: Lab::new(base, "wechatpay"),
        now_us,
        callbacks: Mutex::new(callbacks),
        servers: [sandbox, merchant],
    }
}

fn secrets(trust: &str) -> Value {
    let mut secrets = json!({
        "private_key": key_text(wechat::MERCHANT_PRIVATE_FILE),
        "certificate": key_text(wechat::MERCHANT_CERTIFICATE_FILE),
        "api_v3_key": wechat::API_V3_KEY,
        "app_secret": wechat::APP_SECRET,
    });
    if trust != "certificate" {
        secrets["platform_public_key"] = json!(key_text(wechat::PLATFORM_PUBLIC_FILE));
    }
    secrets
}

fn contract(base: &str, (trust, standing): (&str, Standing), secrets: &Value, notify_url: &str) -> Contract {
    let mut settings = json!({
        "base_url": base, "appid": wechat::APPID, "mchid": wechat::MCHID, "trust": trust,
        "oauth_authorize_url": format!("{base}/connect/oauth2/authorize"), "oauth_base_url": base,
    });
    if trust != "certificate" {
        settings["public_key_id"] = json!(wechat::PUBLIC_KEY_ID);
    }
    if standing == Standing::Provider {
        settings["sub_mchid"] = json!(SUB_MCHID);
    }
    let payee = if standing == Standing::Own { wechat::MCHID } else { SUB_MCHID };
    let account = ChannelAccount {
        channel: Channel::Wechatpay,
        payee_app: wechat::APPID.to_owned(),
        payee_merchant: payee.to_owned(),
        ..rows::account(settings.to_string())
    };
    let opened = Opened { account: &account, secrets: &secrets.to_string(), notify_url: Some(notify_url) };
    Contract::open(opened, Environment::Test, START_US).unwrap()
}

impl Bench for Wechatpay {
    fn adapters(&self) -> &Adapters {
        &self.adapters
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }

    fn contract_with_foreign_channel_key(&self) -> Contract {
        let mut secrets = secrets("public_key");
        secrets["platform_public_key"] = json!(key_text("alipay_platform.pub.pem"));
        contract(&self.lab.base, ("public_key", self.standing), &secrets, &self.lab.base)
    }

    fn contract_with_unknown_own_key(&self) -> Contract {
        let mut secrets = secrets("public_key");
        secrets["private_key"] = json!(key_text("alipay_app.pkcs8.pem"));
        secrets["certificate"] = json!(key_text("alipay_app.cer.pem"));
        contract(&self.lab.base, ("public_key", self.standing), &secrets, &self.lab.base)
    }

    fn capabilities(&self) -> &'static Capabilities {
        match self.standing {
            Standing::Own => capabilities::of(Channel::Wechatpay).unwrap(),
            Standing::Provider => &AS_PROVIDER,
        }
    }

    fn payee(&self) -> (&'static str, &'static str) {
        match self.standing {
            Standing::Own => (wechat::APPID, wechat::MCHID),
            Standing::Provider => (wechat::APPID, SUB_MCHID),
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
        let auth_code = (attempt.method == Method::WechatBarcode).then(|| format!("13{code:016}"));
        let payload = json!({
            "auth_code": auth_code, "return_url": "https://till.example/back?a=1",
            "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "client_ip": "203.0.113.7",
        });
        Some(payload.to_string())
    }

    async fn open(&self, _: &Attempt, action: &Action) {
        let address = match action.kind {
            ActionKind::Bridge => {
                let parameters: Value = serde_json::from_str(&action.value).unwrap();
                let token = parameters["package"].as_str().unwrap().strip_prefix("prepay_id=wx").unwrap();
                let desk = if self.standing == Standing::Own { wechat::APPID } else { SUB_DESK };
                format!("{}/wallet/{desk}/{token}", self.lab.base)
            }
            ActionKind::Qr | ActionKind::Redirect | ActionKind::Form | ActionKind::Transfer => {
                action.value.clone()
            }
        };
        let page = self.lab.browser.get(&address).send().await.unwrap();
        assert_eq!(page.status(), 200, "{address}");
        assert!(page.text().await.unwrap().contains("保单 P1"), "{} shows no wallet", self.trust);
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
        let fetched = self.adapters.fetch_bill(&self.contract, terms.lists, day, self.now_us()).await;
        match fetched {
            Ok(tillkeeper_channels::Bill::Wechatpay(Bill::Trade(bill))) => {
                Ok(bill.rows.into_iter().map(trade).collect())
            }
            Ok(tillkeeper_channels::Bill::Wechatpay(Bill::Fund(bill))) => {
                let trades = self.lab.trades().await;
                let moved = |row: &FundRow| matches!(row.name.as_str(), "交易" | "退款");
                Ok(bill.rows.into_iter().filter(moved).map(|row| fund(row, &trades)).collect())
            }
            Ok(other) => Err(format!("another channel's bill: {other:?}")),
            Err(BillFetchError::None) => Err("none".to_owned()),
            Err(other) => Err(other.to_string()),
        }
    }
}

fn trade(row: TradeRow) -> BillRow {
    let fen = row.directed_fen();
    (row.out_trade_no, row.refund.map(|refund| refund.out_refund_no).unwrap_or_default(), fen)
}

/// A movement names our number of the payment or of the refund, and WeChat's of the payment.
fn fund(row: FundRow, trades: &[Value]) -> BillRow {
    let order = trades.iter().find(|trade| trade["trade_no"] == row.flow_no).unwrap();
    let order = order["out_trade_no"].as_str().unwrap().to_owned();
    if row.change_fen < 0 {
        (order, row.out_no, row.change_fen)
    } else {
        (order, String::new(), row.change_fen)
    }
}

#[tokio::test]
async fn both_modes_count_in_the_window_of_a_change() {
    let bench = in_both().await;
    let row = paid(&bench, 8_888, 1).await;
    assert!(matches!(say(&bench, InstructionKind::Query, &row).await, PaymentFinding::Paid(_)));
    // Replies are signed under the public key's identifier, callbacks under the certificate's serial.
    let (headers, body) = bench.callback().await;
    let raw = RawCallback { headers: &headers, body: &body, received_at_us: bench.now_us() };
    assert!(bench.contract().verify_callback(raw).is_ok());
}

#[tokio::test]
async fn certificates_come_with_the_first_conversation_and_again_half_a_day_later() {
    let bench = by_certificate().await;
    let row = paid(&bench, 100, 1).await;
    let (headers, body) = bench.callback().await;
    let fresh =
        contract(&bench.lab.base, ("certificate", Standing::Own), &secrets("certificate"), &bench.lab.base);
    let raw = RawCallback { headers: &headers, body: &body, received_at_us: bench.now_us() };
    assert_eq!(fresh.verify_callback(raw).unwrap_err(), CallbackRefusal::SignatureInvalid);
    bench.adapters().renew_keys(&fresh, bench.now_us()).await;
    assert!(fresh.verify_callback(raw).is_ok());
    bench.advance(13 * 3_600_000_000);
    assert!(matches!(say(&bench, InstructionKind::Query, &row).await, PaymentFinding::Paid(_)));
}

#[tokio::test]
async fn a_callback_is_refused_after_five_minutes_and_under_an_unknown_serial() {
    let bench = by_public_key_and_certificate().await;
    paid(&bench, 100, 1).await;
    let (headers, body) = bench.callback().await;
    let at = |received_at_us| RawCallback { headers: &headers, body: &body, received_at_us };
    let late = bench.contract().verify_callback(at(bench.now_us() + 301_000_000)).unwrap_err();
    assert_eq!((late.code(), late.status()), ("callback_expired", 401));
    let changed: Vec<(&str, &str)> = tk_formats::wechatpay::signature::HEADER_NAMES
        .iter()
        .map(|name| (*name, if *name == "wechatpay-serial" { "5157F0" } else { headers.get(name).unwrap() }))
        .collect();
    let unknown = Headers::of(changed);
    let raw = RawCallback { headers: &unknown, body: &body, received_at_us: bench.now_us() };
    assert_eq!(bench.contract().verify_callback(raw).unwrap_err(), CallbackRefusal::SignatureInvalid);
    let twice = Headers::of([("wechatpay-serial", "A"), ("Wechatpay-Serial", "B")]);
    assert_eq!(twice.get("wechatpay-serial"), None);
}

async fn by_public_key_and_certificate() -> Wechatpay {
    in_both().await
}

#[tokio::test]
async fn a_clock_that_is_off_is_our_misconfiguration() {
    let bench = by_public_key().await;
    let row = paid(&bench, 100, 1).await;
    let (payment, instruction) = (rows::payment(100), rows::instruction(InstructionKind::Query, None));
    let rows =
        tillkeeper_channels::PaymentRows { instruction: &instruction, payment: &payment, attempt: &row };
    let off_us = bench.now_us() - 400_000_000;
    let heard = bench.adapters().say_payment(bench.contract(), rows, off_us).await.finding;
    assert_eq!(heard, PaymentFinding::Unclear(Unclear::Misconfigured));
}

#[tokio::test]
async fn the_official_account_tells_who_the_payer_is() {
    let bench = by_public_key().await;
    let url = bench.contract().oauth_url("https://till.example/c/x?lang=en", "state1").unwrap();
    let answer = bench.lab.browser.get(&url).send().await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(back.starts_with("https://till.example/c/x?lang=en&code=code"), "{back}");
    assert!(back.ends_with("&state=state1"), "{back}");
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let now_us = bench.now_us();
    let openid = bench.adapters().payer_openid(bench.contract(), code, now_us).await.unwrap();
    assert!(openid.unwrap().starts_with('o'));
    for (wrong, error) in [
        (code, OauthError::Refused(40_163)),
        ("", OauthError::CodeMalformed),
        ("a b", OauthError::CodeMalformed),
        ("x", OauthError::Refused(40_029)),
    ] {
        let refused = bench.adapters().payer_openid(bench.contract(), wrong, now_us).await.unwrap();
        assert_eq!(refused, Err(error), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_success_of_another_sub_merchant_names_that_one() {
    let bench = as_service_provider().await;
    bench.lab.spoil_callback("notify_wrong_seller").await;
    let row = paid(&bench, 100, 1).await;
    let (headers, body) = bench.callback().await;
    let raw = RawCallback { headers: &headers, body: &body, received_at_us: bench.now_us() };
    let told = bench.contract().verify_callback(raw).unwrap();
    let About::Order { payment: PaymentFinding::Paid(evidence), .. } = told.about else { panic!("{told:?}") };
    assert_ne!(evidence.payee_merchant.as_deref(), Some(SUB_MCHID));
    // Asked for another sub-merchant, the platform knows no authorisation.
    let settings = json!({
        "base_url": bench.lab.base, "appid": wechat::APPID, "mchid": wechat::MCHID, "trust": "public_key",
        "public_key_id": wechat::PUBLIC_KEY_ID, "sub_mchid": "1900008888",
    });
    let account = ChannelAccount {
        channel: Channel::Wechatpay,
        payee_app: wechat::APPID.to_owned(),
        payee_merchant: "1900008888".to_owned(),
        ..rows::account(settings.to_string())
    };
    let secrets = secrets("public_key").to_string();
    let opened = Opened { account: &account, secrets: &secrets, notify_url: None };
    let other = Contract::open(opened, Environment::Test, START_US).unwrap();
    let heard = say_by(&bench, (bench.adapters(), &other), InstructionKind::Query, &row).await;
    assert!(matches!(heard, PaymentFinding::Unclear(_)), "{heard:?}");
}

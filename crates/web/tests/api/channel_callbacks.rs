//! Callbacks of WeChat Pay and UnionPay through the door: forged, replayed, of others, probes, too large; on both engines.
//! Also the one that opens a card, and what is paid by that card.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tk_app::store::Ambient as _;
use tk_domain::access::Scope;
use tk_domain::agreement::{Agreement, AgreementStatus, AskCardCode, CardUse, OpenAgreement};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{AgreementId, PaymentId, TypedId};
use tk_domain::moment::MINUTE_US;
use tk_domain::payment::{BrowserForm, StartAttempt};
use tk_formats::alipay::keys::SigningKey;
use tk_formats::wechatpay::callback::{Notice, encode};
use tk_formats::wechatpay::{ApiV3Key, certificates, signature, time};
use tk_simulator::http::{Beside, Clock, SandboxApp, SandboxConfig, serve_beside};
use tk_simulator::keys::pair::Pair;
use tk_simulator::keys::{fresh, wechat};
use tk_simulator::unionpay::http::{Gateway, GatewayConfig};
use tk_simulator::unionpay::keys as unionpay;
use tokio::net::TcpListener;

/// The channels beside a server, with keys of their own.
pub struct Channels {
    pub base: String,
    keys: tempfile::TempDir,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Channels {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Channels {
    pub async fn beside(app: &TestApp) -> Self {
        let keys = tempfile::tempdir().unwrap();
        fresh::complete(keys.path(), app.host.now_us()).unwrap();
        let host = Arc::clone(&app.host);
        let clock: Clock = Arc::new(move || host.now_us());
        let apps = vec![SandboxApp::wechatpay_from_folder(keys.path()).unwrap()];
        let config = GatewayConfig::new(unionpay::load(keys.path()).unwrap(), Arc::clone(&clock));
        let gateway = Gateway::new(config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let config = SandboxConfig::new(apps, clock);
        let server = tokio::spawn(async move {
            let others = axum::Router::new();
            serve_beside(
                listener,
                config,
                Beside { gateway: Some(gateway), bank: None, others },
                std::future::pending(),
            )
            .await
            .unwrap();
        });
        Self { base, keys, server }
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.keys.path().join(name)).unwrap()
    }

    pub fn wechatpay(&self) -> Value {
        json!({
            "channel": "wechatpay", "name": "微信支付", "methods": ["wechat_native"],
            "settings": {
                "base_url": self.base, "appid": wechat::APPID, "mchid": wechat::MCHID, "trust": "certificate",
            },
            "credentials": {
                "private_key": self.text(wechat::MERCHANT_PRIVATE_FILE),
                "certificate": self.text(wechat::MERCHANT_CERTIFICATE_FILE),
                "api_v3_key": wechat::API_V3_KEY,
            },
        })
    }

    fn unionpay(&self) -> Value {
        json!({
            "channel": "unionpay", "name": "银联", "methods": ["ebank_b2c"],
            "settings": {
                "gateway_url": format!("{}/unionpay", self.base), "file_url": format!("{}/unionpay/file", self.base),
                "mer_id": unionpay::MER_ID, "tr_id": unionpay::TOKEN_REQUESTOR, "signed_by": "certificate", "signatory": "test_gateway",
            },
            "credentials": {
                "merchant_private_key": self.text(unionpay::MERCHANT_PRIVATE_FILE),
                "merchant_certificate": self.text(unionpay::MERCHANT_CERTIFICATE_FILE),
                "middle_certificate": self.text(unionpay::MIDDLE_CERTIFICATE_FILE),
                "root_certificate": self.text(unionpay::ROOT_CERTIFICATE_FILE),
            },
        })
    }

    /// The same merchant, who shares a key with UnionPay instead of certificates.
    fn unionpay_by(&self, way: &str) -> Value {
        let mut contract = self.unionpay();
        contract["settings"]["signed_by"] = json!(way);
        contract["credentials"] = json!({ "shared_key": self.text(unionpay::SHARED_KEY_FILE) });
        contract
    }
}

/// An open attempt and where its channel reports to.
struct Open {
    payment: String,
    out_no: String,
    created: String,
    callback_url: String,
}

async fn open(app: &TestApp, contract: &Value, method: &str) -> Open {
    app.shop().await;
    let account = app.post("/v1/channel_accounts", contract).await.expect(201);
    let payment = app.post("/v1/payments", &order("CB-1", 10_000)).await.expect(201);
    let payment = payment["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/payments/{payment}/attempts");
    let attempt = app.post(&path, &json!({ "method": method })).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Open {
        out_no: text(&attempt["out_no"]),
        created: text(&attempt["action"]["value"]),
        callback_url: text(&account["callback_url"]),
        payment,
    }
}

impl Open {
    /// Payment and books as they stand.
    async fn stand(&self, app: &TestApp) -> (Value, Value) {
        let payment = app.get(&format!("/v1/payments/{}", self.payment)).await.expect(200);
        let entries = app.get(&format!("/v1/entries?payment={}", self.payment)).await.expect(200);
        (payment["status"].clone(), entries["data"].clone())
    }
}

/// What WeChat says of an order, sealed and signed.
struct Said {
    body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

fn success(open: &Open, mchid: &str, at_us: i64) -> Notice {
    let resource = json!({
        "appid": wechat::APPID, "mchid": mchid, "out_trade_no": open.out_no,
        "transaction_id": "4200000985202611220000000001", "trade_type": "NATIVE", "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功", "bank_type": "OTHERS", "attach": "",
        "success_time": time::format_us(at_us).unwrap(), "payer": { "openid": "oPayer" },
        "amount": { "total": 10_000, "payer_total": 10_000, "currency": "CNY", "payer_currency": "CNY" },
    });
    let resource: Map<String, Value> = resource.as_object().unwrap().clone();
    Notice {
        id: "EV-1".to_owned(),
        created_at_us: at_us,
        event_type: "TRANSACTION.SUCCESS".to_owned(),
        original_type: "transaction".to_owned(),
        resource,
    }
}

fn said(channels: &Channels, key_pem: &str, notice: &Notice) -> Said {
    let secret = ApiV3Key::new(wechat::API_V3_KEY).unwrap();
    let body = encode(notice, "支付成功", &secret, "abcdefghijkl").unwrap().into_bytes();
    let key = SigningKey::from_pem(key_pem).unwrap();
    let serial = certificates::serial_no(&channels.text(wechat::PLATFORM_CERTIFICATE_FILE)).unwrap();
    let at_s = notice.created_at_us / 1_000_000;
    let headers = signature::sign(&body, &key, &serial, at_s, "0123456789ABCDEF").unwrap();
    Said { body, headers: headers.into_iter().collect() }
}

impl Said {
    fn into_probe(mut self) -> Self {
        for (name, value) in &mut self.headers {
            if *name == "wechatpay-signature" {
                value.insert_str(0, signature::PROBE_PREFIX);
            }
        }
        self
    }

    async fn post(&self, app: &TestApp, url: &str) -> u16 {
        let mut request = app.client.post(url).header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(self.body.clone()).send().await.unwrap().status().as_u16()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_wechats_own_word_about_our_merchant_pays_and_only_once() {
    for app in TestApp::each(Setup::default()).await {
        let channels = Channels::beside(&app).await;
        let open = open(&app, &channels.wechatpay(), "wechat_native").await;
        let untouched = open.stand(&app).await;
        let (now_us, platform) = (app.host.now_us(), channels.text(wechat::PLATFORM_PRIVATE_FILE));
        let notice = success(&open, wechat::MCHID, now_us);
        let url = open.callback_url.clone();
        let forged = said(&channels, &Pair::generate().unwrap().private_pem, &notice);
        assert_eq!(forged.post(&app, &url).await, 401, "forged");
        let probe = said(&channels, &platform, &notice).into_probe();
        assert_eq!(probe.post(&app, &url).await, 401, "SIGNTEST");
        let mut altered = said(&channels, &platform, &notice);
        altered.body.push(b' ');
        assert_eq!(altered.post(&app, &url).await, 401, "altered");
        let stale = said(&channels, &platform, &success(&open, wechat::MCHID, now_us - 600_000_000));
        assert_eq!(stale.post(&app, &url).await, 401, "replayed after ten minutes");
        let large = Said { body: vec![b'{'; 128 * 1024], headers: Vec::new() };
        assert_eq!(large.post(&app, &url).await, 413, "too large");
        let elsewhere = url.replace(".cha_", ".cha_0");
        assert_eq!(said(&channels, &platform, &notice).post(&app, &elsewhere).await, 404, "no such account");
        assert_eq!(open.stand(&app).await, untouched, "nothing has changed");
        let genuine = said(&channels, &platform, &notice);
        assert!(matches!(genuine.post(&app, &url).await, 200 | 204));
        let paid = open.stand(&app).await;
        assert_eq!(paid.0, "succeeded");
        assert!(matches!(genuine.post(&app, &url).await, 200 | 204), "a repetition is acknowledged");
        assert_eq!(open.stand(&app).await, paid, "and books nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wechats_word_about_another_merchant_is_no_collection_of_ours() {
    for app in TestApp::each(Setup::default()).await {
        let channels = Channels::beside(&app).await;
        let open = open(&app, &channels.wechatpay(), "wechat_native").await;
        let platform = channels.text(wechat::PLATFORM_PRIVATE_FILE);
        let notice = success(&open, "1900000009", app.host.now_us());
        said(&channels, &platform, &notice).post(&app, &open.callback_url).await;
        let (status, entries) = open.stand(&app).await;
        assert_ne!(status, "succeeded");
        assert!(entries.as_array().unwrap().is_empty(), "{entries}");
    }
}

/// Has the gateway send a success of its own making; whether it was acknowledged.
async fn told(app: &TestApp, channels: &Channels, open: &Open, (seal, mer_id): (&str, &str)) -> bool {
    let form: Value = serde_json::from_str(&open.created).unwrap();
    let fields = form["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|pair| pair[0] == name).map(|pair| pair[1].clone()).unwrap();
    let body = json!({
        "url": open.callback_url, "seal": seal,
        "fields": [
            ["version", "5.1.0"], ["encoding", "UTF-8"], ["merId", mer_id], ["txnType", "01"],
            ["orderId", open.out_no], ["txnTime", field("txnTime")], ["txnAmt", "10000"],
            ["currencyCode", "156"], ["queryId", "202611211210000000001"], ["respCode", "00"],
            ["respMsg", "ok"],
        ],
    });
    let url = format!("{}/control/unionpay/messages", channels.base);
    let answer: Value = app.client.post(url).json(&body).send().await.unwrap().json().await.unwrap();
    answer["taken"].as_bool().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_unionpays_own_word_about_our_merchant_pays_and_only_once() {
    for app in TestApp::each(Setup::default()).await {
        let channels = Channels::beside(&app).await;
        let open = open(&app, &channels.unionpay(), "ebank_b2c").await;
        let untouched = open.stand(&app).await;
        for seal in ["wrong_key", "unsigned"] {
            assert!(!told(&app, &channels, &open, (seal, unionpay::MER_ID)).await, "{seal}");
        }
        let large = app.client.post(&open.callback_url).body(vec![b'a'; 128 * 1024]).send().await.unwrap();
        assert_eq!(large.status(), 413);
        assert_eq!(open.stand(&app).await, untouched, "nothing has changed");
        assert!(told(&app, &channels, &open, ("genuine", unionpay::MER_ID)).await);
        let paid = open.stand(&app).await;
        assert_eq!(paid.0, "succeeded");
        assert!(told(&app, &channels, &open, ("genuine", unionpay::MER_ID)).await, "repeated");
        assert_eq!(open.stand(&app).await, paid, "and books nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unionpays_word_about_another_merchant_is_no_collection_of_ours() {
    for app in TestApp::each(Setup::default()).await {
        let channels = Channels::beside(&app).await;
        let open = open(&app, &channels.unionpay(), "ebank_b2c").await;
        told(&app, &channels, &open, ("genuine", "777290058110097")).await;
        let (status, entries) = open.stand(&app).await;
        assert_ne!(status, "succeeded");
        assert!(entries.as_array().unwrap().is_empty(), "{entries}");
    }
}

/// The payer types his card on UnionPay's page, which then reports to us.
async fn types_his_card(app: &TestApp, channels: &Channels, form: &BrowserForm) {
    let escaped = |text: &str| text.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    let pairs = form.fields.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
    let body = pairs.collect::<Vec<_>>().join("&");
    let posted = app.client.post(&form.url).header("content-type", "application/x-www-form-urlencoded");
    let page = posted.body(body).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let field = |name: &str| form.fields.iter().find(|(field, _)| field == name).unwrap().1.clone();
    let name = format!("{}-{}", field("orderId"), field("txnTime"));
    let pressed =
        app.client.post(format!("{}/unionpay/page/{name}/pay", channels.base)).send().await.unwrap();
    assert_eq!(pressed.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_whose_word_never_came_is_asked_about_and_opens() {
    for app in TestApp::each(Setup { workers: true, ..Setup::default() }).await {
        let channels = Channels::beside(&app).await;
        app.shop().await;
        let mut contract = channels.unionpay();
        contract["methods"] = json!(["ebank_b2c", "quick_pay"]);
        contract["settings"].as_object_mut().unwrap().remove("tr_id");
        app.post("/v1/channel_accounts", &contract).await.refused(400, "field_malformed");
        let bare = contract["settings"].clone();
        contract["settings"]["tr_id"] = json!(unionpay::TOKEN_REQUESTOR);
        let account = app.post("/v1/channel_accounts", &contract).await.expect(201);
        let account = format!("/v1/channel_accounts/{}", account["id"].as_str().unwrap());
        let pages = json!({ "settings": bare, "methods": ["ebank_b2c"] });
        app.patch(&account, &json!({ "settings": bare })).await.refused(400, "field_malformed");
        app.patch(&account, &pages).await.expect(200);
        let cards = json!({ "methods": contract["methods"] });
        app.patch(&account, &cards).await.refused(400, "field_malformed");
        let whole = json!({ "settings": contract["settings"], "methods": contract["methods"] });
        app.patch(&account, &whole).await.expect(200);
        let never = json!({ "scripts": [{ "fault": { "kind": "notify_never" } }] });
        let faults = format!("{}/control/unionpay/faults", channels.base);
        assert_eq!(app.client.post(faults).json(&never).send().await.unwrap().status(), 204);
        let mut asked = Vec::new();
        for (number, by_worker) in [("CARD-2", false), ("CARD-3", true)] {
            let made = app.post("/v1/payments", &order(number, 10_000)).await.expect(201);
            let payment_id = PaymentId::parse(made["id"].as_str().unwrap()).unwrap();
            let (tenant_id, origin) = (app.tenant_id, Origin::system());
            let open = OpenAgreement { tenant_id, payment_id, origin };
            let form = app.app.open_card(open, "https://till.example/back").await.unwrap().unwrap();
            let key = (tenant_id, payment_id);
            let waiting = app.app.ask_card_of(key).await.unwrap().unwrap();
            assert_eq!((waiting.status, waiting.asks_count), (AgreementStatus::Opening, 1));
            types_his_card(&app, &channels, &form).await;
            if by_worker {
                app.advance(2 * MINUTE_US);
            } else {
                let back = format!("{}/card/return", made["cashier_url"].as_str().unwrap());
                app.client.get(back).send().await.unwrap();
                let found: Agreement = app.app.reader().get(&(tenant_id, waiting.id)).await.unwrap().unwrap();
                assert_eq!((found.status, found.ask_due_at_us), (AgreementStatus::Active, None));
                assert_eq!(app.app.ask_card_of(key).await.unwrap(), None, "nothing is left to ask");
            }
            let at = format!("/v1/agreements/{}", waiting.id);
            asked.push(until(&app, &at, "active").await["card"].clone());
        }
        assert_eq!(asked, ["**** 0018", "**** 0018"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_shares_a_key_with_unionpay_is_paid_by_its_word() {
    for way in ["sha256", "sm3"] {
        for app in TestApp::each(Setup::default()).await {
            let channels = Channels::beside(&app).await;
            let open = open(&app, &channels.unionpay_by(way), "ebank_b2c").await;
            types_his_card(&app, &channels, &BrowserForm::parse(&open.created).unwrap()).await;
            until(&app, &format!("/v1/payments/{}", open.payment), "succeeded").await;
        }
    }
}

async fn until(app: &TestApp, path: &str, wanted: &str) -> Value {
    loop {
        let shown = app.get(path).await.expect(200);
        if shown["status"] == wanted {
            return shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_opened_by_unionpays_word_pays_with_its_code_and_is_ended() {
    for app in TestApp::each(Setup { workers: true, ..Setup::default() }).await {
        let channels = Channels::beside(&app).await;
        app.shop().await;
        let mut contract = channels.unionpay();
        contract["methods"] = json!(["ebank_b2c", "quick_pay"]);
        app.post("/v1/channel_accounts", &contract).await.expect(201);
        let made = app.post("/v1/payments", &order("CARD-1", 10_000)).await.expect(201);
        let payment_id = PaymentId::parse(made["id"].as_str().unwrap()).unwrap();
        let (tenant_id, origin) = (app.tenant_id, Origin::system());
        let open = OpenAgreement { tenant_id, payment_id, origin: origin.clone() };
        let form = app.app.open_card(open, "https://till.example/back").await.unwrap().unwrap();
        let listed = app.get(&format!("/v1/agreements?payment={payment_id}")).await.expect(200);
        assert_eq!(
            (&listed["data"][0]["status"], &listed["data"][0]["card"]),
            (&json!("opening"), &Value::Null)
        );
        let at = format!("/v1/agreements/{}", listed["data"][0]["id"].as_str().unwrap());
        let agreement_id = AgreementId::parse(listed["data"][0]["id"].as_str().unwrap()).unwrap();
        types_his_card(&app, &channels, &form).await;
        let active = until(&app, &at, "active").await;
        assert_eq!(active["card"], "**** 0018");

        let ask = AskCardCode { tenant_id, agreement_id, payment_id, origin: origin.clone() };
        let sent = app.app.send_card_code(ask).await.unwrap().unwrap();
        let stored: Agreement = app.app.reader().get(&(tenant_id, agreement_id)).await.unwrap().unwrap();
        assert_eq!(Agreement { version: stored.version, ..sent.clone() }, stored);
        let attempt_id = sent.code_attempt_id.unwrap();
        let out_no = tk_domain::payment::out_no('T', attempt_id.id128());
        let phone = format!("{}/control/unionpay/orders/{out_no}", channels.base);
        let shown: Value = app.client.get(phone).send().await.unwrap().json().await.unwrap();
        let payer = app.app.payer_by_card(payment_id, &sent, shown["sms_code"].as_str().unwrap()).unwrap();
        let start = StartAttempt {
            tenant_id,
            payment_id,
            method: Method::QuickPay,
            auth_code: None,
            payer: tk_domain::transfer::ExpectedPayer::default(),
            known_as: Some(payer),
            card: Some(CardUse { agreement_id, attempt_id }),
            payer_ip: None,
            return_url: None,
            lease_us: 0,
            origin: origin.clone(),
        };
        let (_, attempt) = app.app.start_attempt(start, 20_000_000).await.unwrap();
        assert_eq!(attempt.out_no, out_no);
        until(&app, &format!("/v1/payments/{payment_id}"), "succeeded").await;
        let plan = KeyPlan { scopes: vec![Scope::PaymentsRead], ..KeyPlan::default() };
        let (_, reading) = app.new_key(app.tenant_id, &plan).await;
        let cancellation = format!("{at}/cancellation");
        app.post_as(&reading, &cancellation, &json!({})).await.refused(403, "scope_missing");
        let ended = app.post(&cancellation, &json!({})).await.expect(200);
        assert_eq!(ended["status"], "ended");
        assert_eq!(app.post(&cancellation, &json!({})).await.expect(200), ended, "said twice");
        let stored: Agreement = app.app.reader().get(&(tenant_id, agreement_id)).await.unwrap().unwrap();
        assert_eq!(stored.sealed, None);
        assert_eq!(app.get("/v1/agreements?status=active").await.expect(200)["data"], json!([]));
    }
}

//! UnionPay's gateway beside the wallets, called the way a merchant calls UnionPay.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tillkeeper_simulator::http::{Beside, Clock, SandboxApp, SandboxConfig, serve_beside};
use tillkeeper_simulator::journal::Journal;
use tillkeeper_simulator::unionpay::http::{Gateway, GatewayConfig, GatewayError};
use tillkeeper_simulator::unionpay::keys::{self, MER_ID, TOKEN_REQUESTOR};
use tk_formats::archive::Limits;
use tk_formats::form::encode_urlencoded;
use tk_formats::keys::SigningKey;
use tk_formats::unionpay::message::Message;
use tk_formats::unionpay::reply::{self, ReplyError};
use tk_formats::unionpay::request::{form_body, seal};
use tk_formats::unionpay::sign::{Hash, SharedKey, Signer};
use tk_formats::unionpay::trust::{Roots, Signatory, Verifier, cert_id};
use tk_formats::unionpay::{Charset, notify, sensitive, settlement, time};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::bench::{DAY_US, Merchant, START_US, key_folder};

const SHARED: &str = "a key that both sides have";
const SECOND_US: i64 = 1_000_000;

struct Cards {
    base: String,
    client: reqwest::Client,
    now_us: Arc<AtomicI64>,
    signer: Signer,
    verifier: Verifier,
    shop: Merchant,
    server: JoinHandle<()>,
}

impl Drop for Cards {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/vectors/keys")
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

fn by_certificate() -> (Signer, Verifier) {
    let key = SigningKey::from_pem(&text_of(keys::MERCHANT_PRIVATE_FILE)).unwrap();
    let cert_id = cert_id(&text_of(keys::MERCHANT_CERTIFICATE_FILE)).unwrap();
    let (middle, root) = (text_of(keys::MIDDLE_CERTIFICATE_FILE), text_of(keys::ROOT_CERTIFICATE_FILE));
    let roots = Roots::new(&middle, &root, Signatory::TestGateway).unwrap();
    (Signer::Certificate { key, cert_id }, Verifier::Certificates(roots))
}

fn by_shared_key(hash: Hash, text: &str) -> (Signer, Verifier) {
    let key = SharedKey::new(hash, text);
    (Signer::Shared(key.clone()), Verifier::Shared(key))
}

fn clock(now_us: &Arc<AtomicI64>) -> Clock {
    let hand = Arc::clone(now_us);
    Arc::new(move || hand.load(Ordering::SeqCst))
}

impl Cards {
    async fn start() -> Self {
        Self::start_with(None, by_certificate()).await
    }

    async fn start_with(journal: Option<Arc<Journal>>, (signer, verifier): (Signer, Verifier)) -> Self {
        let now_us = Arc::new(AtomicI64::new(START_US));
        let apps = vec![SandboxApp::from_folder(&key_folder()).unwrap()];
        let mut config = SandboxConfig::new(apps, clock(&now_us));
        config.journal.clone_from(&journal);
        let keys = keys::load(&folder()).unwrap().with_shared_key(SHARED);
        let gateway = GatewayConfig { journal, ..GatewayConfig::new(keys, clock(&now_us)) };
        let gateway = Some(Gateway::new(gateway).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let beside = Beside { gateway, ..Beside::default() };
        let server = tokio::spawn(async move {
            serve_beside(listener, config, beside, std::future::pending()).await.unwrap();
        });
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let (client, shop) = (client.build().unwrap(), Merchant::start("ok").await);
        Self { base, client, now_us, signer, verifier, shop, server }
    }

    fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::SeqCst)
    }

    fn advance(&self, by_us: i64) {
        self.now_us.fetch_add(by_us, Ordering::SeqCst);
    }

    async fn posted(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Result<(StatusCode, Vec<u8>)> {
        let txn_time = time::format_us(START_US).unwrap();
        let usual =
            [("merId", MER_ID), ("accessType", "0"), ("txnTime", &txn_time), ("backUrl", &self.shop.url)];
        let fields = [&usual, fields].concat();
        let sealed = seal(&fields, &self.signer, Charset::Utf8).unwrap();
        let request = self.client.post(format!("{}/unionpay/{path}", self.base));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form_body(&sealed).unwrap()).send().await?;
        let status = answer.status();
        Ok((status, answer.bytes().await?.to_vec()))
    }

    async fn call(&self, path: &str, fields: &[(&str, &str)]) -> Result<Message, ReplyError> {
        let (_, body) = self.posted(path, fields).await.unwrap();
        reply::decode(&body, &self.verifier, self.now_us())
    }

    /// The payer's browser brings an order.
    async fn shown(&self, order_id: &str, amount: &str) {
        let expires_at = time::format_us(START_US + 900 * SECOND_US).unwrap();
        let fields = [
            ("txnType", "01"),
            ("txnSubType", "01"),
            ("bizType", "000201"),
            ("channelType", "07"),
            ("orderId", order_id),
            ("txnAmt", amount),
            ("currencyCode", "156"),
            ("payTimeout", &expires_at),
            ("frontUrl", "http://127.0.0.1:1/return"),
        ];
        let (status, body) = self.posted("gateway/api/frontTransReq.do", &fields).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    }

    async fn paid(&self, order_id: &str, amount: &str) -> Message {
        self.shown(order_id, amount).await;
        assert_eq!(self.control(&format!("orders/{order_id}/pay"), json!({})).await.0, StatusCode::OK);
        self.asked(order_id).await.unwrap()
    }

    async fn asked(&self, order_id: &str) -> Result<Message, ReplyError> {
        let kind = [("txnType", "00"), ("txnSubType", "00"), ("bizType", "000201"), ("orderId", order_id)];
        self.call("gateway/api/queryTrans.do", &kind).await
    }

    fn refund<'a>(order_id: &'a str, paid: &'a Message, amount: &'a str) -> [(&'a str, &'a str); 6] {
        let orig = paid.query_id.as_deref().unwrap();
        [
            ("txnType", "04"),
            ("txnSubType", "00"),
            ("bizType", "000201"),
            ("orderId", order_id),
            ("origQryId", orig),
            ("txnAmt", amount),
        ]
    }

    async fn refunded(&self, order_id: &str, paid: &Message, amount: &str) -> Result<Message, ReplyError> {
        self.call("gateway/api/backTransReq.do", &Self::refund(order_id, paid, amount)).await
    }

    /// A code for an order to come, and then the order, by an opened card.
    async fn by_card(&self, order_id: &str, kind: (&str, &str), token: &str, code: &str) -> Message {
        let data = format!("{{token={token}&trId={TOKEN_REQUESTOR}&tokenType=01}}");
        let customer = sensitive::customer_info(&[("smsCode", code)], None).unwrap();
        let fields = [
            ("txnType", kind.0),
            ("txnSubType", kind.1),
            ("bizType", "000902"),
            ("orderId", order_id),
            ("txnAmt", "100"),
            ("currencyCode", "156"),
            ("tokenPayData", &data),
            ("customerInfo", &customer),
        ];
        self.call("gateway/api/backTransReq.do", &fields).await.unwrap()
    }

    async fn control(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.client.post(format!("{}/control/unionpay/{path}", self.base)).json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn look(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}/control/unionpay/{path}", self.base));
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn script(&self, fault: Value, method: Option<&str>) {
        let plan = json!({ "scripts": [{ "fault": fault, "method": method, "times": 1 }] });
        assert_eq!(self.control("faults", plan).await.0, StatusCode::NO_CONTENT);
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    async fn press(&self, path: &str, form: &str) -> StatusCode {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(form.to_owned()).send().await.unwrap().status()
    }
}

fn outcome(message: &Message) -> (&str, Option<&str>) {
    (&message.resp_code, message.orig_resp_code.as_deref())
}

#[tokio::test]
async fn the_truth_survives_a_restart_beside_that_of_the_wallets() {
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("truth.jsonl");
    let first = Cards::start_with(Some(Journal::open(&path).unwrap()), by_certificate()).await;
    let paid = first.paid("ORDER00000001", "8888").await;
    assert_eq!(first.refunded("REFUND0000001", &paid, "888").await.unwrap().resp_code, "00");
    first.shown("ORDER00000002", "500").await;
    first.shown("ORDER00000003", "600").await;
    assert_eq!(first.control("orders/ORDER00000003/decline", json!({})).await.0, StatusCode::OK);
    let token = first.control("tokens", json!({})).await.1["token"].as_str().unwrap().to_owned();
    assert_eq!(first.by_card("ORDER00000004", ("77", "02"), &token, "").await.resp_code, "00");
    let (truth, code) = (first.look("truth").await, first.look("orders/ORDER00000004").await);
    drop(first);

    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], b"{\"mer_id\":"].concat()).unwrap();
    let second = Cards::start_with(Some(Journal::open(&path).unwrap()), by_certificate()).await;
    assert_eq!(std::fs::read(&path).unwrap(), whole, "the torn line is cut off");
    assert_eq!(second.look("truth").await, truth);
    assert_eq!(outcome(&second.asked("ORDER00000001").await.unwrap()), ("00", Some("00")));
    assert_eq!(outcome(&second.asked("ORDER00000003").await.unwrap()), ("00", Some("51")));
    assert_eq!(second.refunded("REFUND0000001", &paid, "888").await.unwrap().resp_code, "12");
    assert_eq!(second.refunded("REFUND0000002", &paid, "8001").await.unwrap().resp_code, "37");
    assert_eq!(second.refunded("REFUND0000003", &paid, "8000").await.unwrap().resp_code, "00");
    assert_eq!(second.control("orders/ORDER00000002/pay", json!({})).await.0, StatusCode::OK);
    let code = code["sms_code"].as_str().unwrap();
    assert_eq!(second.by_card("ORDER00000004", ("01", "01"), &token, code).await.resp_code, "00");
    assert_eq!(outcome(&second.asked("ORDER00000004").await.unwrap()), ("00", Some("00")));
    assert_eq!(second.look("truth").await["balance_fen"], 600);
    let other = second.control("tokens", json!({})).await.1["token"].as_str().unwrap().to_owned();
    assert_ne!(other, token, "a number is given once");
    let numbers = second.look("truth").await;
    let numbers: Vec<&Value> =
        numbers["trades"].as_array().unwrap().iter().map(|one| &one["query_id"]).collect();
    let distinct: std::collections::BTreeSet<String> = numbers.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), numbers.len());
}

#[tokio::test]
async fn a_journal_of_another_merchant_is_refused() {
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("truth.jsonl");
    let first = Cards::start_with(Some(Journal::open(&path).unwrap()), by_certificate()).await;
    first.paid("ORDER00000001", "8888").await;
    let now_us = Arc::new(AtomicI64::new(START_US));
    let keys = keys::load(&folder()).unwrap();
    let config = GatewayConfig {
        journal: Some(Journal::open(&path).unwrap()),
        ..GatewayConfig::new(keys, clock(&now_us))
    };
    let config = GatewayConfig { mer_id: "777290058110097".to_owned(), ..config };
    assert!(matches!(Gateway::new(config), Err(GatewayError::JournalMerchant(mer_id)) if mer_id == MER_ID));
}

#[tokio::test]
async fn scripted_faults_spoil_answers_with_or_without_effect() {
    let cards = Cards::start().await;
    let paid = cards.paid("ORDER00000001", "8888").await;
    let mut number = 0;
    for (fault, effect) in [("lost_before", false), ("lost_after", true)] {
        number += 1;
        let order_id = format!("REFUND000000{number}");
        cards.script(json!({ "kind": fault }), Some("refund")).await;
        let fields = Cards::refund(&order_id, &paid, "1");
        assert!(cards.posted("gateway/api/backTransReq.do", &fields).await.is_err(), "{fault}");
        let expected = if effect { "12" } else { "00" };
        assert_eq!(cards.refunded(&order_id, &paid, "1").await.unwrap().resp_code, expected, "{fault}");
    }
    for garble in ["server_error", "too_many", "empty", "garbage", "truncated", "other_charset"] {
        for (effect, again) in [("none", "00"), ("done", "12")] {
            number += 1;
            let order_id = format!("REFUND00000{number:02}");
            let fault = json!({ "kind": "unreadable", "garble": garble, "effect": effect });
            cards.script(fault, Some("refund")).await;
            let heard = cards.refunded(&order_id, &paid, "1").await;
            assert!(heard.is_err(), "{garble}: {heard:?}");
            let heard = cards.refunded(&order_id, &paid, "1").await.unwrap();
            assert_eq!(heard.resp_code, again, "{garble} {effect}");
        }
    }
    cards.script(json!({ "kind": "limited" }), Some("refund")).await;
    let fields = Cards::refund("REFUND0000090", &paid, "1");
    let limited = cards.posted("gateway/api/backTransReq.do", &fields).await.unwrap();
    assert_eq!(limited.0, StatusCode::TOO_MANY_REQUESTS);
    let counted = cards.look("faults").await;
    assert_eq!(
        (&counted["fault-1"], &counted["fault-2"], &counted["fault-4"]),
        (&json!(1), &json!(1), &json!(12))
    );
}

#[tokio::test]
async fn seeded_faults_are_drawn_and_counted() {
    let cards = Cards::start().await;
    let paid = cards.paid("ORDER00000001", "8888").await;
    let plan = json!({ "rates": { "seed": 3, "ppm": { "fault-1": 1_000_000 } } });
    assert_eq!(cards.control("faults", plan).await.0, StatusCode::NO_CONTENT);
    let fields = Cards::refund("REFUND0000001", &paid, "1");
    assert!(cards.posted("gateway/api/backTransReq.do", &fields).await.is_err());
    assert_eq!(cards.control("faults", json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(cards.refunded("REFUND0000001", &paid, "1").await.unwrap().resp_code, "00");
    assert_eq!(cards.look("faults").await["fault-1"], 1);
    let unknown = cards.control("faults", json!({ "nonsense": 1 })).await;
    assert_eq!((unknown.0, &unknown.1["code"]), (StatusCode::BAD_REQUEST, &json!("body_invalid")));
}

#[tokio::test]
async fn notifications_come_twice_late_wrongly_or_never() {
    let cards = Cards::start().await;
    let read = |body: &[u8]| notify::decode(body, &cards.verifier, cards.now_us()).unwrap();
    cards.script(json!({ "kind": "notify_duplicated", "copies": 2 }), None).await;
    cards.paid("ORDER00000001", "100").await;
    let twice = cards.shop.wait(2).await;
    assert_eq!(read(&twice[0]), read(&twice[1]));
    cards.script(json!({ "kind": "notify_wrong_amount", "delta_fen": -1 }), None).await;
    cards.paid("ORDER00000002", "100").await;
    assert_eq!(read(&cards.shop.wait(3).await[2]).message.txn_amt_fen, Some(99));
    cards.script(json!({ "kind": "notify_wrong_seller" }), None).await;
    cards.paid("ORDER00000003", "100").await;
    assert_eq!(read(&cards.shop.wait(4).await[3]).message.currency_code.as_deref(), Some("840"));
    cards.script(json!({ "kind": "notify_never" }), None).await;
    cards.paid("ORDER00000004", "100").await;
    cards.script(json!({ "kind": "notify_late", "after_us": 60 * SECOND_US }), None).await;
    cards.paid("ORDER00000005", "100").await;
    cards.paid("ORDER00000006", "100").await;
    assert_eq!(read(&cards.shop.wait(5).await[4]).order_id, "ORDER00000006", "5 is late, 4 never comes");
    cards.advance(60 * SECOND_US);
    assert_eq!(read(&cards.shop.wait(6).await[5]).order_id, "ORDER00000005");
    cards.script(json!({ "kind": "notify_forged", "seal": "wrong_key" }), None).await;
    cards.shown("ORDER00000007", "100").await;
    let forged = cards.shop.wait(7).await;
    assert!(notify::decode(&forged[6], &cards.verifier, cards.now_us()).is_err());
    let counted = cards.look("faults").await;
    for (kind, times) in [("fault-5", 1), ("fault-7", 2), ("fault-8", 2), ("fault-9", 1)] {
        assert_eq!(counted[kind], times, "{kind}");
    }
}

#[tokio::test]
async fn a_settlement_file_leaves_out_doubles_and_adds_lines() {
    let cards = Cards::start().await;
    let scripts = [("1", "bill_omits"), ("2", "bill_doubles"), ("3", "bill_adds")]
        .map(|(number, kind)| json!({ "fault": { "kind": kind }, "out_trade_no": format!("ORDER0000000{number}") }));
    assert_eq!(cards.control("faults", json!({ "scripts": scripts })).await.0, StatusCode::NO_CONTENT);
    for number in 1..=4 {
        cards.paid(&format!("ORDER0000000{number}"), "100").await;
    }
    let day = [
        ("txnType", "76"),
        ("txnSubType", "01"),
        ("bizType", "000000"),
        ("settleDate", "1121"),
        ("fileType", "00"),
    ];
    assert_eq!(cards.call("file/", &day).await.unwrap().resp_code, "98", "today's file is made tomorrow");
    cards.advance(DAY_US);
    let told = cards.call("file/", &day).await.unwrap();
    let file = settlement::from_content(told.text("fileContent").unwrap(), &Limits::default()).unwrap();
    let orders: Vec<&str> = file.trades.iter().map(settlement::TradeRow::order_id).collect();
    assert_eq!(orders, ["ORDER00000002", "ORDER00000002", "ORDER00000003", "XRDER00000003", "ORDER00000004"]);
    assert_eq!(cards.look("faults").await["fault-15"], 2);
}

#[tokio::test]
async fn people_plan_faults_and_act_for_payers_in_the_lab() {
    let cards = Cards::start().await;
    for (order, times) in [("ORDER00000001", "1"), ("", "3")] {
        let form = format!("fault=query_not_found&order={order}&times={times}");
        assert_eq!(cards.press("/lab/unionpay/scripts", &form).await, StatusCode::SEE_OTHER);
    }
    let shown = cards.page("/lab/unionpay/scripts?lang=en").await;
    assert!(shown.contains("<td>ORDER00000001</td>") && shown.contains("<td>3</td>"), "{shown}");
    assert_eq!(
        cards.press("/lab/unionpay/scripts", "fault=nonsense&order=&times=1").await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(outcome(&cards.paid("ORDER00000001", "100").await), ("34", None));
    assert_eq!(cards.press("/lab/unionpay/scripts/clear", "").await, StatusCode::SEE_OTHER);
    assert_eq!(outcome(&cards.asked("ORDER00000001").await.unwrap()), ("00", Some("00")));
    cards.shop.wait(1).await;
    cards.shown("ORDER00000002", "200").await;
    let shown = cards.page("/lab/unionpay/orders/ORDER00000002?lang=en").await;
    assert!(shown.contains("/time_out?") && shown.contains("/forge?") && shown.contains("¥2.00"), "{shown}");
    assert_eq!(cards.press("/lab/unionpay/orders/ORDER00000002/forge", "").await, StatusCode::SEE_OTHER);
    let forged = cards.shop.wait(2).await;
    assert!(notify::decode(&forged[1], &cards.verifier, cards.now_us()).is_err());
    assert_eq!(cards.press("/lab/unionpay/orders/ORDER00000002/time_out", "").await, StatusCode::SEE_OTHER);
    assert_eq!(outcome(&cards.asked("ORDER00000002").await.unwrap()), ("34", None));
    cards.advance(20 * SECOND_US);
    assert_eq!(outcome(&cards.asked("ORDER00000002").await.unwrap()), ("00", Some("00")));
}

#[tokio::test]
async fn a_merchant_with_a_shared_key_is_answered_and_notified_by_it() {
    for (hash, method) in [(Hash::Sha256, "11"), (Hash::Sm3, "12")] {
        let cards = Cards::start_with(None, by_shared_key(hash, SHARED)).await;
        let paid = cards.paid("ORDER00000001", "8888").await;
        assert_eq!((outcome(&paid), paid.text("signMethod")), (("00", Some("00")), Some(method)));
        assert_eq!(cards.refunded("REFUND0000001", &paid, "888").await.unwrap().resp_code, "00");
        for body in cards.shop.wait(2).await {
            let told = notify::decode(&body, &cards.verifier, cards.now_us()).unwrap();
            assert_eq!(
                (told.message.resp_code.as_str(), told.message.text("signMethod")),
                ("00", Some(method))
            );
        }
        let (signer, _) = by_shared_key(hash, "another key");
        let fields = [
            ("merId", MER_ID),
            ("txnType", "00"),
            ("orderId", "ORDER00000001"),
            ("txnTime", "20261121121000"),
        ];
        let sealed = seal(&fields, &signer, Charset::Utf8).unwrap();
        let request = cards.client.post(format!("{}/unionpay/gateway/api/queryTrans.do", cards.base));
        let body = encode_urlencoded(&sealed, Charset::Utf8).unwrap();
        let body = request.body(body).send().await.unwrap().bytes().await.unwrap();
        let told = reply::decode(&body, &cards.verifier, cards.now_us()).unwrap();
        assert_eq!(told.resp_code, "11", "the gateway signs its refusal with the key that it has");
    }
}

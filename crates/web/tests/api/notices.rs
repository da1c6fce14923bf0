//! Genuine notifications that say something unexpected, again, or too early (security list D10 to D16).

use crate::bed::{Got, Setup, TestApp, got, key_folder, order};
use serde_json::{Value, json};
use tk_formats::alipay::keys::SigningKey;
use tk_formats::alipay::notify;
use tk_formats::alipay::params::Params;
use tk_simulator::keys::SELLER_ID;

const MONTH_US: i64 = 30 * 86_400_000_000;

/// A shop with a contract, its callback's path, and a payment of 50 yuan that waits in the wallet.
struct Waiting {
    app: TestApp,
    callback: String,
    payment: String,
    out_no: String,
}

impl Waiting {
    async fn each(setup: Setup) -> Vec<Self> {
        let mut waiting = Vec::new();
        for app in TestApp::each(Setup { sandbox: true, ..setup }).await {
            app.shop().await;
            let callback = app.contract().await["callback_url"].as_str().unwrap().to_owned();
            let payment = app.post("/v1/payments", &order("N-1", 5_000)).await.expect(201);
            let payment = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
            let attempt = app.post(&format!("{payment}/attempts"), &json!({ "method": "alipay_qr" })).await;
            let out_no = attempt.expect(201)["out_no"].as_str().unwrap().to_owned();
            waiting.push(Self { app, callback, payment, out_no });
        }
        waiting
    }

    /// What Alipay would post; `changes` replace fields.
    fn notice(&self, changes: &[(&str, &str)]) -> Vec<u8> {
        let mut fields = vec![
            ("notify_time", "2026-11-21 12:10:01"),
            ("notify_type", "trade_status_sync"),
            ("notify_id", "n1"),
            ("charset", "utf-8"),
            ("app_id", "2021000000000001"),
            ("seller_id", SELLER_ID),
            ("trade_no", "2026112122001400000000000001"),
            ("out_trade_no", self.out_no.as_str()),
            ("trade_status", "TRADE_SUCCESS"),
            ("total_amount", "50.00"),
            ("gmt_payment", "2026-11-21 12:10:00"),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        let mut params = Params::new();
        for (name, value) in fields {
            params.insert(name, value).unwrap();
        }
        let pem = std::fs::read_to_string(key_folder().join("alipay_platform.pkcs8.pem")).unwrap();
        notify::encode(&params, &SigningKey::from_pem(&pem).unwrap()).unwrap()
    }

    async fn post(&self, body: Vec<u8>) -> Got {
        let request = self.app.client.post(&self.callback);
        got(request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8").body(body))
            .await
    }

    async fn acknowledged(&self, changes: &[(&str, &str)]) {
        let answer = self.post(self.notice(changes)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "success"), "{changes:?}");
    }

    async fn status(&self) -> Value {
        self.app.get(&self.payment).await.expect(200)["status"].clone()
    }

    /// The kinds of the payment's entries, oldest first.
    async fn entries(&self) -> Vec<String> {
        let id = self.payment.rsplit('/').next().unwrap();
        let list = self.app.get(&format!("/v1/entries?payment={id}")).await.expect(200);
        list["data"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
    }

    async fn events(&self, kind: &str) -> usize {
        let list = self.app.get(&format!("/v1/events?type={kind}")).await.expect(200);
        list["data"].as_array().unwrap().len()
    }

    async fn exceptions(&self) -> Vec<String> {
        let list = self.app.get("/v1/exceptions?status=open").await.expect(200);
        list["data"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
    }
}

/// D10: the channel is told that it was heard; nothing is believed, and the channel is asked.
#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_is_not_the_orders_pays_nothing() {
    for waiting in Waiting::each(Setup { workers: true, ..Setup::default() }).await {
        waiting.app.control(&waiting.out_no, "open").await;
        waiting.acknowledged(&[("total_amount", "0.01")]).await;
        assert_eq!(waiting.exceptions().await, ["amount_mismatch"]);
        assert!(waiting.entries().await.is_empty());
        assert_ne!(waiting.status().await, "succeeded");
        // The query that follows finds an unpaid order, and then the real payment.
        waiting.app.control(&waiting.out_no, "pay").await;
        waiting.app.until(&waiting.payment, "status", "succeeded").await;
        assert_eq!(waiting.entries().await, ["collect"]);
    }
}

/// D12: money may stand behind it, so a person is told.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_number_that_nobody_knows_becomes_an_exception() {
    for waiting in Waiting::each(Setup::default()).await {
        waiting.acknowledged(&[("out_trade_no", "T0000000000000000000000000X")]).await;
        assert_eq!(waiting.exceptions().await, ["orphan_report"]);
        assert!(waiting.entries().await.is_empty());
    }
}

/// D13, D14 and D15: a hundred at once, the same a month later, and a closing after the success.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_told_again_and_again_is_booked_once() {
    for waiting in Waiting::each(Setup::default()).await {
        let body = waiting.notice(&[]);
        let mut posts = Vec::new();
        for _ in 0..100 {
            let request = waiting.app.client.post(&waiting.callback);
            let kind = "application/x-www-form-urlencoded; charset=utf-8";
            posts.push(tokio::spawn(got(request.header("content-type", kind).body(body.clone()))));
        }
        for post in posts {
            let answer = post.await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "success"));
        }
        waiting.app.advance(MONTH_US);
        waiting.acknowledged(&[("notify_id", "n2"), ("notify_time", "2026-12-21 12:10:01")]).await;
        waiting.acknowledged(&[("notify_id", "n3"), ("trade_status", "TRADE_CLOSED")]).await;
        assert_eq!(waiting.status().await, "succeeded");
        assert_eq!(waiting.entries().await, ["collect"]);
        assert_eq!(waiting.events("payment.succeeded").await, 1);
    }
}

/// D16: the answer to the refund is still under way when its notification comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_told_before_it_is_answered_is_done_once() {
    for waiting in Waiting::each(Setup { workers: true, ..Setup::default() }).await {
        let app = &waiting.app;
        app.control(&waiting.out_no, "pay").await;
        app.until(&waiting.payment, "status", "succeeded").await;
        let script =
            json!({ "fault": { "kind": "slow", "after_us": 2_000_000 }, "method": "refund", "times": 1 });
        let faults = format!("{}/control/alipay/faults", app.sandbox);
        let told = app.client.post(faults).json(&json!({ "scripts": [script] })).send().await.unwrap();
        assert!(told.status().is_success(), "{}", told.text().await.unwrap());
        let payment = waiting.payment.rsplit('/').next().unwrap();
        let body = json!({ "payment": payment, "merchant_refund_no": "NR-1", "amount": 1_000 });
        let refund = app.post("/v1/refunds", &body).await.expect(201);
        let id = refund["id"].as_str().unwrap();
        let out_no = format!("R{}", id.strip_prefix("ref_").unwrap().to_uppercase());
        waiting
            .acknowledged(&[
                ("notify_id", "n4"),
                ("out_biz_no", &out_no),
                ("refund_fee", "10.00"),
                ("gmt_refund", "2026-11-21 12:20:00.000"),
            ])
            .await;
        let path = format!("/v1/refunds/{id}");
        app.until(&path, "status", "succeeded").await;
        app.until(&waiting.payment, "refund_status", "partial").await;
        assert_eq!(waiting.entries().await, ["collect", "hold", "refund"]);
        assert_eq!(waiting.events("refund.succeeded").await, 1);
    }
}

/// Money that left without our word, from the channel's own portal: the channel tells it once, so a person is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_nobody_here_made_becomes_an_exception() {
    for waiting in Waiting::each(Setup::default()).await {
        waiting.acknowledged(&[]).await;
        let foreign = [("refund_fee", "10.00"), ("out_biz_no", "PORTAL-1"), ("notify_id", "n2")];
        waiting.acknowledged(&foreign).await;
        waiting.acknowledged(&foreign).await;
        let list = waiting.app.get("/v1/exceptions?status=open").await.expect(200);
        let rows = list["data"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{list}");
        assert_eq!((&rows[0]["kind"], &rows[0]["detail"]["of"]), (&json!("orphan_report"), &json!("refund")));
        assert_eq!(rows[0]["detail"]["out_no"], "PORTAL-1");
        assert_eq!(waiting.entries().await, ["collect"]);
    }
}

/// A message of the platform about a split is heard, and neither pays nor divides anything; only an answer to us does.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_a_split_is_acknowledged_and_changes_nothing() {
    for waiting in Waiting::each(Setup::default()).await {
        let settled = |number: &str| format!(r#"{{"out_request_no":"{number}","trade_no":"2026"}}"#);
        for number in [format!("S{}", "0".repeat(26)), "of another system".to_owned(), waiting.out_no.clone()]
        {
            waiting
                .acknowledged(&[
                    ("trade_status", ""),
                    ("msg_method", "alipay.trade.order.settle.notify"),
                    ("utc_timestamp", "1795234200000"),
                    ("biz_content", &settled(&number)),
                ])
                .await;
        }
        assert_ne!(waiting.status().await, "succeeded");
        assert!(waiting.exceptions().await.is_empty() && waiting.entries().await.is_empty());
    }
}

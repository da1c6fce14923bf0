//! The control interface of a sandbox, as one channel's bench uses it.

use crate::bench::{Forgery, Trouble, Truth};
use serde_json::{Value, json};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::Attempt;

pub struct Lab {
    pub base: String,
    pub browser: reqwest::Client,
    house: &'static str,
}

impl Lab {
    pub fn new(base: String, house: &'static str) -> Self {
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self { base, browser: browser.build().unwrap(), house }
    }

    async fn control(&self, path: &str, body: &Value) -> (u16, Value) {
        let address = format!("{}/control/{}/{path}", self.base, self.house);
        let response = self.browser.post(address).json(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    async fn script(&self, script: Value) {
        assert_eq!(self.control("faults", &json!({ "scripts": [script] })).await.0, 204);
    }

    pub async fn act(&self, attempt: &Attempt, act: &str, body: Value) -> bool {
        self.control(&format!("orders/{}/{act}", attempt.out_no), &body).await.0 == 200
    }

    pub async fn coupon(&self, attempt: &Attempt, coupon: Value) {
        assert!(self.act(attempt, "coupon", json!({ "coupon": coupon })).await);
    }

    pub async fn payer_must_confirm(&self, attempt: &Attempt) {
        let path = format!("orders/{}/barcode_reply", attempt.out_no);
        self.control(&path, &json!({ "reply": "asks_payer" })).await;
    }

    pub async fn trouble(&self, kind: InstructionKind, trouble: Trouble) {
        let script = json!({ "fault": fault(trouble), "method": method_word(kind), "times": 1 });
        self.script(script).await;
    }

    pub async fn wrong_callback_amount(&self, by_fen: i64) {
        let fault = json!({ "kind": "notify_wrong_amount", "delta_fen": by_fen });
        self.script(json!({ "fault": fault, "times": 1 })).await;
    }

    pub async fn spoil_callback(&self, fault: &str) {
        self.script(json!({ "fault": { "kind": fault }, "times": 1 })).await;
    }

    pub async fn forge(&self, attempt: &Attempt, forgery: Forgery) {
        let seal = match forgery {
            Forgery::OtherKey => "wrong_key",
            Forgery::Unsigned => "unsigned",
            Forgery::Probe => "probe",
        };
        assert!(self.act(attempt, "forge", json!({ "seal": seal })).await);
    }

    /// How many notifications the sandbox would still send.
    pub async fn callbacks_pending(&self) -> u64 {
        let address = format!("{}/control/{}/notifications", self.base, self.house);
        let told: Value = self.browser.get(address).send().await.unwrap().json().await.unwrap();
        told["pending"].as_u64().unwrap()
    }

    /// The trades of the sandbox as its books have them.
    pub async fn trades(&self) -> Vec<Value> {
        let address = format!("{}/control/{}/truth", self.base, self.house);
        let truth: Value = self.browser.get(address).send().await.unwrap().json().await.unwrap();
        truth["trades"].as_array().unwrap().clone()
    }

    pub async fn truth(&self, attempt: &Attempt) -> Truth {
        let trades = self.trades().await;
        let Some(trade) = trades.iter().find(|trade| trade["out_trade_no"] == attempt.out_no) else {
            return Truth::default();
        };
        let refunds = trade["refunds"].as_array().unwrap().iter();
        let shares = trade["shares"].as_array().unwrap().iter().map(|one| {
            (one[1].as_str().unwrap().to_owned(), one[2].as_i64().unwrap(), one[3].as_i64().unwrap())
        });
        Truth {
            channel_txn_no: trade["trade_no"].as_str().unwrap().to_owned(),
            paid_fen: trade["paid_fen"].as_i64().unwrap(),
            refunds: refunds
                .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].as_i64().unwrap()))
                .collect(),
            shares: shares.collect(),
            kept: trade["kept"].as_bool().unwrap(),
        }
    }
}

const fn method_word(kind: InstructionKind) -> &'static str {
    match kind {
        InstructionKind::Pay => "pay",
        InstructionKind::Query => "query",
        InstructionKind::Close => "close",
        InstructionKind::Cancel => "cancel",
        InstructionKind::Refund => "refund",
        InstructionKind::RefundQuery => "refund_query",
        InstructionKind::ReceiverBind => "bind",
        InstructionKind::ReceiverUnbind => "unbind",
        InstructionKind::Split => "settle",
        InstructionKind::SplitQuery => "settle_query",
        InstructionKind::SplitReturn => "share_back",
        InstructionKind::SplitReturnQuery => "share_back_query",
        InstructionKind::RefundAwait => panic!("nothing is said to the channel"),
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
        Trouble::AcceptedLater => json!({ "kind": "refund_later", "after_us": 1_000_000 }),
        Trouble::LandsAfterQuery => json!({ "kind": "lands_after_query" }),
        Trouble::NotFoundLie => json!({ "kind": "query_not_found" }),
    }
}

//! One payment's life among payers, order systems and trouble.

use crate::channel::Channel;
use crate::merchant::{Answer, MERCHANTS, Merchant};
use crate::town::{LOOK_EVERY, Town};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::task::JoinSet;

/// Journeys at once.
const JOURNEYS_AT_ONCE: usize = 12;
/// How often a journey looks whether its payment is over before it goes on without knowing.
const PATIENCE_LOOKS: u32 = 60;

/// Numbers that look random and come from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % bound
    }

    fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Journeys that begin as others end, until they are told to stop.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    begun: Arc<AtomicU64>,
    pump: tokio::task::JoinHandle<()>,
}

impl Traffic {
    pub fn begin(town: &Town, merchant: &Merchant, seed: u64) -> Self {
        let (stop, begun): (Arc<AtomicBool>, Arc<AtomicU64>) = Default::default();
        let (merchant, channel) = (merchant.clone(), town.channel.clone());
        let (told, counter) = (stop.clone(), begun.clone());
        let pump = tokio::spawn(async move {
            let mut journeys = JoinSet::new();
            while !told.load(Ordering::SeqCst) {
                while journeys.len() < JOURNEYS_AT_ONCE {
                    let number = counter.fetch_add(1, Ordering::SeqCst);
                    let dice = Dice(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
                    let journey =
                        Journey { merchant: merchant.clone(), channel: channel.clone(), dice, number };
                    journeys.spawn(journey.live());
                }
                journeys.join_next().await.unwrap().unwrap();
            }
            while let Some(ended) = journeys.join_next().await {
                ended.unwrap();
            }
        });
        Self { stop, begun, pump }
    }

    /// Lets the journeys under way come to their end and says how many there were.
    pub async fn end(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        self.pump.await.unwrap();
        self.begun.load(Ordering::SeqCst)
    }

    /// Whether a journey failed; its panic is raised by [`Traffic::end`].
    pub fn failed(&self) -> bool {
        self.pump.is_finished()
    }
}

struct Journey {
    merchant: Merchant,
    channel: Channel,
    dice: Dice,
    number: u64,
}

impl Journey {
    async fn live(mut self) {
        let payment = self.create().await;
        let id = payment.text("id").to_owned();
        if self.dice.happens(6) {
            self.close(&id).await;
            return;
        }
        let method = self.dice.below(3);
        let first = self.attempt(&id, method).await;
        let second =
            if self.dice.happens(15) { self.change_method(&id, (method, &first)).await } else { None };
        if let Some(attempt) = second.as_ref().or(first.as_ref()) {
            self.payer(attempt).await;
        }
        if self.dice.happens(8) {
            self.close(&id).await;
        }
        if self.paid(&id).await && self.dice.happens(60) {
            self.refund(&id, payment.body["amount"].as_i64().unwrap()).await;
        }
    }

    /// One order: sent once, or twice at the same time under one key or under two.
    async fn create(&mut self) -> Answer {
        let order = self.order();
        let key = self.merchant.fresh_key();
        let post = |key: String| {
            let (merchant, order) = (self.merchant.clone(), order.clone());
            async move { merchant.post_as("payment", "/v1/payments", (&key, &order)).await }
        };
        let other = match self.dice.below(8) {
            0 => Some(key.clone()),
            1 => Some(self.merchant.fresh_key()),
            _ => None,
        };
        let one = match other {
            None => post(key.clone()).await,
            Some(other) => {
                let (one, two) = tokio::join!(post(key.clone()), post(other));
                assert_eq!(one.text("id"), two.text("id"), "one order is one payment");
                one
            }
        };
        assert!(one.done(), "{one:?}");
        if self.dice.happens(4) {
            self.misuse(&key, order).await;
        }
        one
    }

    fn order(&mut self) -> Value {
        let amount = if self.dice.happens(10) { 100_000 } else { 100 } + self.dice.below(90_000);
        json!({
            "merchant": MERCHANTS[usize::try_from(self.dice.below(2)).unwrap()], "product": "delay",
            "merchant_order_no": format!("C{:08}", self.number), "amount": amount, "currency": "CNY",
            "description": format!("航延险 {}", self.number),
        })
    }

    /// A key that was answered is refused for another order, also after a crash.
    async fn misuse(&self, key: &str, mut order: Value) {
        order["amount"] = json!(order["amount"].as_i64().unwrap() + 1);
        let answer = self.merchant.post_as("misuse", "/v1/payments", (key, &order)).await;
        assert_eq!((answer.status, answer.text("code")), (422, "idempotency_key_reused"));
    }

    /// Starts an attempt; refused where the payment was closed or another attempt stands in the way.
    async fn attempt(&mut self, id: &str, method: u64) -> Option<Answer> {
        let body = match method {
            0 => json!({ "method": "alipay_qr" }),
            1 => json!({ "method": "alipay_wap" }),
            _ => json!({ "method": "alipay_barcode", "auth_code": self.bar_code() }),
        };
        let answer = self.merchant.post("attempt", &format!("/v1/payments/{id}/attempts"), &body).await;
        assert!(answer.done() || matches!(answer.status, 409 | 422), "{answer:?}");
        answer.done().then_some(answer)
    }

    fn bar_code(&mut self) -> String {
        format!("28{:08}{:06}", self.number, self.dice.below(1_000_000))
    }

    /// The payer goes back for another method, perhaps after paying by the first.
    async fn change_method(&mut self, id: &str, (method, first): (u64, &Option<Answer>)) -> Option<Answer> {
        let channel = self.channel.clone();
        let out_no = first.as_ref().map(|attempt| attempt.text("out_no").to_owned());
        let pays_first = self.dice.happens(40);
        let paying = async {
            if let (Some(out_no), true) = (&out_no, pays_first) {
                channel.act(out_no, "pay", &json!({})).await;
            }
        };
        tokio::join!(self.attempt(id, (method + 1) % 3), paying).0
    }

    async fn payer(&mut self, attempt: &Answer) {
        let out_no = attempt.text("out_no");
        let page = self.page_of(attempt).await;
        if let Some(page) = page {
            self.channel.open_page(&page).await;
        }
        let (act, body) = match self.dice.below(100) {
            0..70 => ("pay", json!({})),
            70..78 => ("decline", json!({})),
            78..86 => ("time_out", json!({ "after_us": 2_000_000 })),
            _ => ("never", json!({})),
        };
        self.channel.act(out_no, act, &body).await;
    }

    /// Where the payer's browser is sent, once that is known.
    async fn page_of(&self, attempt: &Answer) -> Option<String> {
        let path = format!("/v1/payments/{}?expand[]=latest_attempt", attempt.text("payment"));
        for _ in 0..PATIENCE_LOOKS {
            let payment = self.merchant.get(&path).await;
            let action = &payment["latest_attempt"]["action"];
            if action["kind"] == "redirect" {
                return action["value"].as_str().map(str::to_owned);
            }
            if !action.is_null() || over(&payment) {
                return None;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        None
    }

    /// Whether the payment succeeds while the journey has patience.
    async fn paid(&self, id: &str) -> bool {
        for _ in 0..PATIENCE_LOOKS {
            let payment = self.merchant.get(&format!("/v1/payments/{id}")).await;
            if over(&payment) {
                return payment["status"] == "succeeded";
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        false
    }

    async fn close(&self, id: &str) {
        let answer = self.merchant.post("closure", &format!("/v1/payments/{id}/closure"), &json!({})).await;
        assert!(answer.done() || answer.status == 409, "{answer:?}");
    }

    async fn refund(&mut self, id: &str, amount: i64) {
        let refund = |number: u32, fen: i64| {
            json!({
                "payment": id, "amount": fen, "reason": "proposal_changed",
                "merchant_refund_no": format!("R{:08}-{number}", self.number),
            })
        };
        let (full, third) = (refund(1, amount), (amount / 3).max(1));
        let (partial, second) = (refund(2, third), refund(3, third));
        let other = refund(4, amount);
        match self.dice.below(5) {
            0 => drop(self.send_refund(&full).await),
            1 => {
                self.send_refund(&partial).await;
                self.send_refund(&second).await;
            }
            2 => {
                let (one, two) = tokio::join!(self.send_refund(&full), self.send_refund(&other));
                assert!(!(one.done() && two.done()), "two full refunds of one payment: {one:?} {two:?}");
            }
            3 => {
                let (one, two) = tokio::join!(self.send_refund(&partial), self.send_refund(&partial));
                assert_eq!(one.text("id"), two.text("id"), "one refund number is one refund");
            }
            _ => {
                let answer = self.send_refund(&refund(5, amount + 1)).await;
                assert!(!answer.done(), "more than was paid: {answer:?}");
            }
        }
    }

    async fn send_refund(&self, refund: &Value) -> Answer {
        let answer = self.merchant.post("refund", "/v1/refunds", refund).await;
        assert!(answer.done() || matches!(answer.status, 409 | 422), "{answer:?}");
        answer
    }
}

fn over(payment: &Value) -> bool {
    matches!(payment["status"].as_str(), Some("succeeded" | "closed" | "failed"))
}

//! The end: what the merchant was told, our books, the channel's truth and the sink's notes are equal.

use crate::merchant::Merchant;
use crate::sink::Sink;
use crate::town::Town;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is compared, read once.
pub struct Reckoning {
    journal: Vec<Value>,
    payments: BTreeMap<String, Value>,
    refunds: BTreeMap<String, Value>,
    accounts: Vec<Value>,
    events: Vec<Value>,
    truth: Value,
}

/// Sums of the whole, to be printed.
#[derive(Debug, Default)]
pub struct Sums {
    pub payments: usize,
    pub succeeded: usize,
    pub refunds_asked: usize,
    pub refunds_by_system: usize,
    pub events: usize,
    pub undone_by_cancel: usize,
    pub paid_fen: i64,
    pub refunded_fen: i64,
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_else(|| panic!("no {field} in {object}"))
}

fn fen(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_else(|| panic!("no {field} in {object}"))
}

fn by_id(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let count = objects.len();
    let found: BTreeMap<String, Value> =
        objects.into_iter().map(|object| (text(&object, "id").to_owned(), object)).collect();
    assert_eq!(found.len(), count, "no object is listed twice");
    found
}

impl Reckoning {
    pub async fn read(town: &Town, merchant: &Merchant) -> Self {
        Self {
            journal: merchant.journal.read(),
            payments: by_id(merchant.list("/v1/payments?expand[]=attempts").await),
            refunds: by_id(merchant.list("/v1/refunds").await),
            accounts: merchant.list("/v1/accounts").await,
            events: events(merchant).await,
            truth: town.channel.truth().await,
        }
    }

    /// Holds everything against everything.
    pub fn hold(&self, sink: &Sink) -> Sums {
        let mut sums = Sums::default();
        self.every_request_was_answered();
        self.payments_are_those_acknowledged(&mut sums);
        self.refunds_are_those_acknowledged(&mut sums);
        self.attempts_are_the_channels_trades(&mut sums);
        self.payments_have_their_money(&mut sums);
        self.accounts_are_the_channels_balance(&sums);
        self.events_are_what_the_sink_has(sink, &mut sums);
        sums
    }

    fn lines<'a>(&'a self, what: &'a str, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.journal.iter().filter(move |line| line[what] == kind)
    }

    fn every_request_was_answered(&self) {
        let keys = |what: &str| {
            let mut keys: Vec<&str> = self
                .journal
                .iter()
                .filter(|line| !line[what].is_null())
                .map(|line| text(line, "key"))
                .collect();
            keys.sort_unstable();
            keys
        };
        assert_eq!(keys("sent"), keys("answered"));
    }

    /// What was acknowledged of a kind: by id, the terms sent.
    fn acknowledged<'a>(&'a self, kind: &'a str) -> BTreeMap<String, &'a Value> {
        let terms: BTreeMap<&str, &Value> =
            self.lines("sent", kind).map(|line| (text(line, "key"), &line["body"])).collect();
        self.lines("answered", kind)
            .filter(|line| (200..300).contains(&fen(line, "status")))
            .map(|line| (text(&line["body"], "id").to_owned(), terms[text(line, "key")]))
            .collect()
    }

    fn payments_are_those_acknowledged(&self, sums: &mut Sums) {
        let acknowledged = self.acknowledged("payment");
        let told: BTreeSet<&String> = acknowledged.keys().collect();
        assert_eq!(told, self.payments.keys().collect(), "payments acknowledged and payments listed");
        for (id, terms) in &acknowledged {
            let payment = &self.payments[id];
            for field in ["amount", "currency", "merchant_order_no", "description"] {
                assert_eq!(payment[field], terms[field], "{field} of {id}");
            }
            assert_eq!(payment["merchant_code"], terms["merchant"], "payee of {id}");
        }
        let numbers: BTreeSet<&str> =
            self.lines("sent", "payment").map(|line| text(&line["body"], "merchant_order_no")).collect();
        assert_eq!(numbers.len(), self.payments.len(), "one payment per order number");
        sums.payments = self.payments.len();
    }

    fn refunds_are_those_acknowledged(&self, sums: &mut Sums) {
        let acknowledged = self.acknowledged("refund");
        let (asked, system): (Vec<&Value>, Vec<&Value>) =
            self.refunds.values().partition(|refund| refund["origin"] == "api");
        let told: BTreeSet<&str> = acknowledged.keys().map(String::as_str).collect();
        assert_eq!(
            told,
            asked.iter().map(|refund| text(refund, "id")).collect(),
            "refunds acknowledged and refunds listed"
        );
        for (id, terms) in &acknowledged {
            let refund = &self.refunds[id];
            for field in ["amount", "payment", "merchant_refund_no", "reason"] {
                assert_eq!(refund[field], terms[field], "{field} of {id}");
            }
        }
        for refund in self.refunds.values() {
            assert!(matches!(text(refund, "status"), "succeeded" | "failed"), "open at the end: {refund}");
        }
        (sums.refunds_asked, sums.refunds_by_system) = (asked.len(), system.len());
    }

    /// Every trade of the channel is one of our attempts, with the same money in and out.
    fn attempts_are_the_channels_trades(&self, sums: &mut Sums) {
        let mut trades: BTreeMap<&str, &Value> = self.truth["trades"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trade| (text(trade, "out_trade_no"), trade))
            .collect();
        let attempts = self.payments.values().flat_map(|payment| payment["attempts"].as_array().unwrap());
        for attempt in attempts {
            let ours = (fen(attempt, "amount_received"), fen(attempt, "amount_refunded"));
            let Some(trade) = trades.remove(text(attempt, "out_no")) else {
                assert_eq!(ours, (0, 0), "money without a trade: {attempt}");
                continue;
            };
            let theirs = (fen(trade, "paid_fen"), fen(trade, "refunded_fen"));
            // A cancel takes back what had just been paid: the channel shows both, the books neither.
            let undone = ours == (0, 0) && theirs.0 == theirs.1 && attempt["method"] == "alipay_barcode";
            assert!(ours == theirs || undone, "ours {attempt}\ntheirs {trade}");
            if undone && theirs.0 > 0 {
                sums.undone_by_cancel += 1;
            } else {
                sums.paid_fen += theirs.0;
                sums.refunded_fen += theirs.1;
            }
            self.refunds_of_the_trade(attempt, (trade, undone));
        }
        assert!(trades.is_empty(), "trades that we know nothing of: {trades:?}");
    }

    fn refunds_of_the_trade(&self, attempt: &Value, (trade, undone): (&Value, bool)) {
        if undone {
            return;
        }
        let pair = |refund: &Value| (text(refund, "out_no").to_owned(), fen(refund, "amount"));
        let done = |refund: &&Value| refund["attempt"] == attempt["id"] && refund["status"] == "succeeded";
        let ours: BTreeSet<(String, i64)> = self.refunds.values().filter(done).map(pair).collect();
        let theirs: BTreeSet<(String, i64)> = serde_json::from_value(trade["refunds"].clone()).unwrap();
        assert_eq!(ours, theirs, "refunds of {attempt}");
    }

    fn payments_have_their_money(&self, sums: &mut Sums) {
        for payment in self.payments.values() {
            let status = text(payment, "status");
            assert!(matches!(status, "succeeded" | "closed" | "failed"), "open at the end: {payment}");
            let attempts = payment["attempts"].as_array().unwrap();
            let kept: i64 = attempts
                .iter()
                .map(|attempt| fen(attempt, "amount_received") - fen(attempt, "amount_refunded"))
                .sum();
            let expected = if status == "succeeded" {
                fen(payment, "amount") - fen(payment, "amount_refunded")
            } else {
                0
            };
            assert_eq!(kept, expected, "money of {payment}");
            sums.succeeded += usize::from(status == "succeeded");
        }
    }

    fn balance(&self, kinds: &[&str]) -> i64 {
        let of_kind = |account: &&Value| kinds.contains(&text(account, "kind"));
        self.accounts.iter().filter(of_kind).map(|account| fen(account, "balance")).sum()
    }

    fn accounts_are_the_channels_balance(&self, sums: &Sums) {
        let all: i64 = self.accounts.iter().map(|account| fen(account, "balance")).sum();
        assert_eq!(all, 0, "all balances sum to zero");
        let truth = |field: &str| fen(&self.truth, field);
        let moved = truth("paid_fen") - truth("refunded_fen") - truth("fee_fen") + truth("fee_returned_fen");
        assert_eq!(-self.balance(&["channel_receivable"]), moved, "receivable and the channel's balance");
        let cost = truth("fee_fen") - truth("fee_returned_fen");
        assert_eq!(-self.balance(&["fee_cost"]), cost, "fee cost and the channel's fees");
        let merchants =
            self.balance(&["pending_settlement", "cash", "held", "duplicate", "late_success", "suspense"]);
        assert_eq!(merchants, sums.paid_fen - sums.refunded_fen, "what merchants are owed");
        assert_eq!(
            self.balance(&["held", "duplicate", "late_success", "suspense"]),
            0,
            "nothing is left aside"
        );
    }

    fn events_are_what_the_sink_has(&self, sink: &Sink, sums: &mut Sums) {
        let feed: BTreeSet<String> = self.events.iter().map(|event| text(event, "id").to_owned()).collect();
        assert_eq!(feed.len(), self.events.len(), "no event is fed twice");
        assert_eq!(feed, sink.ids(), "events fed and events received");
        assert_eq!(sink.wrong(), 0, "deliveries with a wrong signature or another body");
        let of = |kind: &'static str| self.events.iter().filter(move |event| event["type"] == kind);
        let about = |kind: &'static str| -> BTreeSet<&str> {
            of(kind).map(|event| text(&event["data"], "id")).collect()
        };
        let with = |status: &'static str, objects: &'static str| -> BTreeSet<&str> {
            let rows = if objects == "payments" { &self.payments } else { &self.refunds };
            rows.iter().filter(|(_, row)| row["status"] == status).map(|(id, _)| id.as_str()).collect()
        };
        assert_eq!(about("payment.succeeded"), with("succeeded", "payments"));
        assert_eq!(
            of("payment.succeeded").count(),
            about("payment.succeeded").len(),
            "one success, one event"
        );
        assert_eq!(about("payment.closed"), with("closed", "payments"));
        assert_eq!(about("refund.succeeded"), with("succeeded", "refunds"));
        assert_eq!(of("refund.succeeded").count(), about("refund.succeeded").len(), "one refund, one event");
        sums.events = feed.len();
    }
}

/// The whole event feed.
async fn events(merchant: &Merchant) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = merchant.get(&format!("/v1/event_feed?limit=100{cursor}")).await;
        let events = page["data"].as_array().unwrap();
        if events.is_empty() {
            return found;
        }
        found.extend(events.iter().cloned());
        cursor = format!("&cursor={}", text(&page, "cursor"));
    }
}

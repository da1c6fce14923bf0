//! The demo's service hall: a cashier's shifts with cash, card slips, a kiosk and cheques, all by the API.

use super::catalog::article;
use super::client::Api;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tk_app::Ambient;
use tk_domain::moment::{date_text, shanghai_day};

/// What the counter is called.
pub const PLACE: &str = "上海客服大厅";
const CASHIER: &str = "收银员 小林";
/// Time between two payers.
const PACE: Duration = Duration::from_secs(6);
/// Payers of one shift.
const SHIFT_PAYERS: u32 = 40;
/// What lies in the drawer at first, fen.
const FLOAT_FEN: i64 = 50_000;
/// Nobody brings more than this in cash, fen.
const CASH_MAX_FEN: i64 = 500_000;

/// The counter, and the drawer that is open.
#[derive(Debug)]
struct Hall {
    api: Api,
    counter: String,
    shift: String,
    served: u32,
}

/// Serves one payer after the other until dropped; a demo made before there was a hall has none.
pub async fn run(api: Api, ambient: Arc<dyn Ambient>) {
    let mut hall = match Hall::open(api).await {
        Ok(Some(hall)) => hall,
        Ok(None) => return,
        Err(error) => return tracing::warn!(%error, "the demo's service hall stays closed"),
    };
    let mut beat = tokio::time::interval(PACE);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if let Err(error) = hall.serve(ambient.bits(), ambient.now_us()).await {
            tracing::debug!(%error, "a payer in the demo's hall left early");
        }
    }
}

impl Hall {
    async fn open(api: Api) -> anyhow::Result<Option<Self>> {
        let accounts = super::history::patiently(|| api.read("/v1/channel_accounts?limit=100")).await?;
        let of_counter = |account: &&Value| account["channel"] == "counter";
        let counter = accounts["data"].as_array().and_then(|rows| rows.iter().find(of_counter));
        let Some(counter) = counter.and_then(|row| row["id"].as_str()).map(str::to_owned) else {
            return Ok(None);
        };
        let mut hall = Self { api, counter, shift: String::new(), served: 0 };
        hall.open_drawer().await?;
        Ok(Some(hall))
    }

    /// Goes on with the drawer that the last run left open, or opens one.
    async fn open_drawer(&mut self) -> anyhow::Result<()> {
        let open = self.api.read("/v1/shifts?status=open").await?;
        if let Some(shift) = open["data"][0]["id"].as_str() {
            shift.clone_into(&mut self.shift);
            return Ok(());
        }
        let body = json!({ "counter": self.counter, "cashier": CASHIER, "float": FLOAT_FEN });
        Api::text(&self.api.create("/v1/shifts", &body).await?, "id")?.clone_into(&mut self.shift);
        self.served = 0;
        Ok(())
    }

    async fn serve(&mut self, bits: u128, now_us: i64) -> anyhow::Result<()> {
        let dice = |shift: u32| u64::try_from((bits >> shift) & 0xFFFF_FFFF).unwrap_or(0);
        if self.served >= SHIFT_PAYERS {
            self.close_drawer(dice(0)).await?;
            return self.open_drawer().await;
        }
        self.served += 1;
        let article = article(dice(0));
        let number = format!("{bits:032x}");
        let number = number.get(..20).unwrap_or(&number);
        let order = json!({
            "merchant": article.merchant, "product": article.code, "amount": article.amount_fen,
            "currency": "CNY", "merchant_order_no": format!("G{number}"), "description": article.name,
        });
        let payment = self.api.create("/v1/payments", &order).await?;
        let payment = Api::text(&payment, "id")?;
        match dice(32) % 10 {
            0 => self.take_cheque((payment, article.amount_fen), (dice(64), now_us)).await,
            1..5 if article.amount_fen <= CASH_MAX_FEN => {
                self.take((payment, article.amount_fen), "cash", number).await?;
                self.hand_back(payment, article.amount_fen, (number, dice(64))).await
            }
            1..8 => self.take((payment, article.amount_fen), "pos", number).await,
            _ => self.take((payment, article.amount_fen), "kiosk", number).await,
        }
    }

    async fn take(&self, (payment, fen): (&str, i64), method: &str, number: &str) -> anyhow::Result<()> {
        let mut taking = json!({
            "shift": self.shift, "payment": payment, "method": method, "amount": fen, "actor": CASHIER,
        });
        match method {
            "cash" => taking["tendered"] = json!((fen + 9_999) / 10_000 * 10_000),
            _ => taking["slip"] = json!({ "terminal": format!("{method}-01"), "number": number }),
        }
        self.api.create("/v1/counter_takings", &taking).await.map(drop)
    }

    /// One in twelve thinks better of it, and gets the banknotes back over the counter.
    async fn hand_back(&self, payment: &str, fen: i64, (number, dice): (&str, u64)) -> anyhow::Result<()> {
        if !dice.is_multiple_of(12) {
            return Ok(());
        }
        let refund =
            json!({ "payment": payment, "amount": fen, "merchant_refund_no": format!("GR{number}") });
        let refund = self.api.create("/v1/refunds", &refund).await?;
        let body = json!({ "shift": self.shift, "refund": refund["id"], "actor": CASHIER });
        self.api.create("/v1/counter_refunds", &body).await.map(drop)
    }

    /// A cheque is brought to its bank; some bounce, and of the others a second person has to say that they cleared.
    async fn take_cheque(
        &self,
        (payment, fen): (&str, i64),
        (dice, now_us): (u64, i64),
    ) -> anyhow::Result<()> {
        let body = json!({
            "counter": self.counter, "payment": payment, "bank": "演示银行", "amount": fen, "actor": CASHIER,
            "cheque_no": format!("{:08}", dice % 100_000_000), "issued_on": date_text(shanghai_day(now_us)),
        });
        let cheque = self.api.create("/v1/cheques", &body).await?;
        let path = format!("/v1/cheques/{}", Api::text(&cheque, "id")?);
        self.api.create(&format!("{path}/presentation"), &json!({ "actor": CASHIER })).await?;
        if dice.is_multiple_of(4) {
            let body = json!({ "reason": "存款不足", "actor": CASHIER });
            return self.api.create(&format!("{path}/return"), &body).await.map(drop);
        }
        self.api.create(&format!("{path}/clearance"), &json!({ "actor": CASHIER })).await.map(drop)
    }

    /// The drawer is counted; now and then a coin is missing.
    async fn close_drawer(&self, dice: u64) -> anyhow::Result<()> {
        let shift: Value = self.api.read(&format!("/v1/shifts/{}", self.shift)).await?;
        let expected = shift["cash_expected"].as_i64().unwrap_or_default();
        let counted = if dice.is_multiple_of(3) { (expected - 100).max(0) } else { expected };
        let body = json!({ "counted": counted, "actor": "值班经理" });
        self.api.create(&format!("/v1/shifts/{}/closure", self.shift), &body).await.map(drop)
    }
}

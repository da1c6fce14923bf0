//! Live traffic of the demo: order systems that call the API and payers who use the wallet.

use super::bank::Transfer;
use super::catalog::article;
use super::client::{Api, Wallet};
use super::ways::{Age, Side, way_for};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tk_app::Ambient;
use tk_domain::payment::BrowserForm;

/// About three payments a second.
const PACE: Duration = Duration::from_millis(330);
/// Journeys at once; more are skipped, not queued.
const JOURNEYS_MAX: usize = 64;

/// Everything a journey needs.
#[derive(Debug, Clone)]
pub struct Town {
    pub api: Api,
    pub wallet: Wallet,
}

/// Begins a journey at each beat until dropped.
pub async fn run(town: Town, ambient: Arc<dyn Ambient>) {
    let places = Arc::new(tokio::sync::Semaphore::new(JOURNEYS_MAX));
    let mut beat = tokio::time::interval(PACE);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (town, bits) = (town.clone(), ambient.bits());
        tokio::spawn(async move {
            if let Err(error) = journey(&town, bits).await {
                tracing::debug!(%error, "a demo journey ended early");
            }
            drop(place);
        });
    }
}

/// What the payer does, out of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Pays,
    Declines,
    LosesConnection,
    WalksAway,
}

fn mood(number: u64) -> Mood {
    match number % 100 {
        0..86 => Mood::Pays,
        86..91 => Mood::Declines,
        91..95 => Mood::LosesConnection,
        _ => Mood::WalksAway,
    }
}

async fn journey(town: &Town, bits: u128) -> anyhow::Result<()> {
    let dice = |shift: u32| u64::try_from((bits >> shift) & 0xFFFF_FFFF).unwrap_or(0);
    let article = article(dice(0));
    let number = format!("{bits:032x}");
    let order = json!({
        "merchant": article.merchant, "product": article.code, "amount": article.amount_fen, "currency": "CNY",
        "merchant_order_no": format!("D{}", number.get(..24).unwrap_or(&number)),
        "description": article.name,
        "terminal": if dice(16) % 2 == 0 { "pc" } else { "mobile_web" },
    });
    let payment = town.api.create("/v1/payments", &order).await?;
    pause(dice(8) % 2_000).await;
    let way = way_for(article, Age::Present, dice(96));
    let path = format!("/v1/payments/{}/attempts", Api::text(&payment, "id")?);
    let mut begun = json!({ "method": way.method });
    if way.method.asks_payer_ip() {
        begun["payer_ip"] = json!("203.0.113.7");
    }
    let attempt = town.api.create(&path, &begun).await?;
    pause(1_500 + dice(24) % 5_000).await;
    match mood(dice(32)) {
        Mood::WalksAway => return Ok(()),
        Mood::Declines => return act(town, (way.side, &attempt), "decline").await,
        Mood::LosesConnection => act(town, (way.side, &attempt), "time_out").await?,
        Mood::Pays => act(town, (way.side, &attempt), "pay").await?,
    }
    if dice(40) % 100 < 8 {
        pause(4_000 + dice(48) % 20_000).await;
        refund(town, Api::text(&payment, "id")?, article.amount_fen, &number, dice(56)).await?;
    }
    Ok(())
}

async fn act(town: &Town, (side, attempt): (Side, &Value), act: &str) -> anyhow::Result<()> {
    let out_no = Api::text(attempt, "out_no")?;
    let body = if act == "time_out" { json!({ "after_us": 8_000_000 }) } else { json!({}) };
    match side {
        Side::Wallet(channel) => {
            if attempt["action"]["kind"] == "redirect" {
                town.wallet.open(Api::text(&attempt["action"], "value")?).await?;
            }
            town.wallet.act(channel, out_no, act, &body).await
        }
        Side::Page => {
            let form = BrowserForm::parse(Api::text(&attempt["action"], "value")?).context("no form")?;
            town.wallet.open_page(&form).await?;
            town.wallet.act("unionpay", out_no, act, &body).await
        }
        // Nobody hears of a transfer that its payer thought better of.
        Side::Bank if act == "decline" => Ok(()),
        Side::Bank => {
            let transfer = Transfer {
                amount_fen: attempt["amount"].as_i64().context("no amount")?,
                payer: "沧海贸易（演示）有限公司",
                remark: Api::text(&attempt["action"], "value")?,
            };
            town.wallet.transfer(&transfer).await
        }
    }
}

async fn refund(town: &Town, payment: &str, paid_fen: i64, number: &str, dice: u64) -> anyhow::Result<()> {
    let amount = if dice.is_multiple_of(2) { paid_fen } else { (paid_fen / 3).max(1) };
    let refund = json!({
        "payment": payment, "amount": amount, "reason": "proposal_changed",
        "merchant_refund_no": format!("R{}", number.get(..24).unwrap_or(number)),
    });
    town.api.create("/v1/refunds", &refund).await.map(drop)
}

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

//! Live traffic of the demo: order systems that call the API and payers who use the wallet.

use super::catalog::article;
use super::client::{Api, Wallet};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tk_app::Ambient;

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
    let method = if dice(16) % 2 == 0 { "alipay_qr" } else { "alipay_wap" };
    let path = format!("/v1/payments/{}/attempts", Api::text(&payment, "id")?);
    let attempt = town.api.create(&path, &json!({ "method": method })).await?;
    let out_no = Api::text(&attempt, "out_no")?;
    pause(1_500 + dice(24) % 5_000).await;
    match mood(dice(32)) {
        Mood::Pays => town.wallet.act(out_no, "pay", &json!({})).await?,
        Mood::Declines => return town.wallet.act(out_no, "decline", &json!({})).await,
        Mood::LosesConnection => {
            town.wallet.act(out_no, "time_out", &json!({ "after_us": 8_000_000 })).await?;
        }
        Mood::WalksAway => return Ok(()),
    }
    if dice(40) % 100 < 8 {
        pause(4_000 + dice(48) % 20_000).await;
        refund(town, Api::text(&payment, "id")?, article.amount_fen, &number, dice(56)).await?;
    }
    Ok(())
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

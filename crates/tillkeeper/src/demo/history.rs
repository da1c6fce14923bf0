//! The demo's past: the same commands, channel and wallet as in life, under a clock set back.

use super::bank::Transfer;
use super::catalog::article;
use super::client::Wallet;
use super::seed::Group;
use super::ways::{Age, Side, way_for};
use crate::ambient::SystemAmbient;
use anyhow::Context as _;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tk_app::App;
use tk_domain::audit::Origin;
use tk_domain::moment::DAY_US;
use tk_domain::payment::{Attempt, BrowserForm, CreatePayment, RequestQuery, StartAttempt};
use tk_domain::transfer::ExpectedPayer;
use tk_money::Amount;

/// Payments made of each past day; later days have more.
const PER_DAY: u64 = 12;
/// How long a conversation of the past may take, microseconds.
const WAIT_US: i64 = 10_000_000;

/// Makes the days before today, oldest first, and sets the clock right again.
pub async fn make(
    app: &App,
    group: &Group,
    (ambient, wallet): (&Arc<SystemAmbient>, &Wallet),
    days: u32,
) -> anyhow::Result<u64> {
    let mut made = 0;
    for back in (1..=i64::from(days)).rev() {
        let today = PER_DAY + u64::try_from(i64::from(days) - back).unwrap_or(0) / 5;
        for number in 0..today {
            let within = DAY_US / i64::try_from(today)? * i64::try_from(number)?;
            ambient.set_offset_us(within - back * DAY_US);
            pay(app, group, wallet, made).await?;
            made += 1;
        }
    }
    ambient.set_offset_us(0);
    Ok(made)
}

async fn pay(app: &App, group: &Group, wallet: &Wallet, number: u64) -> anyhow::Result<()> {
    let article = article(number.wrapping_mul(37));
    let (Some(merchant_id), Some(product_id)) =
        (group.merchants.get(article.merchant), group.products.get(article.code))
    else {
        anyhow::bail!("{} is not in the catalogue", article.code);
    };
    let origin = Origin::system();
    let create = CreatePayment {
        description: article.name.to_owned(),
        ..CreatePayment::plain(
            (group.tenant_id, *merchant_id),
            *product_id,
            &format!("H{number:08}"),
            Amount::fen(article.amount_fen),
            origin.clone(),
        )
    };
    let payment_id = app.submit(create).await?.payment.id;
    let way = way_for(article, Age::Past, number.wrapping_mul(53));
    let start = StartAttempt {
        tenant_id: group.tenant_id,
        payment_id,
        method: way.method,
        auth_code: None,
        payer: ExpectedPayer::default(),
        known_as: None,
        card: None,
        payer_ip: None,
        return_url: None,
        lease_us: 0,
        origin: origin.clone(),
    };
    let (_, attempt) = app.start_attempt(start, WAIT_US).await?;
    let declined = number % 20 == 19;
    act(wallet, (way.side, &attempt), declined).await?;
    if way.side == Side::Bank {
        group.account.bring(app).await?;
    } else {
        let query = RequestQuery { tenant_id: group.tenant_id, payment_id, lease_us: 0, origin };
        app.query_payment(query, WAIT_US).await?;
    }
    Ok(())
}

async fn act(wallet: &Wallet, (side, attempt): (Side, &Attempt), declined: bool) -> anyhow::Result<()> {
    let act = if declined { "decline" } else { "pay" };
    let shown = attempt.action.as_ref().context("the channel gave nothing to show")?;
    match side {
        Side::Wallet(channel) => wallet.act(channel, &attempt.out_no, act, &json!({})).await,
        Side::Page => {
            wallet.open_page(&BrowserForm::parse(&shown.value).context("no form")?).await?;
            wallet.act("unionpay", &attempt.out_no, act, &json!({})).await
        }
        Side::Bank if declined => Ok(()),
        Side::Bank => {
            let payer = "沧海贸易（演示）有限公司";
            wallet.transfer(&Transfer { amount_fen: attempt.amount_minor, payer, remark: &shown.value }).await
        }
    }
}

/// Transfers whose senders forgot the code: somebody has to look.
pub async fn unexplained(app: &App, group: &Group, wallet: &Wallet) -> anyhow::Result<()> {
    for (payer, amount_fen) in
        [("白云物流（演示）", 1_288_000), ("李小满", 428_640), ("青山科技（演示）", 8_600_000)]
    {
        wallet.transfer(&Transfer { amount_fen, payer, remark: "保费" }).await?;
    }
    group.account.bring(app).await
}

/// Sets the faults of a bad day at the simulated wallets: lost, late, doubled and slow answers; and a bank's habits.
pub async fn trouble(wallet: &Wallet) -> anyhow::Result<()> {
    let plan = json!({
        "scripts": [],
        "rates": {
            "seed": 7, "late_max_us": 60_000_000, "slow_max_us": 3_000_000, "down_max_us": 3_000_000,
            "ppm": {
                "fault-1": 5_000, "fault-2": 5_000, "fault-3": 3_000, "fault-4": 5_000, "fault-5": 20_000,
                "fault-6": 10_000, "fault-7": 20_000, "fault-9": 5_000, "fault-10": 3_000, "fault-11": 3_000,
            },
        },
    });
    wallet.set_faults("alipay", &plan).await?;
    wallet.set_faults("wechatpay", &plan).await?;
    // Payers write codes wrong and pay in parts; the bank shows some transfers a day late and takes some back.
    let habits = json!({
        "mistyped_ppm": 60_000, "split_ppm": 40_000, "late_ppm": 5_000,
    });
    wallet.set_habits(&habits).await
}

/// Tries again for some seconds what may come before the listener is ready.
pub async fn patiently<T, F>(mut attempt: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let mut left = 50;
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) if left == 0 => return Err(error),
            Err(_) => left -= 1,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

//! The demo's past: the same commands, channel and wallet as in life, under a clock set back.

use super::catalog::article;
use super::client::Wallet;
use super::seed::Group;
use crate::ambient::SystemAmbient;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tk_app::App;
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::moment::DAY_US;
use tk_domain::payment::{CreatePayment, RequestQuery, StartAttempt};
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
        tenant_id: group.tenant_id,
        app_id: None,
        merchant_id: *merchant_id,
        product_id: *product_id,
        merchant_order_no: format!("H{number:08}"),
        amount: Amount::fen(article.amount_fen),
        description: article.name.to_owned(),
        terminal: None,
        methods_allow: None,
        single_attempt: false,
        expires_at_us: None,
        return_url: None,
        metadata: None,
        fulfilment: None,
        items: Vec::new(),
        payer: None,
        origin: origin.clone(),
    };
    let payment_id = app.submit(create).await?.payment.id;
    let start = StartAttempt {
        tenant_id: group.tenant_id,
        payment_id,
        method: Method::AlipayQr,
        auth_code: None,
        payer: ExpectedPayer::default(),
        openid: None,
        return_url: None,
        lease_us: 0,
        origin: origin.clone(),
    };
    let (_, attempt) = app.start_attempt(start, WAIT_US).await?;
    let act = if number % 20 == 19 { "decline" } else { "pay" };
    wallet.act(&attempt.out_no, act, &json!({})).await?;
    let query = RequestQuery { tenant_id: group.tenant_id, payment_id, lease_us: 0, origin };
    app.query_payment(query, WAIT_US).await?;
    Ok(())
}

/// Sets the faults of a bad day at the simulated channel: lost, late, doubled and slow answers.
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
    let url = format!("{}/control/alipay/faults", wallet.url);
    let answer = wallet.client.post(url).json(&plan).send().await?;
    anyhow::ensure!(answer.status().is_success(), "the sandbox refused the faults: {}", answer.text().await?);
    Ok(())
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

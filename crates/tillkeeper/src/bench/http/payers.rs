//! Order systems and payers: each creates a payment, takes the code, pays it and waits for the webhook.

use super::ChannelArg;
use super::cpu::process_us;
use super::town::Town;
use crate::demo::client::{Api, Wallet};
use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tk_domain::payment::BrowserForm;
use tokio::sync::oneshot;

const WARM_UP: Duration = Duration::from_secs(2);
/// The longest a payer waits for the webhook.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was measured.
#[derive(Debug)]
pub struct Measured {
    pub payments: u64,
    pub failures: u64,
    pub seconds: f64,
    pub answers: Histogram<u64>,
    pub whole: Histogram<u64>,
    server_us: u64,
}

impl Measured {
    fn empty() -> anyhow::Result<Self> {
        let histogram = || Histogram::new(3);
        Ok(Self {
            payments: 0,
            failures: 0,
            seconds: 0.0,
            answers: histogram()?,
            whole: histogram()?,
            server_us: 0,
        })
    }

    /// Payments per second of measured time, rounded down.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a figure for people"
    )]
    pub fn payments_per_s(&self) -> u64 {
        (self.payments as f64 / self.seconds) as u64
    }

    /// CPU time of the server per payment, microseconds.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub fn server_us_per_payment(&self) -> f64 {
        self.server_us as f64 / self.payments.max(1) as f64
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.payments += other.payments;
        self.failures += other.failures;
        self.answers.add(&other.answers)?;
        self.whole.add(&other.whole)?;
        Ok(())
    }
}

/// A latency, milliseconds.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub fn quantile_ms(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1_000.0
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn instant() -> Instant {
    Instant::now()
}

fn elapsed_us(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Who waits for the webhook of which payment.
type Waiting = Arc<Mutex<BTreeMap<String, oneshot::Sender<()>>>>;

/// What all payers share.
#[derive(Debug, Clone)]
pub struct Payers {
    channel: ChannelArg,
    api: Api,
    wallet: Wallet,
    waiting: Waiting,
    number: Arc<AtomicU64>,
    measuring: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

impl Payers {
    pub fn new(town: &Town, channel: ChannelArg) -> Self {
        Self {
            channel,
            api: town.api.clone(),
            wallet: Wallet { client: town.api.client.clone(), url: town.sandbox_url.clone() },
            waiting: Arc::default(),
            number: Arc::default(),
            measuring: Arc::default(),
            stop: Arc::default(),
        }
    }

    /// Lets so many pay at once for so many seconds, after the warm-up.
    pub async fn pay(self, town: &mut Town, (clients, seconds): (usize, u64)) -> anyhow::Result<Measured> {
        let hooks = Router::new().route("/hooks", post(receive)).with_state(self.waiting.clone());
        let listener = town.hooks.take().context("webhooks are received already")?;
        let serving = tokio::spawn(async move { axum::serve(listener, hooks).await });
        let payers: Vec<_> = (0..clients).map(|_| tokio::spawn(self.clone().work())).collect();
        tokio::time::sleep(WARM_UP).await;
        let server = town.server.0.id();
        let (before_us, begun) = (process_us(server)?, instant());
        self.measuring.store(true, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        self.stop.store(true, Ordering::SeqCst);
        let (server_us, seconds) =
            (process_us(server)?.saturating_sub(before_us), begun.elapsed().as_secs_f64());
        let mut total = Measured::empty()?;
        for payer in payers {
            total.add(&payer.await??)?;
        }
        serving.abort();
        Ok(Measured { seconds, server_us, ..total })
    }

    async fn work(self) -> anyhow::Result<Measured> {
        let mut measured = Measured::empty()?;
        while !self.stop.load(Ordering::Relaxed) {
            let begun = instant();
            let outcome = self.one(&mut measured.answers).await;
            if !self.measuring.load(Ordering::Relaxed) {
                measured.answers.reset();
                continue;
            }
            match outcome {
                Ok(()) if !self.stop.load(Ordering::Relaxed) => {
                    measured.payments += 1;
                    measured.whole.record(elapsed_us(begun))?;
                }
                Ok(()) => {}
                Err(error) => {
                    tracing::debug!(%error, "a payment failed");
                    measured.failures += 1;
                }
            }
        }
        Ok(measured)
    }

    async fn one(&self, answers: &mut Histogram<u64>) -> anyhow::Result<()> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let order = json!({
            "merchant": "shop", "product": "delay", "merchant_order_no": format!("H{number:012}"),
            "amount": 3_000, "currency": "CNY", "description": "Travel delay insurance",
        });
        let begun = instant();
        let payment = self.api.create("/v1/payments", &order).await?;
        answers.record(elapsed_us(begun))?;
        let id = Api::text(&payment, "id")?;
        let told = self.wait_for(id);
        let begun = instant();
        let attempt = self
            .api
            .create(&format!("/v1/payments/{id}/attempts"), &json!({ "method": self.channel.method() }))
            .await?;
        answers.record(elapsed_us(begun))?;
        if self.channel == ChannelArg::Unionpay {
            let form = BrowserForm::parse(Api::text(&attempt["action"], "value")?);
            self.wallet.open_page(&form.context("no form")?).await?;
        }
        let channel = self.channel.channel().word();
        self.wallet.act(channel, Api::text(&attempt, "out_no")?, "pay", &json!({})).await?;
        tokio::time::timeout(PATIENCE, told).await.context("no webhook came")??;
        Ok(())
    }

    fn wait_for(&self, payment: &str) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(payment.to_owned(), tell);
        told
    }
}

async fn receive(State(waiting): State<Waiting>, body: Bytes) -> StatusCode {
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let payment = event["data"]["id"].as_str().unwrap_or_default();
    if let Some(tell) = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(payment) {
        // A payer that lost patience listens no more.
        let _ = tell.send(());
    }
    StatusCode::OK
}

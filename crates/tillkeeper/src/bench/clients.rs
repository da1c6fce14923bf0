//! Clients that pay in process and what they measured.

use super::{EngineArg, PayArgs};
use crate::ambient::SystemAmbient;
use anyhow::Context;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tk_app::{Ambient, Failure};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, Method};
use tk_domain::channel_account::{ChannelAccountTerms, CreateChannelAccount};
use tk_domain::id::{ChannelAccountId, Id128, MerchantId, ProductId, TenantId};
use tk_domain::merchant::CreateMerchant;
use tk_domain::payment::{CreatePayment, FeeSnapshot, StartAttempt, Started, TakePaymentReport};
use tk_domain::product::{CreateProduct, ProductTerms};
use tk_domain::report::{PaidEvidence, PaymentFinding, PaymentReport, Source as ReportSource};
use tk_domain::transfer::ExpectedPayer;
use tk_money::{Amount, Rate};
use tk_store::{Commits, Source, Store, StoreConfig, migrate};

/// Who is paid for what.
#[derive(Debug, Clone)]
pub struct Books {
    tenant_id: TenantId,
    merchants: Vec<MerchantId>,
    product_id: ProductId,
    channel_account_id: ChannelAccountId,
}

/// Opens the database asked for; an SQLite directory lives as long as what is returned.
pub async fn open(
    args: &PayArgs,
    ambient: Arc<SystemAmbient>,
) -> anyhow::Result<(Store, Option<tempfile::TempDir>)> {
    let commits = if args.per_step_commit { Commits::PerStep } else { Commits::Grouped };
    let config = StoreConfig { commits, ..StoreConfig::default() };
    let (source, directory) = match args.engine {
        EngineArg::Sqlite => {
            let directory = tempfile::tempdir()?;
            (Source::Sqlite(directory.path().to_owned()), Some(directory))
        }
        EngineArg::Postgres => {
            let url = args.database_url.clone().context("--database-url is needed for postgres")?;
            (Source::Postgres(url), None)
        }
    };
    if let Source::Sqlite(_) = source {
        migrate(&source, ambient.now_us()).await?;
    }
    let store = Store::open(source, ambient, config).await?;
    Ok((store, directory))
}

/// A tenant with merchants, a product and one channel account; a new one at every run.
pub async fn seed(store: &Store, name: &str, merchants: usize) -> anyhow::Result<Books> {
    let ambient = store.ambient();
    let bits = ambient.bits();
    let code = format!("b{:07x}", bits & 0x0FFF_FFFF);
    let tenant_id = store.create_tenant(&code, name).await?.id;
    let origin = Origin::system();
    let mut ids = Vec::new();
    for number in 0..merchants.max(1) {
        let fee = FeeSnapshot { rate: Rate::from_ppm(6_000)?, returned: true, ..FeeSnapshot::default() };
        let command = CreateMerchant {
            tenant_id,
            code: format!("m{number}"),
            name: format!("Merchant {number}"),
            fee,
            counted: 0,
            legal_entity: None,
            phone: None,
            origin: origin.clone(),
        };
        ids.push(store.submit(command).await?.id);
    }
    let terms = ProductTerms { name: Some("Travel delay".to_owned()), ..ProductTerms::default() };
    let product = CreateProduct {
        tenant_id,
        code: "p".to_owned(),
        partner_id: None,
        terms,
        counted: 0,
        origin: origin.clone(),
    };
    let product_id = store.submit(product).await?.id;
    let channel_account_id = ChannelAccountId(Id128::v7(ambient.now_us(), ambient.bits()));
    let terms = ChannelAccountTerms {
        name: Some("Bench".to_owned()),
        methods: Some(r#"["alipay_qr"]"#.to_owned()),
        fee_rate: Some(Rate::from_ppm(3_800)?),
        settings: Some("{}".to_owned()),
        credentials: Some(vec![1]),
        ..ChannelAccountTerms::default()
    };
    let account = CreateChannelAccount {
        tenant_id,
        partner_id: None,
        channel_account_id,
        channel: Channel::Alipay,
        payee_app: "2021000000000001".to_owned(),
        payee_merchant: "2088101117955611".to_owned(),
        collects: tk_domain::channel_account::Collects::Own,
        terms,
        origin,
    };
    store.submit(account).await?;
    Ok(Books { tenant_id, merchants: ids, product_id, channel_account_id })
}

/// How many clients pay for how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub clients: usize,
    pub seconds: u64,
}

/// What the clients measured.
#[derive(Debug)]
pub struct Measured {
    pub payments: u64,
    pub failures: u64,
    pub seconds: f64,
    answers: Histogram<u64>,
    whole: Histogram<u64>,
}

impl Measured {
    fn empty() -> anyhow::Result<Self> {
        let histogram = || Histogram::new(3);
        Ok(Self { payments: 0, failures: 0, seconds: 0.0, answers: histogram()?, whole: histogram()? })
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

    /// Latency of one durable answer.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        milliseconds(self.answers.value_at_quantile(quantile))
    }

    /// Latency of a whole payment of three durable answers.
    pub fn payment_quantile_ms(&self, quantile: f64) -> f64 {
        milliseconds(self.whole.value_at_quantile(quantile))
    }

    fn add(&mut self, other: &Self) {
        self.payments += other.payments;
        self.failures += other.failures;
        let _ = self.answers.add(&other.answers);
        let _ = self.whole.add(&other.whole);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn milliseconds(us: u64) -> f64 {
    us as f64 / 1_000.0
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn instant() -> Instant {
    Instant::now()
}

fn elapsed_us(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Load {
    /// Runs the clients through a second of warm-up and the measured time.
    pub async fn run(self, store: &Store, books: &Books, ambient: &Arc<SystemAmbient>) -> Measured {
        let (measuring, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        // Order numbers are unique for ever: each run starts somewhere else.
        let start = u64::try_from(ambient.bits() & 0x00FF_FFFF_FFFF).unwrap_or_default() << 20;
        let number = Arc::new(AtomicU64::new(start));
        let clients: Vec<_> = (0..self.clients)
            .map(|_| {
                let client = Client {
                    store: store.clone(),
                    books: books.clone(),
                    ambient: ambient.clone(),
                    number: number.clone(),
                };
                tokio::spawn(client.work(measuring.clone(), stop.clone()))
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        measuring.store(true, Ordering::SeqCst);
        let begun = instant();
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        stop.store(true, Ordering::SeqCst);
        let seconds = begun.elapsed().as_secs_f64();
        let Ok(mut total) = Measured::empty() else { return never() };
        for client in clients {
            if let Ok(Ok(measured)) = client.await {
                total.add(&measured);
            }
        }
        total.seconds = seconds;
        total
    }
}

/// Three significant digits are always a valid histogram precision.
fn never() -> Measured {
    std::process::abort()
}

struct Client {
    store: Store,
    books: Books,
    ambient: Arc<SystemAmbient>,
    number: Arc<AtomicU64>,
}

impl Client {
    async fn work(self, measuring: Arc<AtomicBool>, stop: Arc<AtomicBool>) -> anyhow::Result<Measured> {
        let mut measured = Measured::empty()?;
        while !stop.load(Ordering::Relaxed) {
            let counted = measuring.load(Ordering::Relaxed);
            let begun = instant();
            let outcome = self.pay(&mut measured.answers).await;
            if !counted {
                measured.answers.reset();
                continue;
            }
            match outcome {
                Ok(()) if !stop.load(Ordering::Relaxed) => {
                    measured.payments += 1;
                    let _ = measured.whole.record(elapsed_us(begun));
                }
                Ok(()) => {}
                Err(_) => measured.failures += 1,
            }
        }
        Ok(measured)
    }

    async fn pay(&self, answers: &mut Histogram<u64>) -> Result<(), Failure> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let merchant = usize::try_from(number).unwrap_or(0) % self.books.merchants.len();
        let merchant_id = self.books.merchants.get(merchant).copied().unwrap_or_default();
        let begun = instant();
        let created = self.store.submit(self.create(number, merchant_id)).await?;
        let _ = answers.record(elapsed_us(begun));
        let begun = instant();
        let start = StartAttempt {
            tenant_id: self.books.tenant_id,
            payment_id: created.payment.id,
            method: Method::AlipayQr,
            auth_code: None,
            payer: ExpectedPayer::default(),
            known_as: None,
            card: None,
            payer_ip: None,
            return_url: None,
            lease_us: 60_000_000,
            origin: Origin::system(),
        };
        let started = self.store.submit(start).await?;
        let _ = answers.record(elapsed_us(begun));
        let Started::New { attempt, .. } = started else { return Ok(()) };
        let begun = instant();
        let report = TakePaymentReport {
            tenant_id: self.books.tenant_id,
            payment_id: created.payment.id,
            attempt_id: attempt.id,
            report: self.paid(number, attempt.amount_minor),
            origin: Origin::channel(self.books.channel_account_id),
        };
        self.store.submit(report).await?;
        let _ = answers.record(elapsed_us(begun));
        Ok(())
    }

    fn create(&self, number: u64, merchant_id: MerchantId) -> CreatePayment {
        CreatePayment {
            description: "Travel delay insurance".to_owned(),
            ..CreatePayment::plain(
                (self.books.tenant_id, merchant_id),
                self.books.product_id,
                &format!("B{number:020}"),
                Amount::fen(3_000),
                Origin::system(),
            )
        }
    }

    fn paid(&self, number: u64, amount_minor: i64) -> PaymentReport {
        let finding = PaymentFinding::Paid(PaidEvidence {
            channel_txn_no: format!("2026{number:024}"),
            amount: Amount::fen(amount_minor),
            payee_app: Some("2021000000000001".to_owned()),
            payee_merchant: Some("2088101117955611".to_owned()),
            borne: None,
            paid_at_us: Some(self.ambient.now_us()),
        });
        PaymentReport { source: ReportSource::Callback, asked_at_us: self.ambient.now_us(), finding }
    }
}

//! Payments per second (create, then collect) with many clients: `throughput DIRECTORY|URL CLIENTS SECONDS [per-step]`.
//!
//! On PostgreSQL the schema is made first if `TILLKEEPER_OWNER_URL` names the owner.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a measuring tool"
)]

#[path = "../tests/contract/commands.rs"]
#[allow(dead_code, reason = "shared with the contract suite")]
mod commands;

use commands::{Collect, Create, OpenShop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tillkeeper_store::{Ambient, Commits, Source, Store, StoreConfig, migrate};
use tk_domain::split::SplitTerms;

struct Real(AtomicU64);

impl Ambient for Real {
    fn now_us(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        i64::try_from(since.as_micros()).unwrap()
    }
    fn bits(&self) -> u128 {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        let mix = |mut z: u64| {
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z ^ (z >> 27)
        };
        (u128::from(mix(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))) << 64) | u128::from(mix(!n))
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let clients: usize = arguments[2].parse().unwrap();
    let seconds: u64 = arguments[3].parse().unwrap();
    let mut config = StoreConfig::default();
    if arguments.get(4).is_some_and(|word| word == "per-step") {
        config.commits = Commits::PerStep;
    }
    let real = Real(AtomicU64::new(
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64,
    ));
    let source = if arguments[1].contains("host=") {
        Source::Postgres(arguments[1].clone())
    } else {
        Source::Sqlite(arguments[1].clone().into())
    };
    let owner = match &source {
        Source::Sqlite(_) => Some(source.clone()),
        Source::Postgres(_) => std::env::var("TILLKEEPER_OWNER_URL").ok().map(Source::Postgres),
    };
    if let Some(owner) = owner {
        migrate(&owner, real.now_us()).await.unwrap();
    }
    let store = Store::open(source, Arc::new(real), config).await.unwrap();
    let code = format!("t{}", store.ambient().now_us() % 1_000_000_000);
    let tenant_id = store.create_tenant(&code, "bench").await.unwrap().id;
    let merchant_id = store.submit(OpenShop { tenant_id, code: "m".to_owned() }).await.unwrap();
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let done = Arc::new(AtomicU64::new(0));
    let mut running = Vec::new();
    for client in 0..clients {
        let (store, done) = (store.clone(), done.clone());
        running.push(tokio::spawn(async move {
            let mut number = 0_u64;
            let mut waits = Vec::new();
            while Instant::now() < end {
                number += 1;
                let order_no = format!("{client}-{number}");
                let started = Instant::now();
                let splits = SplitTerms::default();
                let create = Create { tenant_id, merchant_id, order_no, amount_minor: 428_640, splits };
                let payment_id = store.submit(create).await.unwrap();
                store.submit(Collect { tenant_id, payment_id }).await.unwrap();
                waits.push(started.elapsed());
                done.fetch_add(1, Ordering::Relaxed);
            }
            waits
        }));
    }
    let mut waits = Vec::new();
    for one in running {
        waits.extend(one.await.unwrap());
    }
    let elapsed = began.elapsed();
    waits.sort_unstable();
    let at = |share: usize| waits[(waits.len() - 1) * share / 100];
    println!(
        "{:.0} payments/s, create + collect p50 {:?} p99 {:?}",
        waits.len() as f64 / elapsed.as_secs_f64(),
        at(50),
        at(99)
    );
}

//! `bench pay`: the three use cases of a payment in process, each answered after its durable commit.

use super::PayArgs;
use super::clients::{Load, Measured, open, seed};
use crate::ambient::SystemAmbient;
use serde_json::{Value, json};
use std::sync::Arc;

pub async fn run(args: &PayArgs) -> anyhow::Result<Value> {
    let ambient = Arc::new(SystemAmbient::default());
    let (store, _directory) = open(args, ambient.clone()).await?;
    let books = seed(&store, "bench", args.merchants).await?;
    let load = Load { clients: args.clients, seconds: args.seconds };
    let measured = load.run(&store, &books, &ambient).await;
    store.close();
    Ok(report(args, &measured))
}

fn report(args: &PayArgs, measured: &Measured) -> Value {
    json!({
        "bench": "pay",
        "engine": format!("{:?}", args.engine).to_lowercase(),
        "clients": args.clients,
        "merchants": args.merchants,
        "seconds": measured.seconds,
        "per_step_commit": args.per_step_commit,
        "payments": measured.payments,
        "payments_per_s": measured.payments_per_s(),
        "durable_answers_per_s": measured.payments_per_s() * 3,
        "p50_ms": measured.quantile_ms(0.50),
        "p99_ms": measured.quantile_ms(0.99),
        "payment_p50_ms": measured.payment_quantile_ms(0.50),
        "payment_p99_ms": measured.payment_quantile_ms(0.99),
        "failures": measured.failures,
    })
}

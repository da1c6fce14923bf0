//! `bench fairness`: a quiet tenant's latency alone, and while another tenant floods the writer.

use super::PayArgs;
use super::clients::{Load, open, seed};
use crate::ambient::SystemAmbient;
use serde_json::{Value, json};
use std::sync::Arc;

/// Clients of the quiet tenant.
const QUIET_CLIENTS: usize = 8;

pub async fn run(args: &PayArgs) -> anyhow::Result<Value> {
    let ambient = Arc::new(SystemAmbient::default());
    let (store, _directory) = open(args, ambient.clone()).await?;
    let quiet = seed(&store, "quiet", 1).await?;
    let loud = seed(&store, "loud", 1).await?;
    let quiet_load = Load { clients: QUIET_CLIENTS, seconds: args.seconds };
    let loud_load = Load { clients: args.clients, seconds: args.seconds };
    let alone = quiet_load.run(&store, &quiet, &ambient).await;
    let (beside, flood) =
        tokio::join!(quiet_load.run(&store, &quiet, &ambient), loud_load.run(&store, &loud, &ambient));
    store.close();
    Ok(json!({
        "bench": "fairness",
        "engine": format!("{:?}", args.engine).to_lowercase(),
        "quiet_clients": QUIET_CLIENTS,
        "loud_clients": args.clients,
        "alone_p50_ms": alone.quantile_ms(0.50),
        "alone_p99_ms": alone.quantile_ms(0.99),
        "beside_p50_ms": beside.quantile_ms(0.50),
        "beside_p99_ms": beside.quantile_ms(0.99),
        "quiet_payments_per_s": beside.payments_per_s(),
        "loud_payments_per_s": flood.payments_per_s(),
        "loud_p99_ms": flood.quantile_ms(0.99),
        "quiet_failures": beside.failures,
    }))
}

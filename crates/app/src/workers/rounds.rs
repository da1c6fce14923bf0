//! The pace of a worker's rounds.

use crate::App;
use std::time::Duration;
use tk_store::Lease;

/// Microseconds as a duration; nothing below zero.
pub(super) fn duration(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}

/// Waits for the next round: soon after a busy one, at once after one that left some behind, longer while storage
/// has trouble.
pub(super) async fn pause(app: &App, outcome: Result<usize, crate::Failure>) {
    let limits = app.config().workers;
    let pause_us = limits.pause_us;
    let full = usize::try_from(limits.claim_max).unwrap_or(usize::MAX);
    let pause = match outcome {
        Ok(0) => duration(pause_us),
        Ok(taken) if taken < full => duration(limits.gather_us),
        Ok(_) => Duration::ZERO,
        Err(failure) => {
            tracing::warn!(%failure, "a worker's round failed");
            duration(pause_us.saturating_mul(10))
        }
    };
    tokio::task::yield_now().await;
    tokio::time::sleep(pause).await;
}

/// The lease under which a worker claims rows now.
pub(super) fn lease(app: &App) -> Lease {
    let limits = app.config().workers;
    Lease { now_us: app.now_us(), for_us: limits.lease_us, limit: limits.claim_max }
}

//! Drops what has served its time: idempotency records, nonces, notes of batches.

use crate::workers::rounds::duration;
use crate::{App, Failure};
use tk_domain::moment::{MINUTE_US, SECOND_US};

/// Tenants looked at together.
const TENANTS_AT_ONCE: i64 = 500;

/// Works until dropped.
pub(super) async fn run(app: App) {
    loop {
        let busy = match round(&app).await {
            Ok(pruned) => pruned > 0,
            Err(failure) => {
                tracing::warn!(%failure, "pruning failed");
                false
            }
        };
        tokio::time::sleep(duration(if busy { SECOND_US } else { MINUTE_US })).await;
    }
}

async fn round(app: &App) -> Result<usize, Failure> {
    let now_us = app.now_us();
    let mut pruned = app.reader().prune_platform(now_us).await?;
    let mut after = None;
    loop {
        let tenants = app.reader().tenants_after(after, TENANTS_AT_ONCE).await?;
        let Some(last) = tenants.last() else { return Ok(pruned) };
        after = Some(last.id);
        for tenant in &tenants {
            // One tenant's trouble is no reason to let the others' rows stay.
            match app.reader().prune_tenant(tenant.id, now_us).await {
                Ok(gone) => pruned = pruned.saturating_add(gone),
                Err(failure) => tracing::warn!(%failure, tenant = %tenant.id, "pruning failed"),
            }
        }
    }
}

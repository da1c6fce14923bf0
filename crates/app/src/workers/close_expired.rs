//! Closes payments whose time is up: at the channel first, where an attempt is open.

use crate::workers::rounds;
use crate::{App, Failure};
use futures_util::future::join_all;
use tk_domain::audit::Origin;
use tk_domain::id::{PaymentId, TenantId};
use tk_domain::payment::{ClosePayment, CloseReason};

/// Payments closed per tenant and round.
const ROUND_MAX: i64 = 256;

/// Works until dropped.
pub(super) async fn run(app: App) {
    loop {
        let outcome = round(&app).await;
        rounds::pause(&app, outcome.map(|_| 0)).await;
    }
}

async fn round(app: &App) -> Result<usize, Failure> {
    let now_us = app.now_us();
    let mut closed = 0_usize;
    for due in app.reader().tenants_with_due(now_us).await?.into_iter().filter(|due| due.expired_payments) {
        let tenant_id = due.tenant_id;
        let expired = app.reader().expired_payments(tenant_id, now_us, ROUND_MAX).await?;
        let closings = expired.into_iter().map(|payment_id| close(app, tenant_id, payment_id));
        closed = closed.saturating_add(join_all(closings).await.len());
    }
    Ok(closed)
}

async fn close(app: &App, tenant_id: TenantId, payment_id: PaymentId) {
    let command = ClosePayment {
        tenant_id,
        payment_id,
        reason: CloseReason::Expired,
        lease_us: 0,
        origin: Origin::system(),
    };
    match app.submit(command).await {
        Ok(_) | Err(Failure::Refused(_)) => {}
        Err(failure) => {
            tracing::warn!(%failure, payment = %payment_id, "an expired payment could not be closed");
        }
    }
}

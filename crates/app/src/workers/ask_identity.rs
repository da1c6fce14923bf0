//! Asks providers about identity checks whose outcome is not known.

use crate::workers::rounds::duration;
use crate::{App, Failure};
use tk_domain::moment::SECOND_US;

/// Tenants looked at together.
const TENANTS_AT_ONCE: i64 = 500;
/// Checks asked about per tenant and round.
const ROUND_MAX: i64 = 32;
/// The pace of rounds: an outcome that was not heard at once is not in a hurry.
const PACE_US: i64 = 5 * SECOND_US;

/// Works until dropped.
pub(super) async fn run(app: App) {
    loop {
        if let Err(failure) = round(&app).await {
            tracing::warn!(%failure, "identity checks could not be asked about");
        }
        tokio::time::sleep(duration(PACE_US)).await;
    }
}

async fn round(app: &App) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let tenants = app.reader().tenants_after(after, TENANTS_AT_ONCE).await?;
        let Some(last) = tenants.last() else { return Ok(()) };
        after = Some(last.id);
        for tenant in &tenants {
            for check in app.reader().identity_checks_due(tenant.id, app.now_us(), ROUND_MAX).await? {
                app.ask_identity(&check).await?;
            }
        }
    }
}

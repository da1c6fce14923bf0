//! Asks channels about openings of cards of which they have not spoken.

use crate::workers::rounds::{Places, duration};
use crate::{App, Failure};
use tk_domain::id::TenantId;
use tk_domain::moment::SECOND_US;

/// Tenants looked at together.
const TENANTS_AT_ONCE: i64 = 500;
/// Openings asked about at once, and of one tenant: its channel may be slow.
const OPENINGS_MAX: usize = 32;
const OF_TENANT_MAX: i64 = 4;
/// The pace of rounds: the channel's own word normally comes first.
const PACE_US: i64 = 5 * SECOND_US;

/// Works until dropped.
pub(super) async fn run(app: App) {
    let places = Places::new(OPENINGS_MAX, OF_TENANT_MAX);
    loop {
        if let Err(failure) = round(&app, &places).await {
            tracing::warn!(%failure, "openings of cards could not be asked about");
        }
        tokio::time::sleep(duration(PACE_US)).await;
    }
}

async fn round(app: &App, places: &Places) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let tenants = app.reader().tenants_after(after, TENANTS_AT_ONCE).await?;
        let Some(last) = tenants.last() else { return Ok(()) };
        after = Some(last.id);
        for tenant in &tenants {
            begin(app, places, tenant.id).await?;
        }
    }
}

/// Asks about as many of a tenant's openings as it has places for, without waiting for the answers.
async fn begin(app: &App, places: &Places, tenant_id: TenantId) -> Result<(), Failure> {
    // What is still being asked about is still due, and comes first: nothing else is begun beside it.
    if places.free_of(tenant_id) < OF_TENANT_MAX {
        return Ok(());
    }
    for agreement in app.reader().agreements_to_ask(tenant_id, app.now_us(), OF_TENANT_MAX).await? {
        let Some(place) = places.take(tenant_id).await else { return Ok(()) };
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(failure) = app.ask_card(&agreement).await {
                tracing::warn!(%failure, agreement = %agreement.id, "an opening could not be asked about");
            }
            drop(place);
        });
    }
    Ok(())
}

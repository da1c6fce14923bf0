//! Asks banks for statements over their direct links.

use crate::workers::rounds::{self, Places};
use crate::{App, Failure};
use tk_domain::bank_link::BankLink;
use tk_store::Lease;

/// Banks asked at once.
const BANKS_MAX: usize = 16;
/// Banks of one tenant asked at once.
const OF_TENANT_MAX: i64 = 4;
/// How long a worker has a link, microseconds: longer than the largest file may take to come and to be taken.
const LEASE_US: i64 = 900_000_000;

/// Works until dropped.
pub(super) async fn run(app: App) {
    let places = Places::new(BANKS_MAX, OF_TENANT_MAX);
    loop {
        // A bank is never in a hurry: the usual pause is taken whatever was done.
        let outcome = round(&app, &places).await;
        rounds::pause(&app, outcome.map(|_| 0)).await;
    }
}

async fn round(app: &App, places: &Places) -> Result<usize, Failure> {
    let mut asked = 0_usize;
    for due in app.reader().tenants_with_due(app.now_us()).await?.into_iter().filter(|due| due.bank_links) {
        let limit = places.free_of(due.tenant_id);
        if limit == 0 {
            continue;
        }
        let lease = Lease { now_us: app.now_us(), for_us: LEASE_US, limit };
        for link in app.reader().claim_bank_links(due.tenant_id, lease).await? {
            let Some(place) = places.take(due.tenant_id).await else { return Ok(asked) };
            asked = asked.saturating_add(1);
            let app = app.clone();
            tokio::spawn(async move {
                ask(&app, &link).await;
                drop(place);
            });
        }
    }
    Ok(asked)
}

async fn ask(app: &App, link: &BankLink) {
    match app.pull_statement(link).await {
        Ok(pulled) => {
            let (new, trouble) = (pulled.new, pulled.link.trouble);
            tracing::debug!(bank_link = %link.id, new, ?trouble, "a bank was asked");
        }
        Err(failure) => {
            tracing::warn!(%failure, bank_link = %link.id, "a bank's statement was not taken");
            // Noted on the link, so that a trouble that lasts is told to a person and the next question comes in time.
            if let Err(failure) = app.note_untaken(link, &failure).await {
                tracing::warn!(%failure, bank_link = %link.id, "nor could that be noted");
            }
        }
    }
}

//! Sends events to the order systems: at least once, "delivered" only after 2xx.
//!
//! What this process commits is handed over with all that sending needs; what was left behind, by it or by another, is
//! claimed when it is due.

mod sender;

pub(super) use sender::Sender;

use crate::webhooks::signature_header;
use crate::workers::rounds::{self, Place, Places};
use crate::{App, Failure};
use futures_util::future::join_all;
use std::sync::Arc;
use tk_domain::id::TenantId;
use tk_domain::moment::SECOND_US;
use tk_domain::webhook::{Delivery, DeliveryOutcome, Event, TakeDeliveryOutcome, WebhookEndpoint};
use tk_store::FreshDelivery;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, channel};

/// Outcomes that may wait to be noted; whoever has one more waits.
const OUTCOMES_MAX: usize = 4_096;
/// How long after the commit an endpoint is still taken as the commit saw it, microseconds.
const FRESH_US: i64 = SECOND_US;

/// What every sending needs.
struct Office {
    app: App,
    sender: Sender,
    places: Places,
    outcomes: tokio::sync::mpsc::Sender<TakeDeliveryOutcome>,
}

/// Works until dropped.
pub(super) async fn run(app: App, sender: Sender) {
    let limits = app.config().workers;
    let (outcomes, tried) = channel(OUTCOMES_MAX);
    let places = Places::new(limits.webhooks_max, limits.claim_max);
    let fresh = app.reader().hand_over_deliveries(limits.lease_us);
    let office = Arc::new(Office { app: app.clone(), sender, places, outcomes });
    tokio::join!(claim(&office), take(&office, fresh), note(&app, tried));
}

async fn claim(office: &Arc<Office>) {
    loop {
        let outcome = round(office).await;
        rounds::pause(&office.app, outcome).await;
    }
}

async fn round(office: &Arc<Office>) -> Result<usize, Failure> {
    let app = &office.app;
    let mut sent = 0_usize;
    for tenant in app.reader().tenants_with_due(app.now_us()).await?.iter().filter(|due| due.deliveries) {
        let tenant_id = tenant.tenant_id;
        let free = office.places.free_of(tenant_id);
        if free == 0 {
            // Its rows wait; the next round comes as after a busy one.
            sent = sent.max(1);
            continue;
        }
        let due = app.reader().claim_deliveries(tenant_id, rounds::lease(app, free)).await?;
        sent = sent.saturating_add(due.len());
        for delivery in due {
            let Some(place) = office.places.take(tenant_id).await else { return Ok(sent) };
            let office = Arc::clone(office);
            tokio::spawn(async move { office.send_claimed(&delivery, place).await });
        }
    }
    Ok(sent)
}

/// Each waits for a place by itself, so that a tenant whose places are taken holds nobody else up.
async fn take(office: &Arc<Office>, mut fresh: UnboundedReceiver<FreshDelivery>) {
    while let Some(delivery) = fresh.recv().await {
        let office = Arc::clone(office);
        tokio::spawn(async move { office.send_fresh(delivery).await });
    }
}

/// Notes outcomes together: those that come while one waits share its commit. Whatever is lost with the process is
/// sent again, as every webhook may be.
async fn note(app: &App, mut tried: Receiver<TakeDeliveryOutcome>) {
    let gather = rounds::duration(app.config().workers.gather_us);
    while let Some(first) = tried.recv().await {
        tokio::time::sleep(gather).await;
        let mut outcomes = vec![first];
        while let Ok(next) = tried.try_recv() {
            outcomes.push(next);
        }
        for noted in join_all(outcomes.into_iter().map(|outcome| app.submit(outcome))).await {
            if let Err(failure) = noted {
                tracing::warn!(%failure, "a webhook's outcome was not noted");
            }
        }
    }
}

impl Office {
    async fn send_fresh(&self, fresh: FreshDelivery) {
        let FreshDelivery { delivery, event, endpoint, waiting } = fresh;
        let Some(place) = self.places.take(delivery.tenant_id).await else { return };
        drop(waiting);
        let now_us = self.app.now_us();
        if now_us >= delivery.lease_until_us {
            // Whoever claims it next sends it.
            return;
        }
        if now_us.saturating_sub(delivery.created_at_us) > FRESH_US {
            return self.send_claimed(&delivery, place).await;
        }
        let outcome = self.attempt(&endpoint, event).await;
        drop(place);
        self.tell(delivery.tenant_id, &delivery, outcome).await;
    }

    async fn send_claimed(&self, delivery: &Delivery, place: Place) {
        let tenant_id = delivery.tenant_id;
        let keys = (&(tenant_id, delivery.endpoint_id), &(tenant_id, delivery.event_id));
        let outcome = match self.app.reader().get_two::<WebhookEndpoint, Event>(keys).await {
            Ok((Some(endpoint), Some(event))) => self.attempt(&endpoint, event).await,
            Ok((None, _) | (_, None)) => failed("endpoint is switched off"),
            Err(failure) => {
                tracing::warn!(%failure, delivery = %delivery.id, "a webhook could not be read");
                return;
            }
        };
        drop(place);
        self.tell(tenant_id, delivery, outcome).await;
    }

    async fn tell(&self, tenant_id: TenantId, delivery: &Delivery, outcome: DeliveryOutcome) {
        let command = TakeDeliveryOutcome { tenant_id, delivery_id: delivery.id, outcome };
        if self.outcomes.send(command).await.is_err() {
            tracing::warn!(delivery = %delivery.id, "a webhook's outcome was not noted");
        }
    }

    async fn attempt(&self, endpoint: &WebhookEndpoint, event: Event) -> DeliveryOutcome {
        if !endpoint.enabled {
            return failed("endpoint is switched off");
        }
        let timestamp_s = self.app.now_us().div_euclid(SECOND_US);
        let id = event.id.to_string();
        let Some(secrets) = secrets(&self.app, endpoint) else { return failed("secret does not open") };
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let signature = signature_header(&secrets, &id, timestamp_s, &event.body);
        self.sender.post(endpoint, &id, (timestamp_s, &signature), event.body).await
    }
}

fn failed(error: &str) -> DeliveryOutcome {
    DeliveryOutcome::Failed { status: None, error: error.to_owned() }
}

fn secrets(app: &App, endpoint: &WebhookEndpoint) -> Option<Vec<String>> {
    let sealed = std::iter::once(&endpoint.secret).chain(endpoint.previous_secret.as_ref());
    sealed
        .map(|sealed| {
            let secret = app.seal().open(sealed, &endpoint.id.to_string()).ok()?;
            String::from_utf8(secret).ok()
        })
        .collect()
}

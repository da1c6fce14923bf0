//! Sends events to the order systems: at least once, "delivered" only after 2xx.

mod sender;

pub(super) use sender::Sender;

use crate::webhooks::signature_header;
use crate::workers::rounds::{self, Places};
use crate::{App, Failure};
use std::sync::Arc;
use tk_domain::id::TenantId;
use tk_domain::moment::SECOND_US;
use tk_domain::webhook::{Delivery, DeliveryOutcome, Event, TakeDeliveryOutcome, WebhookEndpoint};

/// Works until dropped.
pub(super) async fn run(app: App, sender: Sender) {
    let sender = Arc::new(sender);
    let limits = app.config().workers;
    let mut places = Places::new(limits.webhooks_max, limits.claim_max);
    loop {
        let outcome = round(&app, &sender, &mut places).await;
        rounds::pause(&app, outcome).await;
    }
}

async fn round(app: &App, sender: &Arc<Sender>, places: &mut Places) -> Result<usize, Failure> {
    let now_us = app.now_us();
    let mut sent = 0_usize;
    for tenant in app.reader().tenants_with_due(now_us).await?.iter().filter(|due| due.deliveries) {
        let tenant_id = tenant.tenant_id;
        let free = places.free_of(tenant_id);
        if free == 0 {
            // Its rows wait; the next round comes as after a busy one.
            sent = sent.max(1);
            continue;
        }
        let due = app.reader().claim_deliveries(tenant_id, rounds::lease(app, free)).await?;
        sent = sent.saturating_add(due.len());
        for delivery in due {
            let Some(place) = places.take(tenant_id).await else { return Ok(sent) };
            let (app, sender) = (app.clone(), Arc::clone(sender));
            tokio::spawn(async move {
                if let Err(failure) = send(&app, &sender, tenant_id, &delivery).await {
                    tracing::warn!(%failure, delivery = %delivery.id, "a webhook's outcome was not noted");
                }
                drop(place);
            });
        }
    }
    Ok(sent)
}

async fn send(app: &App, sender: &Sender, tenant_id: TenantId, delivery: &Delivery) -> Result<(), Failure> {
    let keys = (&(tenant_id, delivery.endpoint_id), &(tenant_id, delivery.event_id));
    let outcome = match app.reader().get_two::<WebhookEndpoint, Event>(keys).await? {
        (Some(endpoint), Some(event)) if endpoint.enabled => {
            let timestamp_s = app.now_us().div_euclid(SECOND_US);
            let id = event.id.to_string();
            match secrets(app, &endpoint) {
                Some(secrets) => {
                    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
                    let signature = signature_header(&secrets, &id, timestamp_s, &event.body);
                    sender.post(&endpoint, &id, (timestamp_s, &signature), event.body).await
                }
                None => DeliveryOutcome::Failed { status: None, error: "secret does not open".to_owned() },
            }
        }
        (Some(_) | None, _) => {
            DeliveryOutcome::Failed { status: None, error: "endpoint is switched off".to_owned() }
        }
    };
    app.submit(TakeDeliveryOutcome { tenant_id, delivery_id: delivery.id, outcome }).await.map(drop)
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

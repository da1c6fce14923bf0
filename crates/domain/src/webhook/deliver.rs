//! What follows from one try to deliver an event.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{DeliveryId, TenantId};
use crate::moment::{DAY_US, HOUR_US, MINUTE_US, Moment, SECOND_US};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::webhook::{Delivery, DeliveryStatus};
use serde_json::json;

/// After this long a delivery is a dead letter.
const GIVE_UP_AFTER_US: i64 = 3 * DAY_US;

/// How long after try number `tries` the next follows, before jitter: about ten tries over three days.
#[must_use]
pub const fn next_delivery_delay_us(tries: i64) -> i64 {
    match tries {
        i64::MIN..=1 => 5 * SECOND_US,
        2 => MINUTE_US,
        3 => 5 * MINUTE_US,
        4 => 30 * MINUTE_US,
        5 => 2 * HOUR_US,
        6 => 5 * HOUR_US,
        7 => 10 * HOUR_US,
        8 => 14 * HOUR_US,
        9 => 18 * HOUR_US,
        _ => 22 * HOUR_US,
    }
}

/// What the endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// 2xx (and the text `success` where the endpoint needs it).
    Delivered { status: i64 },
    /// 410: the address that was tried wants nothing more.
    Gone { url: String },
    /// Anything else, or nothing.
    Failed { status: Option<i64>, error: String },
}

/// Notes the outcome of one try.
#[derive(Debug, Clone)]
pub struct TakeDeliveryOutcome {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The delivery tried.
    pub delivery_id: DeliveryId,
    /// What came of it.
    pub outcome: DeliveryOutcome,
}

impl TakeDeliveryOutcome {
    /// Whether the endpoint has another address by now, at which the event is still wanted.
    fn replaced(&self, delivery: &Delivery, url: &str, snapshot: &Snapshot) -> bool {
        let endpoint = snapshot.webhook_endpoints.get(&(self.tenant_id, delivery.endpoint_id));
        endpoint.is_some_and(|endpoint| endpoint.enabled && endpoint.url != url)
    }

    fn later(&self, delivery: &mut Delivery, moment: &mut Moment<'_>) {
        let (status, error) = match &self.outcome {
            DeliveryOutcome::Failed { status, error } => (*status, error.as_str()),
            DeliveryOutcome::Gone { .. } => (Some(410), "the address was replaced meanwhile"),
            DeliveryOutcome::Delivered { .. } => return,
        };
        delivery.last_status = status;
        delivery.last_error = Some(error.chars().take(200).collect());
        let delay_us = jittered(next_delivery_delay_us(delivery.tries), moment);
        delivery.due_at_us = moment.after(delay_us);
        if delivery.due_at_us.saturating_sub(delivery.created_at_us) > GIVE_UP_AFTER_US {
            delivery.status = DeliveryStatus::Dead;
        }
    }

    fn endpoint(
        &self,
        delivery: &Delivery,
        snapshot: &Snapshot,
        changes: &mut Changes,
        moment: &mut Moment<'_>,
    ) {
        let Some(endpoint) = snapshot.webhook_endpoints.get(&(self.tenant_id, delivery.endpoint_id)) else {
            return;
        };
        let mut endpoint = endpoint.clone();
        match &self.outcome {
            DeliveryOutcome::Delivered { .. } => endpoint.failing_since_us = None,
            // An address that was replaced while it was being told speaks for itself only.
            DeliveryOutcome::Gone { url } if *url == endpoint.url && endpoint.enabled => {
                endpoint.enabled = false;
                let detail = json!({ "enabled": false, "because": "410", "delivery": delivery.id });
                let origin = Origin::system();
                let audited = (self.tenant_id, &origin);
                changes.audit(audited, Act::WebhookEndpointWrite, &endpoint.id, &detail, moment);
            }
            DeliveryOutcome::Gone { .. } => {}
            DeliveryOutcome::Failed { .. } => {
                endpoint.failing_since_us.get_or_insert(moment.now_us);
            }
        }
        if snapshot.webhook_endpoints.get(&(self.tenant_id, delivery.endpoint_id)) != Some(&endpoint) {
            changes.put(endpoint);
        }
    }
}

/// The delay give or take a tenth.
fn jittered(delay_us: i64, moment: &mut Moment<'_>) -> i64 {
    let spread = delay_us.div_euclid(5).max(1);
    let bits = i64::try_from(moment.random_bits() & 0xFFFF_FFFF).unwrap_or(0);
    delay_us.saturating_sub(spread.div_euclid(2)).saturating_add(bits.rem_euclid(spread))
}

impl Command for TakeDeliveryOutcome {
    type Reply = Delivery;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Delivery(self.tenant_id, self.delivery_id));
        wants.add(Want::WebhookEndpoints(self.tenant_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Delivery>, Refusal> {
        let delivery = snapshot
            .deliveries
            .get(&(self.tenant_id, self.delivery_id))
            .ok_or(Refusal::NotFound { what: "delivery" })?;
        if delivery.status == DeliveryStatus::Delivered {
            return Ok(Decision::nothing(delivery.clone()));
        }
        let mut delivery = delivery.clone();
        delivery.lease_until_us = 0;
        match &self.outcome {
            DeliveryOutcome::Delivered { status } => {
                delivery.status = DeliveryStatus::Delivered;
                delivery.last_status = Some(*status);
                delivery.last_error = None;
                delivery.delivered_at_us = Some(moment.now_us);
            }
            DeliveryOutcome::Gone { url } if !self.replaced(&delivery, url, snapshot) => {
                delivery.status = DeliveryStatus::Dead;
                delivery.last_status = Some(410);
            }
            DeliveryOutcome::Gone { .. } | DeliveryOutcome::Failed { .. } => {
                self.later(&mut delivery, moment);
            }
        }
        let mut changes = Changes::default();
        self.endpoint(&delivery, snapshot, &mut changes, moment);
        changes.put(delivery.clone());
        Ok(Decision::new(delivery, changes))
    }
}

/// Sends an event again to one endpoint, by hand: the same event id and body.
#[derive(Debug, Clone)]
pub struct RedeliverEvent {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The delivery to repeat.
    pub delivery_id: DeliveryId,
    /// Who asks.
    pub origin: Origin,
}

impl Command for RedeliverEvent {
    type Reply = Delivery;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Delivery(self.tenant_id, self.delivery_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Delivery>, Refusal> {
        let delivery = snapshot
            .deliveries
            .get(&(self.tenant_id, self.delivery_id))
            .ok_or(Refusal::NotFound { what: "delivery" })?;
        let mut delivery = delivery.clone();
        delivery.status = DeliveryStatus::Pending;
        delivery.due_at_us = moment.now_us;
        delivery.lease_until_us = 0;
        delivery.tries = 0;
        delivery.created_at_us = moment.now_us;
        delivery.delivered_at_us = None;
        let mut changes = Changes::default();
        let detail = json!({ "event": delivery.event_id, "endpoint": delivery.endpoint_id });
        changes.audit((self.tenant_id, &self.origin), Act::EventRedeliver, &delivery.id, &detail, moment);
        changes.put(delivery.clone());
        Ok(Decision::new(delivery, changes))
    }
}

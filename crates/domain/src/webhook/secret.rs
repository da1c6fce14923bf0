//! A new signing secret, and an event to try an endpoint with.

use super::save::{find, write};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{EventId, TenantId, TypedId, WebhookEndpointId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::view::event_body;
use crate::webhook::{Event, EventKind, WebhookEndpoint};
use serde_json::json;

/// Gives an endpoint a new secret; the one before it signs too until the next rotation.
#[derive(Debug, Clone)]
pub struct RotateWebhookSecret {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which.
    pub webhook_endpoint_id: WebhookEndpointId,
    /// The new secret, sealed.
    pub secret: Vec<u8>,
    /// Who asks.
    pub origin: Origin,
}

impl Command for RotateWebhookSecret {
    type Reply = WebhookEndpoint;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::WebhookEndpoints(self.tenant_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<WebhookEndpoint>, Refusal> {
        let stored = find(snapshot, self.tenant_id, self.webhook_endpoint_id)?;
        let endpoint = WebhookEndpoint {
            secret: self.secret.clone(),
            previous_secret: Some(stored.secret.clone()),
            ..stored.clone()
        };
        let mut changes = Changes::default();
        write(&endpoint, "secret_rotated", &self.origin, &mut changes, moment);
        Ok(Decision::new(endpoint, changes))
    }
}

/// Sends one endpoint an event of kind `test`, whatever kinds it wants.
#[derive(Debug, Clone)]
pub struct SendTestEvent {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which endpoint.
    pub webhook_endpoint_id: WebhookEndpointId,
    /// Who asks.
    pub origin: Origin,
}

impl SendTestEvent {
    fn event(&self, moment: &mut Moment<'_>) -> Event {
        let id = EventId::new(moment);
        let data = json!({ "object": "webhook_endpoint", "id": self.webhook_endpoint_id });
        Event {
            tenant_id: self.tenant_id,
            id,
            kind: EventKind::Test,
            object_id: self.webhook_endpoint_id.id128(),
            object: self.webhook_endpoint_id.to_string(),
            object_seq: 1,
            body: event_body(id, EventKind::Test, 1, &data, moment),
            created_at_us: moment.now_us,
            lane: 0,
            lane_seq: 0,
        }
    }
}

impl Command for SendTestEvent {
    type Reply = Event;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::WebhookEndpoints(self.tenant_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Event>, Refusal> {
        let endpoint = find(snapshot, self.tenant_id, self.webhook_endpoint_id)?;
        if !endpoint.enabled {
            return Err(Refusal::FieldInvalid { param: "enabled", reason: "the endpoint is switched off" });
        }
        let event = self.event(moment);
        let mut changes = Changes::default();
        let detail = json!({ "event": event.id, "endpoint": endpoint.id, "what": "test" });
        changes.audit((self.tenant_id, &self.origin), Act::EventRedeliver, &endpoint.id, &detail, moment);
        changes.put(event.clone());
        Ok(Decision::new(event, changes))
    }
}

//! Creating and changing webhook endpoints. Secrets arrive sealed.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{TenantId, WebhookEndpointId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::webhook::WebhookEndpoint;
use serde_json::json;

/// Webhook endpoints that a tenant may have.
pub const WEBHOOK_ENDPOINTS_MAX: i64 = 50;

/// What may be said about an endpoint; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct EndpointTerms {
    /// The address; its form was checked by the caller, its target is checked at every sending.
    pub url: Option<String>,
    /// Event words wanted, a JSON array; `Some(None)` means all.
    pub kinds: Option<Option<String>>,
    /// Whether an answer counts only if its body is the text `success`.
    pub ack_body_success: Option<bool>,
    /// Whether events are sent.
    pub enabled: Option<bool>,
}

/// Creates a webhook endpoint.
#[derive(Debug, Clone)]
pub struct CreateWebhookEndpoint {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The identifier, drawn by the caller because the secret is sealed for it.
    pub webhook_endpoint_id: WebhookEndpointId,
    /// The address; its form was checked by the caller.
    pub url: String,
    /// The rest of the terms.
    pub terms: EndpointTerms,
    /// The signing secret, sealed.
    pub secret: Vec<u8>,
    /// Who asks.
    pub origin: Origin,
}

impl Command for CreateWebhookEndpoint {
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
        let count = i64::try_from(snapshot.webhook_endpoints_of(self.tenant_id).count()).unwrap_or(i64::MAX);
        if count >= WEBHOOK_ENDPOINTS_MAX {
            return Err(Refusal::LimitReached { what: "webhook_endpoints", max: WEBHOOK_ENDPOINTS_MAX });
        }
        let endpoint = WebhookEndpoint {
            tenant_id: self.tenant_id,
            id: self.webhook_endpoint_id,
            url: self.url.clone(),
            kinds: self.terms.kinds.clone().flatten(),
            secret: self.secret.clone(),
            previous_secret: None,
            ack_body_success: self.terms.ack_body_success.unwrap_or(false),
            enabled: self.terms.enabled.unwrap_or(true),
            failing_since_us: None,
            created_at_us: moment.now_us,
            version: 0,
        };
        let mut changes = Changes::default();
        write(&endpoint, "created", &self.origin, &mut changes, moment);
        Ok(Decision::new(endpoint, changes))
    }
}

/// Changes a webhook endpoint; switching it off is how it is deleted, so that its deliveries stay readable.
#[derive(Debug, Clone)]
pub struct UpdateWebhookEndpoint {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which.
    pub webhook_endpoint_id: WebhookEndpointId,
    /// What changes.
    pub terms: EndpointTerms,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UpdateWebhookEndpoint {
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
        let terms = &self.terms;
        let endpoint = WebhookEndpoint {
            url: terms.url.clone().unwrap_or_else(|| stored.url.clone()),
            kinds: terms.kinds.clone().unwrap_or_else(|| stored.kinds.clone()),
            ack_body_success: terms.ack_body_success.unwrap_or(stored.ack_body_success),
            enabled: terms.enabled.unwrap_or(stored.enabled),
            ..stored.clone()
        };
        if endpoint == *stored {
            return Ok(Decision::nothing(endpoint));
        }
        let mut changes = Changes::default();
        write(&endpoint, "changed", &self.origin, &mut changes, moment);
        Ok(Decision::new(endpoint, changes))
    }
}

pub(super) fn find(
    snapshot: &Snapshot,
    tenant_id: TenantId,
    id: WebhookEndpointId,
) -> Result<&WebhookEndpoint, Refusal> {
    snapshot.webhook_endpoints.get(&(tenant_id, id)).ok_or(Refusal::NotFound { what: "webhook_endpoint" })
}

pub(super) fn write(
    endpoint: &WebhookEndpoint,
    what: &'static str,
    origin: &Origin,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    let detail = json!({
        "what": what, "url": endpoint.url, "kinds": endpoint.kinds,
        "ack_body_success": endpoint.ack_body_success, "enabled": endpoint.enabled,
    });
    let who = (endpoint.tenant_id, origin);
    changes.audit(who, Act::WebhookEndpointWrite, &endpoint.id, &detail, moment);
    changes.put(endpoint.clone());
}

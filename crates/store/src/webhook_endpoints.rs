//! Where events are sent.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{TenantId, WebhookEndpointId};
use tk_domain::webhook::WebhookEndpoint;

record! {
    WebhookEndpoint in "webhook_endpoints", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: WebhookEndpointId,
    url: String,
    kinds: Option<String>,
    secret: Vec<u8>,
    previous_secret: Option<Vec<u8>>,
    ack_body_success: bool,
    enabled: bool,
    failing_since_us: Option<i64>,
    created_at_us: i64,
    version: i64,
}
decided!(WebhookEndpoint, webhook_endpoints);

impl Store {
    /// Webhook endpoints, newest first.
    pub async fn webhook_endpoints(
        &self,
        tenant_id: TenantId,
        page: Page,
    ) -> Result<Listed<WebhookEndpoint>, Failure> {
        self.list(Query::of(tenant_id), page).await
    }
}

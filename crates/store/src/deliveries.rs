//! Events on their way to endpoints.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{DeliveryId, EventId, TenantId, WebhookEndpointId};
use tk_domain::webhook::{Delivery, DeliveryStatus};

record! {
    Delivery in "deliveries", keys 2, Fresh, Locked, frozen [
        "event_id",
        "endpoint_id",
    ];
    tenant_id: TenantId,
    id: DeliveryId,
    event_id: EventId,
    endpoint_id: WebhookEndpointId,
    status: DeliveryStatus,
    due_at_us: i64,
    lease_until_us: i64,
    tries: i64,
    last_status: Option<i64>,
    last_error: Option<String>,
    created_at_us: i64,
    delivered_at_us: Option<i64>,
    version: i64,
}
decided!(Delivery, deliveries);

/// Which deliveries a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint_id: Option<WebhookEndpointId>,
    /// Of this event.
    pub event_id: Option<EventId>,
    /// In this status; `dead` is the dead-letter list.
    pub status: Option<DeliveryStatus>,
}

impl Store {
    /// Deliveries, newest first.
    pub async fn deliveries(
        &self,
        tenant_id: TenantId,
        filter: DeliveryFilter,
        page: Page,
    ) -> Result<Listed<Delivery>, Failure> {
        let query = Query::of(tenant_id)
            .only("endpoint_id =", filter.endpoint_id)
            .only("event_id =", filter.event_id)
            .only("status =", filter.status);
        self.list(query, page).await
    }
}

//! Deliveries as published.

use serde::Serialize;
use tk_domain::moment::time_text;
use tk_domain::webhook::{Delivery, DeliveryStatus};
use utoipa::ToSchema;

/// One event on its way to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// `dlv_…`
    pub id: String,
    /// Always `delivery`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `evt_…`
    pub event: String,
    /// `whe_…`
    pub webhook_endpoint: String,
    /// `pending`, `delivered` or `dead`.
    pub status: &'static str,
    /// Times tried.
    pub tries: i64,
    /// The last answer's HTTP status.
    pub last_status: Option<i64>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When the next try is due, RFC 3339.
    pub due_at: Option<String>,
    /// RFC 3339.
    pub delivered_at: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl DeliveryView {
    /// The published form.
    #[must_use]
    pub fn of(delivery: &Delivery, live: bool) -> Self {
        let pending = delivery.status == DeliveryStatus::Pending;
        Self {
            id: delivery.id.to_string(),
            object: "delivery",
            livemode: live,
            event: delivery.event_id.to_string(),
            webhook_endpoint: delivery.endpoint_id.to_string(),
            status: delivery.status.word(),
            tries: delivery.tries,
            last_status: delivery.last_status,
            last_error: delivery.last_error.clone(),
            due_at: pending.then(|| time_text(delivery.due_at_us)),
            delivered_at: delivery.delivered_at_us.map(time_text),
            created: time_text(delivery.created_at_us),
        }
    }
}

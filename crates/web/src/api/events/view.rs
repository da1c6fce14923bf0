//! Events as published: as delivered.

use serde::Serialize;
use serde_json::Value;
use tk_domain::webhook::Event;
use utoipa::ToSchema;

/// An event: the very body that is delivered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// `evt_…`
    pub id: Value,
    /// Always `event`.
    pub object: &'static str,
    /// What happened, such as `payment.succeeded`.
    pub r#type: Value,
    /// RFC 3339.
    pub timestamp: Value,
    /// Whether real money is concerned.
    pub livemode: Value,
    /// Counts the events of the object from 1.
    pub object_seq: Value,
    /// The object as it was then.
    pub data: Value,
}

impl EventView {
    /// The published form.
    #[must_use]
    pub fn of(event: &Event, _live: bool) -> Self {
        let mut body: Value = serde_json::from_str(&event.body).unwrap_or(Value::Null);
        let mut part = |name: &str| body.get_mut(name).map_or(Value::Null, Value::take);
        Self {
            id: part("id"),
            object: "event",
            r#type: part("type"),
            timestamp: part("timestamp"),
            livemode: part("livemode"),
            object_seq: part("object_seq"),
            data: part("data"),
        }
    }
}

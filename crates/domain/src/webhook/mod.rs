//! Events and their way to the order systems.

mod event;

pub use event::{Delivery, DeliveryStatus, Event, EventKind, WebhookEndpoint};

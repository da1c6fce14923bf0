//! Events and their way to the order systems.

mod deliver;
mod event;

pub use deliver::{DeliveryOutcome, RedeliverEvent, TakeDeliveryOutcome, next_delivery_delay_us};
pub use event::{Delivery, DeliveryStatus, Event, EventKind, WebhookEndpoint};

//! Events and their way to the order systems.

mod deliver;
mod event;
mod save;
mod secret;
#[cfg(test)]
mod tests;

pub use deliver::{DeliveryOutcome, RedeliverEvent, TakeDeliveryOutcome, next_delivery_delay_us};
pub use event::{Delivery, DeliveryStatus, Event, EventKind, WebhookEndpoint};
pub use save::{CreateWebhookEndpoint, EndpointTerms, UpdateWebhookEndpoint, WEBHOOK_ENDPOINTS_MAX};
pub use secret::{RotateWebhookSecret, SendTestEvent};

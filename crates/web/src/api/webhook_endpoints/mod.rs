//! `/v1/webhook_endpoints`.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod rotation;
pub mod test_events;
pub mod update;
mod view;

pub use view::{WebhookEndpointView, checked_url, kind_words, sealed_secret};

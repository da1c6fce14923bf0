//! `/v1/deliveries`: events on their way, and dead letters.

pub mod get;
pub mod list;
mod view;

pub use view::DeliveryView;

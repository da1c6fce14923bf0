//! `/v1/events`.

pub mod feed;
pub mod get;
pub mod list;
pub mod redelivery;
mod view;

pub use view::EventView;

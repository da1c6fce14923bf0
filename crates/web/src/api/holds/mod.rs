//! `/v1/holds`.

pub mod get;
pub mod list;
mod view;

pub use view::HoldView;

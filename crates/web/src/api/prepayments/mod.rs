//! `/v1/prepayments`: what was paid in advance for a stay or case, and what was drawn of it.

pub mod draws;
pub mod get;
pub mod list;
mod view;

pub use view::{DrawView, PrepaymentView};

//! `/v1/products`.

pub mod create;
pub mod get;
pub mod list;
pub mod update;
mod view;

pub use view::ProductView;

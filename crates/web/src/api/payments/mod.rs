//! `/v1/payments`.

pub mod amount_parts;
pub mod closure;
pub mod create;
pub mod get;
pub mod list;
pub mod parts;
pub mod queries;
pub mod update;
mod view;

pub use view::published;

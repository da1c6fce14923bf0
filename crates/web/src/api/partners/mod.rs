//! `/v1/partners`: who brings payers. Each change names the person who makes it.

pub mod create;
pub mod get;
pub mod list;
pub mod update;
mod view;

pub use view::PartnerView;

//! `/v1/merchants`.

pub mod create;
pub mod get;
pub mod list;
pub mod update;
mod view;

pub use view::{FeeTerms, MerchantView};

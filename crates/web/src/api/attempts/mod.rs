//! `/v1/payments/{id}/attempts`.

pub mod create;
pub mod get;
pub mod list;

//! `/v1/refunds`.

pub mod abandonment;
pub mod cancellation;
pub mod create;
pub mod get;
pub mod list;
pub mod queries;

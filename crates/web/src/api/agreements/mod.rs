//! `/v1/agreements`: cards that payers opened for payment by token; the token itself stays inside.

pub mod cancellation;
pub mod get;
pub mod list;

//! UnionPay 全渠道 5.1.0: signing, replies, notifications, sensitive fields, batch and settlement files.

pub mod amount;
pub mod batch;
pub mod braces;
pub mod content;
pub mod message;
pub mod notify;
pub mod reply;
pub mod request;
pub mod sensitive;
pub mod settlement;
pub mod sign;
pub mod time;
pub mod trust;

pub use crate::charset::Charset;
pub use crate::form::Params;

/// The only interface version spoken (unionpay.md §2).
pub const VERSION: &str = "5.1.0";
/// Renminbi in `currencyCode` (ISO 4217 numeric).
pub const CNY: &str = "156";

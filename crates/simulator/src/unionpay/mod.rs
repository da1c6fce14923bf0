//! UnionPay's gateway with its own truth books, wire protocol, payer's page, notifications and settlement files.

pub mod core;
pub mod http;
pub mod keys;

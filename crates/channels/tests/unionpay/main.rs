//! The UnionPay adapter over HTTP through its simulator.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

mod bench;
mod callbacks;
mod orders;
mod refunds;
#[path = "../rows/mod.rs"]
mod rows;
mod settings;
mod sub_merchants;
mod tokens;

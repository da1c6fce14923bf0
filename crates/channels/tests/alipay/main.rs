//! Tables of what Alipay's answers, calls, callbacks and keys mean.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod call;
mod callback;
mod credentials;
mod report;
#[path = "../rows/mod.rs"]
mod rows;

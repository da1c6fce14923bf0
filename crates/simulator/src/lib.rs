//! Plays the channels with their own truth books and faults.

pub mod bank;
pub mod core;
pub mod http;
pub mod identity;
pub mod journal;
pub mod keys;
mod look;
pub mod unionpay;

//! Fulfilments: what the order system reports about policies, and the lists of what is missing.

pub mod get;
pub mod list;
pub mod report;

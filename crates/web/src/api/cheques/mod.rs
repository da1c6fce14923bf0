//! Cheques: received, presented, cleared or bounced.

pub mod create;
pub mod get;
pub mod list;
pub mod steps;

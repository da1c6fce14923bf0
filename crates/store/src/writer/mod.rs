//! Group commit: everything that waits is decided in memory, written once per table, committed, then answered.
//!
//! There is no timer. Correctness rests on versions and unique keys; locks and lanes only save work.

mod batch;
pub mod job;
mod lane;
pub mod queue;
pub mod request;

pub use lane::Lane;

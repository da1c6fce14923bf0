//! Use cases of payments that have to hear from a channel before they can answer.

mod close;
mod query;
mod start_attempt;

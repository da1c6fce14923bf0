//! Deterministic simulation of the whole: one thread, one queue, a clock that only the queue moves.
//!
//! A seed draws who takes part and which faults strike. Commands run over a store in memory by the same
//! [`tk_domain::snapshot::Snapshot::apply`] as in production; the channel keeps its own truth books; a checker
//! of its own holds every commit to the invariants, and when the faults have stopped the books are compared
//! with the channel's truth to the fen.

mod actors;
mod agenda;
mod callbacks;
mod checker;
mod conversation;
mod desk;
mod flight;
mod hall;
mod heal;
mod host;
mod items;
mod parties;
mod parts;
#[cfg(feature = "planted")]
mod planted;
mod queue;
mod run;
mod seller;
mod setup;
mod store;
mod story;
mod tally;
mod trace;
mod webhook;
mod world;

pub use run::{Catch, Options, Summary, Violation, run, trace_hash};

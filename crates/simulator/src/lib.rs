//! Plays the channels with their own truth books and faults.

pub mod core;

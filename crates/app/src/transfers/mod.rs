//! The transfer desk: taking statements and slips, and matching what they tell.

mod blind;
mod matching;
mod take;

pub use matching::MatchingDone;
pub use take::{Bring, Slip, party_of};

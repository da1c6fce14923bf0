//! The transfer desk: taking statements and slips, and matching what they tell.

mod blind;
mod follow;
mod look;
mod matching;
mod take;

pub use look::DeskLooked;
pub use matching::MatchingDone;
pub(crate) use take::Noted;
pub use take::{Bring, Slip, StatementFailure, party_of};

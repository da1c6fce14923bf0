//! What can be made to go wrong with one question of a direct link.

use crate::bank::Spoiled;
use serde::{Deserialize, Serialize};

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BankFault {
    /// HTTP 503.
    Down,
    /// HTTP 403, whatever the token.
    TurnedAway,
    /// The answer comes this much later.
    Slow {
        /// Milliseconds, a minute at most.
        after_ms: u64,
    },
    /// The connection breaks off in the middle of the file.
    Cut,
    /// There is no such statement yet.
    Late,
    /// The file that was given the time before comes again.
    SameFile,
    /// Something is wrong with the file, and the bank signs it.
    File {
        /// What.
        wrong: Spoiled,
    },
    /// The file has the signature of somebody else, or none where the bank signs nothing.
    Forged,
}

/// The longest that an answer is kept back, milliseconds.
pub(super) const SLOW_MAX_MS: u64 = 60_000;

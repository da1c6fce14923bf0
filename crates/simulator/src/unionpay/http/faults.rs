//! What can be made to go wrong with one request.

use serde::{Deserialize, Serialize};

/// Whether a disturbed request was carried out all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    None,
    Done,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The connection breaks off without an answer.
    Lost { effect: Effect },
    /// HTTP 502 with a page of HTML.
    ServerError { effect: Effect },
    /// An answer that is no answer.
    Garbage,
    /// The answer stops in its middle.
    Truncated,
    /// The answer is in GBK and says that it is UTF-8.
    OtherCharset,
    /// No body at all, with status 200.
    Empty,
    /// HTTP 429.
    Limited,
    /// The answer comes this much later.
    Slow { after_ms: u64 },
    /// A question is answered as if the trade were not known.
    NotFound,
    /// The request is carried out only after the next question.
    LandsAfterQuery,
    /// The same, and yet it is answered as taken.
    AcceptedLater,
    /// The next notification states another amount.
    NotifyWrongAmount { by_fen: i64 },
}

/// A fault for the next request of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    pub fault: Fault,
    /// `txnType`; any when absent.
    #[serde(default)]
    pub txn_type: Option<String>,
}

impl Fault {
    /// Whether a request that meets it is carried out at once.
    pub(super) const fn is_enacted(self) -> bool {
        match self {
            Self::Lost { effect } | Self::ServerError { effect } => matches!(effect, Effect::Done),
            Self::Garbage | Self::Truncated | Self::OtherCharset | Self::Empty | Self::Slow { .. } => true,
            Self::Limited
            | Self::NotFound
            | Self::LandsAfterQuery
            | Self::AcceptedLater
            | Self::NotifyWrongAmount { .. } => false,
        }
    }
}

//! What every conversation needs besides the contract: the HTTP client, turns and the time; and why one never began.

use crate::http::Http;
use crate::permits::Permits;
use tk_domain::id::ChannelAccountId;
use tokio::sync::OwnedSemaphorePermit;

/// A line to a channel, held for one conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub http: &'a Http,
    pub permits: &'a Permits,
    pub account_id: ChannelAccountId,
    /// Unix microseconds.
    pub now_us: i64,
}

impl Line<'_> {
    /// The contract's turn; nothing if none became free in time.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.take(self.account_id).await
    }
}

/// Why nothing left us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// Too many conversations of the same contract are under way.
    #[error("busy")]
    Busy,
    /// The call was no longer worth sending.
    #[error("expired")]
    Expired,
    /// The call could not be written or signed; the text says why.
    #[error("{0}")]
    Refused(String),
}

//! What every conversation needs besides the contract: the HTTP client, turns and the time.

use crate::http::Http;
use crate::permits::Permits;
use tk_domain::id::ChannelAccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A line to a channel, held for one conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub http: &'a Http,
    /// Bounds the signatures made at once.
    pub signers: &'a Semaphore,
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

    /// Runs work that keeps a core busy on the blocking pool, as much at once as `signers` allows; nothing when
    /// the process is stopping.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _permit = self.signers.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }
}

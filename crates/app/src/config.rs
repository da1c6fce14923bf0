//! What an application is put together with.

use std::fmt;
use std::path::PathBuf;

/// How much the workers do at once.
#[derive(Debug, Clone, Copy)]
pub struct WorkerLimits {
    /// Conversations with channels at once.
    pub conversations_max: usize,
    /// Webhooks being sent at once.
    pub webhooks_max: usize,
    /// Rows claimed per tenant and round; no more of one tenant are under way at once.
    pub claim_max: i64,
    /// How long a worker has a claimed row, microseconds; longer than any conversation may last.
    pub lease_us: i64,
    /// How long between two looks for due rows, microseconds.
    pub pause_us: i64,
    /// How long after a busy round the next one waits, microseconds, so that rows due by then are claimed together.
    pub gather_us: i64,
    /// How long a process that ends waits for the conversations under way, microseconds.
    pub stop_us: i64,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self {
            conversations_max: 256,
            webhooks_max: 256,
            claim_max: 64,
            lease_us: 60_000_000,
            pause_us: 200_000,
            gather_us: 20_000,
            stop_us: 10_000_000,
        }
    }
}

/// What an application is put together with.
#[derive(Clone)]
pub struct AppConfig {
    /// Where payers and channels reach us.
    pub base_url: String,
    /// Whether the installation moves real money.
    pub live: bool,
    /// 32 or more secret bytes from which all keys of the installation derive.
    pub master_key: Vec<u8>,
    /// How much the workers do at once.
    pub workers: WorkerLimits,
    /// Where banks put files, for direct links by folder; none where no bank may.
    pub bank_files: Option<PathBuf>,
}

impl fmt::Debug for AppConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppConfig")
            .field("base_url", &self.base_url)
            .field("live", &self.live)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

impl AppConfig {
    /// Whether channels and webhooks may be on this host itself: only where no real money moves.
    #[must_use]
    pub const fn loopback_allowed(&self) -> bool {
        !self.live
    }
}

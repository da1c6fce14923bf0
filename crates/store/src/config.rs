//! Where the data is, what is injected, and the limits.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Source {
    /// `books.db` in this directory.
    Sqlite(PathBuf),
    /// A PostgreSQL database by its connection string.
    Postgres(String),
}

/// The clock and the source of unguessable bits.
pub trait Ambient: Send + Sync + 'static {
    /// Unix microseconds, UTC.
    fn now_us(&self) -> i64;
    /// 128 random bits.
    fn bits(&self) -> u128;
}

/// How many commands share a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    /// All that wait, up to the batch limit.
    Grouped,
    /// Each one alone: the conventional way, kept for measuring.
    PerStep,
}

/// A hook called at named points: of the writer `mid_batch` and `after_commit_before_reply`, of the workers
/// `after_commit_before_channel` and `after_channel_before_commit`.
pub type Failpoints = Arc<dyn Fn(&'static str) + Send + Sync>;

/// Limits and ways of working.
#[derive(Clone)]
pub struct StoreConfig {
    /// Whether the installation moves real money; decisions write it into events.
    pub live: bool,
    /// How many commands share a commit.
    pub commits: Commits,
    /// The most commands in one commit.
    pub batch_max: usize,
    /// How far apart the beginnings of a busy lane's batches are at least, microseconds, so that few commits carry many
    /// commands; a batch after one of a few commands does not wait.
    pub gather_us: i64,
    /// The most commands that wait.
    pub queue_max: usize,
    /// Writer lanes of this process on PostgreSQL; SQLite has one.
    pub lanes: usize,
    /// Connections for reading.
    pub readers: usize,
    /// How often a batch runs again after conflicts with other writers.
    pub reruns_max: usize,
    /// How often a lost connection is tried again before waiting commands fail.
    pub reconnects_max: usize,
    /// Called at named points, for crash tests.
    pub failpoints: Failpoints,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            live: false,
            commits: Commits::Grouped,
            batch_max: 512,
            gather_us: 10_000,
            queue_max: 8_192,
            lanes: 2,
            readers: 4,
            reruns_max: 10,
            reconnects_max: 8,
            failpoints: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("commits", &self.commits)
            .field("batch_max", &self.batch_max)
            .field("queue_max", &self.queue_max)
            .field("lanes", &self.lanes)
            .field("readers", &self.readers)
            .finish_non_exhaustive()
    }
}

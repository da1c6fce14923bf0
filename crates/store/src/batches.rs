//! One row per commit, by which a commit whose answer was lost is found again.

use crate::record::{Record, record};
use crate::write::Write;
use tk_domain::id::Id128;

/// That a batch was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// Drawn for the batch.
    pub id: Id128,
    /// Unix microseconds.
    pub committed_at_us: i64,
}

record! {
    BatchRow in "platform_batches", keys 1, Contended, Unlocked;
    id: Id128,
    committed_at_us: i64,
}

/// The row as a write.
pub fn batch_write(row: &BatchRow) -> Write {
    let mut inserted = Vec::with_capacity(2);
    row.put(&mut inserted);
    Write { table: BatchRow::table(), inserted, updated: Vec::new() }
}

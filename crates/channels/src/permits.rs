//! How many conversations of one contract may be under way at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tk_domain::id::ChannelAccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most contracts that are counted; one more forgets those nobody is talking for.
const CONTRACTS_MAX: usize = 10_000;

/// Counts conversations per channel account.
#[derive(Debug)]
pub(crate) struct Permits {
    each: usize,
    wait: Duration,
    counters: Mutex<BTreeMap<ChannelAccountId, Arc<Semaphore>>>,
}

impl Permits {
    pub(crate) const fn new(each: usize, wait: Duration) -> Self {
        Self { each, wait, counters: Mutex::new(BTreeMap::new()) }
    }

    /// A permit for this channel account; nothing if none became free in time.
    pub(crate) async fn take(&self, account: ChannelAccountId) -> Option<OwnedSemaphorePermit> {
        let counter = self.counter(account);
        if let Ok(permit) = Arc::clone(&counter).try_acquire_owned() {
            return Some(permit);
        }
        let waiting = counter.acquire_owned();
        tokio::time::timeout(self.wait, waiting).await.ok()?.ok()
    }

    fn counter(&self, account: ChannelAccountId) -> Arc<Semaphore> {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= CONTRACTS_MAX && !counters.contains_key(&account) {
            counters.retain(|_, counter| counter.available_permits() < self.each);
        }
        Arc::clone(counters.entry(account).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
    }
}

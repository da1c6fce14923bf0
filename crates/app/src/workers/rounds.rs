//! The pace of a worker's rounds, and how much of what they began may be under way.

use crate::App;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tk_domain::id::TenantId;
use tk_store::Lease;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What may be under way at once: of all tenants together, and of each, so that a slow endpoint or channel of one
/// leaves room for the others.
#[derive(Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    each: usize,
    tenants: Mutex<BTreeMap<TenantId, Arc<Semaphore>>>,
}

/// Room for one thing under way, until dropped.
#[derive(Debug)]
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_tenant: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(all: usize, each: i64) -> Self {
        let each = usize::try_from(each).unwrap_or(1).max(1);
        Self { all: Arc::new(Semaphore::new(all)), each, tenants: Mutex::default() }
    }

    fn tenants(&self) -> MutexGuard<'_, BTreeMap<TenantId, Arc<Semaphore>>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many more of this tenant may begin now.
    pub(super) fn free_of(&self, tenant_id: TenantId) -> i64 {
        let mut tenants = self.tenants();
        tenants.retain(|_, places| places.available_permits() < self.each);
        let free = tenants.get(&tenant_id).map_or(self.each, |places| places.available_permits());
        i64::try_from(free).unwrap_or(i64::MAX)
    }

    /// A place for one more of this tenant, as soon as there is one; none once nothing more begins.
    pub(super) async fn take(&self, tenant_id: TenantId) -> Option<Place> {
        let places = {
            let mut tenants = self.tenants();
            Arc::clone(tenants.entry(tenant_id).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        let of_tenant = places.acquire_owned().await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Place { _of_all: of_all, _of_tenant: of_tenant })
    }
}

/// Microseconds as a duration; nothing below zero.
pub(super) fn duration(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}

/// Waits for the next round: soon after a busy one, at once after one that left some behind, longer while storage
/// has trouble.
pub(super) async fn pause(app: &App, outcome: Result<usize, crate::Failure>) {
    let limits = app.config().workers;
    let pause_us = limits.pause_us;
    let full = usize::try_from(limits.claim_max).unwrap_or(usize::MAX);
    let pause = match outcome {
        Ok(0) => duration(pause_us),
        Ok(taken) if taken < full => duration(limits.gather_us),
        Ok(_) => Duration::ZERO,
        Err(failure) => {
            tracing::warn!(%failure, "a worker's round failed");
            duration(pause_us.saturating_mul(10))
        }
    };
    tokio::task::yield_now().await;
    tokio::time::sleep(pause).await;
}

/// The lease under which a worker claims at most `limit` rows now.
pub(super) fn lease(app: &App, limit: i64) -> Lease {
    Lease { now_us: app.now_us(), for_us: app.config().workers.lease_us, limit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tk_domain::id::Id128;

    #[tokio::test]
    async fn a_tenant_whose_places_are_taken_leaves_room_for_others() {
        let [slow, other] = [TenantId(Id128([1; 16])), TenantId(Id128([2; 16]))];
        let places = Places::new(3, 2);
        let held = [places.take(slow).await.unwrap(), places.take(slow).await.unwrap()];
        assert_eq!((places.free_of(slow), places.free_of(other)), (0, 2));
        let place = places.take(other).await.unwrap();
        drop(held);
        assert_eq!((places.free_of(slow), places.free_of(other)), (2, 1));
        drop(place);
        assert_eq!(places.free_of(other), 2);
        assert!(places.tenants().is_empty());
    }
}

//! Deliveries handed over to the process's own sender by the commit that made them: with a lease, and with all that
//! sending needs, so that nobody has to look for them, claim them or read them again.
//!
//! It only saves work: the rows are committed like any other, and whoever comes after the lease takes them over.

use crate::store::Store;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tk_domain::id::TenantId;
use tk_domain::snapshot::Snapshot;
use tk_domain::webhook::{Delivery, Event, WebhookEndpoint};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The most deliveries of one tenant that may be handed over and not yet begun; any more wait to be claimed.
const WAITING_OF_TENANT_MAX: usize = 1_000;
/// The most of all tenants together.
const WAITING_MAX: usize = 10_000;

/// A delivery just committed with a lease, and what it needs to be sent.
#[derive(Debug)]
pub struct FreshDelivery {
    /// The delivery, leased to this process.
    pub delivery: Delivery,
    /// What is sent.
    pub event: Event,
    /// Where to, as it stood at the commit.
    pub endpoint: WebhookEndpoint,
    /// Counts as waiting until dropped.
    pub waiting: Waiting,
}

/// One delivery that waits to be begun.
#[derive(Debug)]
pub struct Waiting {
    desk: Arc<Desk>,
    tenant_id: TenantId,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.desk.state();
        state.total = state.total.saturating_sub(1);
        if let Some(count) = state.tenants.get_mut(&self.tenant_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.tenants.remove(&self.tenant_id);
            }
        }
    }
}

/// Where the writer's lanes tell the rest of the process what they committed.
#[derive(Debug, Default)]
pub struct Desk {
    state: Mutex<State>,
    access_changes: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    open: Option<(i64, UnboundedSender<FreshDelivery>)>,
    tenants: BTreeMap<TenantId, usize>,
    total: usize,
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lease for new deliveries of a tenant; 0 where nobody listens or too many wait already.
    pub fn lease_us(&self, tenant_id: TenantId) -> i64 {
        let state = self.state();
        let waiting = state.tenants.get(&tenant_id).copied().unwrap_or_default();
        match &state.open {
            Some((lease_us, sender)) if !sender.is_closed() => {
                let room = waiting < WAITING_OF_TENANT_MAX && state.total < WAITING_MAX;
                if room { *lease_us } else { 0 }
            }
            Some(_) | None => 0,
        }
    }

    /// What a batch is about to commit with a lease; nothing where it makes no deliveries.
    pub fn gather(snapshot: &Snapshot) -> Vec<(Delivery, Event, WebhookEndpoint)> {
        let events = snapshot.appended.events.iter();
        let events: BTreeMap<_, _> = events.map(|event| (event.id, event)).collect();
        let leased = snapshot.deliveries.changed().filter(|slot| slot.stored_version.is_none());
        leased
            .map(|slot| &slot.row)
            .filter(|delivery| delivery.lease_until_us > 0)
            .filter_map(|delivery| {
                let key = (delivery.tenant_id, delivery.endpoint_id);
                let endpoint = snapshot.webhook_endpoints.get(&key)?;
                let event = *events.get(&delivery.event_id)?;
                Some((delivery.clone(), event.clone(), endpoint.clone()))
            })
            .collect()
    }

    /// Hands over what was committed.
    pub fn hand_over(self: &Arc<Self>, committed: Vec<(Delivery, Event, WebhookEndpoint)>) {
        for (delivery, event, endpoint) in committed {
            let tenant_id = delivery.tenant_id;
            let sender = {
                let mut state = self.state();
                let Some((_, sender)) = state.open.clone() else { return };
                *state.tenants.entry(tenant_id).or_default() += 1;
                state.total += 1;
                sender
            };
            let waiting = Waiting { desk: Arc::clone(self), tenant_id };
            // Where the sender has ended, others claim what it had after the lease.
            let _ = sender.send(FreshDelivery { delivery, event, endpoint, waiting });
        }
    }

    /// Says that a batch changed apps or keys.
    pub fn access_changed(&self) {
        self.access_changes.fetch_add(1, Ordering::SeqCst);
    }
}

impl Store {
    /// How often this process has committed a change of apps or keys: whoever remembers what one may do forgets it when
    /// this moves. Read it before the rows.
    pub fn access_changes(&self) -> u64 {
        self.desk().access_changes.load(Ordering::SeqCst)
    }

    /// From now on commits of this process lease their new deliveries for `lease_us` microseconds and hand them over
    /// here; at most some thousands wait, the rest is left to be claimed.
    pub fn hand_over_deliveries(&self, lease_us: i64) -> UnboundedReceiver<FreshDelivery> {
        let (sender, receiver) = unbounded_channel();
        self.desk().state().open = Some((lease_us, sender));
        receiver
    }
}

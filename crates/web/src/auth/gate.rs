//! What the doorkeeper remembers between requests, in this process only: rates of keys, requests under way,
//! codes. Nothing here is needed for correctness; that rests on the commit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tk_domain::access::{ApiKey, App};
use tk_domain::id::{ApiKeyId, Id128, TenantId};
use tk_domain::key::{IdempotencyName, NaturalKind};

/// Keys and sources remembered before the oldest thoughts are dropped.
const REMEMBERED_MAX: usize = 10_000;
/// How long a burst above the rate may last, in microseconds of requests saved up.
const BURST_US: i64 = 1_000_000;
/// How long a key is taken as it was read.
const KEY_KNOWN_US: i64 = 500_000;

/// What the doorkeeper remembers.
#[derive(Debug, Default)]
pub struct Gate {
    rates: Mutex<BTreeMap<ApiKeyId, i64>>,
    in_flight: Mutex<BTreeSet<IdempotencyName>>,
    codes: Mutex<BTreeMap<Id128, String>>,
    names: Mutex<BTreeMap<(TenantId, NaturalKind, String), Id128>>,
    keys: Mutex<Keys>,
}

/// Keys as they were read lately, by tenant and SHA-256 of their text.
type Keys = HashMap<(TenantId, Vec<u8>), (ReadAt, KnownKey)>;

/// A key and its app.
pub type KnownKey = (Arc<ApiKey>, Arc<App>);

/// When a key was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadAt {
    /// Unix microseconds.
    pub now_us: i64,
    /// Changes of apps and keys that this process had committed before.
    pub changes: u64,
}

impl Gate {
    /// Counts a request of a key; over its rate, the seconds until it may come again.
    ///
    /// Generic cell rate algorithm: per key only the time at which its saved-up requests are used up.
    pub fn over_rate(&self, key: ApiKeyId, rate_per_s: i64, now_us: i64) -> Option<i64> {
        let step_us = 1_000_000 / rate_per_s.max(1);
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if rates.len() >= REMEMBERED_MAX {
            rates.retain(|_, until_us| *until_us > now_us);
        }
        let until_us = rates.entry(key).or_insert(now_us);
        // A clock that was set back must not keep a key out for as long.
        let saved_us = (*until_us).min(now_us + BURST_US.max(step_us));
        let next_us = saved_us.max(now_us) + step_us;
        if next_us - now_us > BURST_US.max(step_us) {
            return Some(((next_us - now_us - BURST_US) / 1_000_000).max(0) + 1);
        }
        *until_us = next_us;
        None
    }

    /// Marks a request as under way; none if the same one already is.
    pub fn enter(self: &Arc<Self>, name: IdempotencyName) -> Option<InFlight> {
        let mut in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.insert(name.clone()).then(|| InFlight { gate: self.clone(), name })
    }

    /// A key as it was read within the last half second, if this process has changed none since.
    pub fn key(&self, (tenant_id, hash): (TenantId, &[u8]), now: ReadAt) -> Option<KnownKey> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, known) = keys.get(&(tenant_id, hash.to_vec()))?;
        // A clock that was set back makes nothing known for longer.
        let late = (0..KEY_KNOWN_US).contains(&(now.now_us - read_at.now_us));
        (late && read_at.changes == now.changes).then(|| known.clone())
    }

    /// Remembers a key; `read_at` was taken before it was read.
    pub fn learn_key(&self, known: KnownKey, read_at: ReadAt) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= REMEMBERED_MAX {
            keys.clear();
        }
        let name = (known.0.tenant_id, known.0.secret_hash.clone());
        keys.insert(name, (read_at, known));
    }

    /// The merchant or product that had this code before; codes never change.
    pub fn named(&self, tenant_id: TenantId, kind: NaturalKind, code: &str) -> Option<Id128> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(&(tenant_id, kind, code.to_owned())).copied()
    }

    /// Remembers which merchant or product has a code.
    pub fn learn_name(&self, tenant_id: TenantId, (kind, code): (NaturalKind, &str), id: Id128) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= REMEMBERED_MAX {
            names.clear();
        }
        names.insert((tenant_id, kind, code.to_owned()), id);
    }

    /// The code of a merchant or product seen before; codes never change.
    pub fn code(&self, id: Id128) -> Option<String> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Remembers the code of a merchant or product.
    pub fn learn_code(&self, id: Id128, code: String) -> String {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() >= REMEMBERED_MAX {
            codes.clear();
        }
        codes.insert(id, code.clone());
        code
    }
}

/// A request under way; it ends when this is dropped.
#[derive(Debug)]
pub struct InFlight {
    gate: Arc<Gate>,
    name: IdempotencyName,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.gate.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

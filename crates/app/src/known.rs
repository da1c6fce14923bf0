//! What this process remembers so that it need not be read again: facts that never change, and for half a second what
//! a channel account says. Nothing here decides: commits look at the rows themselves.

use crate::{App, Failure};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tk_domain::channel_account::ChannelAccount;
use tk_domain::id::{AttemptId, ChannelAccountId, PaymentId, TenantId};
use tk_domain::payment::Attempt;

/// How long a channel account is taken as it was read, microseconds.
const ACCOUNT_KNOWN_US: i64 = 500_000;
/// The most channel accounts remembered.
const ACCOUNTS_MAX: usize = 10_000;
/// Attempts remembered before the older half is forgotten.
const ATTEMPTS_MAX: usize = 40_000;

/// What of an attempt is fixed when it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptFacts {
    pub tenant_id: TenantId,
    pub id: AttemptId,
    pub payment_id: PaymentId,
    pub channel_account_id: ChannelAccountId,
}

impl AttemptFacts {
    pub(crate) const fn of(attempt: &Attempt) -> Self {
        Self {
            tenant_id: attempt.tenant_id,
            id: attempt.id,
            payment_id: attempt.payment_id,
            channel_account_id: attempt.channel_account_id,
        }
    }
}

/// What this process remembers.
#[derive(Debug, Default)]
pub(crate) struct Known {
    attempts: Mutex<Generations>,
    accounts: Mutex<BTreeMap<(TenantId, ChannelAccountId), Read>>,
}

/// A channel account and when it was read, Unix microseconds.
type Read = (i64, Arc<ChannelAccount>);

/// Two generations: when the younger is full the older is forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<(TenantId, AttemptId), AttemptFacts>,
    old: HashMap<(TenantId, AttemptId), AttemptFacts>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    pub(crate) fn learn_attempt(&self, attempt: &Attempt) {
        let mut attempts = locked(&self.attempts);
        if attempts.young.len() >= ATTEMPTS_MAX / 2 {
            attempts.old = std::mem::take(&mut attempts.young);
        }
        attempts.young.insert((attempt.tenant_id, attempt.id), AttemptFacts::of(attempt));
    }

    fn attempt(&self, key: &(TenantId, AttemptId)) -> Option<AttemptFacts> {
        let attempts = locked(&self.attempts);
        attempts.young.get(key).or_else(|| attempts.old.get(key)).copied()
    }
}

impl App {
    /// What is fixed of an attempt; from the database where this process did not start it lately.
    pub(crate) async fn attempt_facts(
        &self,
        tenant_id: TenantId,
        id: AttemptId,
    ) -> Result<Option<AttemptFacts>, Failure> {
        if let Some(facts) = self.inner.known.attempt(&(tenant_id, id)) {
            return Ok(Some(facts));
        }
        let attempt = self.reader().get::<Attempt>(&(tenant_id, id)).await?;
        Ok(attempt.as_ref().map(AttemptFacts::of))
    }

    pub(crate) fn learn_attempt(&self, attempt: &Attempt) {
        self.inner.known.learn_attempt(attempt);
    }

    /// A channel account as it was read at most half a second ago.
    pub(crate) async fn account_of_late(
        &self,
        tenant_id: TenantId,
        id: ChannelAccountId,
    ) -> Result<Option<Arc<ChannelAccount>>, Failure> {
        let now_us = self.now_us();
        let known = locked(&self.inner.known.accounts).get(&(tenant_id, id)).cloned();
        match known {
            // What a clock that was set back puts into the future is read again.
            Some((read_at_us, account))
                if (0..ACCOUNT_KNOWN_US).contains(&now_us.saturating_sub(read_at_us)) =>
            {
                Ok(Some(account))
            }
            Some(_) | None => self.account_now(tenant_id, id).await,
        }
    }

    /// A channel account as it stands.
    pub(crate) async fn account_now(
        &self,
        tenant_id: TenantId,
        id: ChannelAccountId,
    ) -> Result<Option<Arc<ChannelAccount>>, Failure> {
        let now_us = self.now_us();
        let Some(account) = self.reader().get::<ChannelAccount>(&(tenant_id, id)).await? else {
            return Ok(None);
        };
        let account = Arc::new(account);
        let mut accounts = locked(&self.inner.known.accounts);
        if accounts.len() >= ACCOUNTS_MAX {
            accounts.clear();
        }
        accounts.insert((tenant_id, id), (now_us, Arc::clone(&account)));
        Ok(Some(account))
    }
}

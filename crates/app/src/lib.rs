//! Use cases and workers.
//!
//! [`App`] is what pages, API and the binary hold. Everything that changes a row goes through
//! [`App::submit`]; everything that leaves us is an instruction or a delivery, held by a worker.

mod callbacks;
pub mod card;
mod config;
mod failure;
pub mod identity;
mod known;
mod links;
pub mod payer;
pub mod payments;
mod seal;
pub mod transfers;
mod watch;
pub mod webhooks;
pub mod workers;

pub use callbacks::CallbackAnswer;
pub use config::{AppConfig, WorkerLimits};
pub use failure::AppError;
pub use links::Links;
pub use seal::{NotOpened, Seal};
pub use tk_channels as channels;
pub use tk_store as store;
pub use tk_store::{Ambient, Failure, Store};
pub use watch::TurnedAway;

use crate::webhooks::AddressRule;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, RwLock};
use tk_channels::{Adapters, Environment, Limits};
use tk_domain::command::Command;
use tk_domain::id::TenantId;

/// The whole application; cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    adapters: Adapters,
    ambient: Arc<dyn Ambient>,
    links: Links,
    seal: Seal,
    config: AppConfig,
    known: known::Known,
    watch: watch::Watch,
    under_way: workers::UnderWay,
    tenant_codes: RwLock<BTreeMap<TenantId, String>>,
    tenant_ids: RwLock<BTreeMap<String, TenantId>>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl App {
    /// Puts an application together over an open store.
    pub fn new(store: Store, ambient: Arc<dyn Ambient>, config: AppConfig) -> Result<Self, AppError> {
        let environment = if config.live { Environment::Live } else { Environment::Test };
        let adapters = Adapters::new(environment, Limits::default())?;
        let links = Links::new(&seal::derive(&config.master_key, "links"), &config.base_url);
        let seal = Seal::new(&config.master_key)?;
        let inner = Inner {
            store,
            adapters,
            ambient,
            links,
            seal,
            config,
            known: known::Known::default(),
            watch: watch::Watch::default(),
            under_way: workers::UnderWay::default(),
            tenant_codes: RwLock::default(),
            tenant_ids: RwLock::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Runs a command by the one road: load, decide, commit.
    pub async fn submit<C: Command>(&self, command: C) -> Result<C::Reply, Failure> {
        self.inner.store.submit(command).await
    }

    /// The tenant with this code, if this process has met it; looks nothing up.
    #[must_use]
    pub fn known_tenant_id(&self, code: &str) -> Option<TenantId> {
        let known = self.inner.tenant_ids.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(code).copied()
    }

    pub(crate) fn watch(&self) -> &watch::Watch {
        &self.inner.watch
    }

    /// The store, to read rows as committed; every read names one tenant.
    #[must_use]
    pub fn reader(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn under_way(&self) -> &workers::UnderWay {
        &self.inner.under_way
    }

    /// Unix microseconds, UTC.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.inner.ambient.now_us()
    }

    /// 128 unguessable bits.
    #[must_use]
    pub fn random_bits(&self) -> u128 {
        self.inner.ambient.bits()
    }

    /// Whether the installation moves real money.
    #[must_use]
    pub fn live(&self) -> bool {
        self.inner.config.live
    }

    /// Where payers and channels reach us, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.inner.config.base_url.trim_end_matches('/')
    }

    /// Makes and reads cashier links.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.inner.links
    }

    /// Seals and opens secrets.
    #[must_use]
    pub fn seal(&self) -> &Seal {
        &self.inner.seal
    }

    /// Where webhooks may go.
    #[must_use]
    pub fn webhook_rule(&self) -> AddressRule {
        if self.inner.config.loopback_allowed() { AddressRule::LoopbackToo } else { AddressRule::PublicHttps }
    }

    pub(crate) fn adapters(&self) -> &Adapters {
        &self.inner.adapters
    }

    pub(crate) fn config(&self) -> &AppConfig {
        &self.inner.config
    }

    /// The short code of a tenant, kept in memory once read (codes never change).
    pub async fn tenant_code(&self, tenant_id: TenantId) -> Result<Option<String>, Failure> {
        let known = self.inner.tenant_codes.read().ok().and_then(|codes| codes.get(&tenant_id).cloned());
        if known.is_some() {
            return Ok(known);
        }
        let tenant = self.reader().tenant(tenant_id).await?;
        if let (Some(tenant), Ok(mut codes)) = (&tenant, self.inner.tenant_codes.write()) {
            codes.insert(tenant_id, tenant.code.clone());
        }
        Ok(tenant.map(|tenant| tenant.code))
    }

    /// The tenant with a short code, kept in memory once read (codes never change, tenants stay).
    pub async fn tenant_id(&self, code: &str) -> Result<Option<TenantId>, Failure> {
        let known = self.inner.tenant_ids.read().ok().and_then(|ids| ids.get(code).copied());
        // Anybody may send any text as a code; some, such as a NUL, PostgreSQL cannot even be asked about.
        if known.is_some() || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(known);
        }
        let id = self.reader().tenant_by_code(code).await?.map(|tenant| tenant.id);
        if let (Some(id), Ok(mut ids)) = (id, self.inner.tenant_ids.write()) {
            ids.insert(code.to_owned(), id);
        }
        Ok(id)
    }
}

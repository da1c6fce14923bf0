use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tk_formats::alipay::keys::SigningKey;
use tokio::sync::Notify;

use crate::core::{BillCall, CoreConfig, FaultPlan, House, Provider, Seller};
use crate::journal::Journal;
use crate::keys::{self, DeskKeys, KeysError, wechat};

use super::wechat::SignIns;

/// Gives the present time in microseconds UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How long a bill link lives (30 s).
const BILL_TICKET_US: i64 = 30_000_000;
/// The most bill links alive at once.
const BILL_TICKETS_MAX: usize = 10_000;

/// What a sandbox is made from.
pub struct SandboxConfig {
    pub apps: Vec<SandboxApp>,
    pub clock: Clock,
    /// Where payers reach the wallet; the listener's own address when absent.
    pub public_base: Option<String>,
    /// How far a request's timestamp may be off, either way
    pub clock_window_us: i64,
    pub notify_targets: NotifyTargets,
    /// The most notifications under way at once
    pub notify_parallel: usize,
    /// Keeps the truth across restarts; UnionPay's gateway may share it.
    pub journal: Option<Arc<Journal>>,
    /// Whose pages the simulated WeChat opens; no others.
    pub seller_base: Option<String>,
}

impl SandboxConfig {
    /// A sandbox for these applications with the usual bounds.
    pub fn new(apps: Vec<SandboxApp>, clock: Clock) -> Self {
        Self {
            apps,
            clock,
            public_base: None,
            clock_window_us: 15 * 60 * 1_000_000,
            notify_targets: NotifyTargets::LoopbackOnly,
            notify_parallel: 16,
            journal: None,
            seller_base: None,
        }
    }
}

impl fmt::Debug for SandboxConfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SandboxConfig").field("apps", &self.apps).finish_non_exhaustive()
    }
}

/// One application at a channel with its seller, contract and keys.
#[derive(Debug)]
pub struct SandboxApp {
    /// Application, seller and contract; the wallet prefix is set by the sandbox.
    pub core: CoreConfig,
    pub keys: DeskKeys,
    pub faults: FaultPlan,
}

impl SandboxApp {
    /// Alipay's application of a key folder, with the usual contract.
    pub fn from_folder(folder: &std::path::Path) -> Result<Self, KeysError> {
        let core = CoreConfig {
            app_id: keys::APP_ID.to_owned(),
            seller_id: keys::SELLER_ID.to_owned(),
            ..CoreConfig::default()
        };
        Ok(Self { core, keys: DeskKeys::Alipay(keys::load(folder)?), faults: FaultPlan::default() })
    }

    /// WeChat Pay's merchant of a key folder, with the usual contract.
    pub fn wechatpay_from_folder(folder: &std::path::Path) -> Result<Self, KeysError> {
        let core = CoreConfig {
            house: House::Wechatpay,
            app_id: wechat::APPID.to_owned(),
            seller_id: wechat::MCHID.to_owned(),
            refund_gap_us: 60_000_000,
            ..CoreConfig::default()
        };
        Ok(Self { core, keys: DeskKeys::Wechatpay(wechat::load(folder)?), faults: FaultPlan::default() })
    }
}

/// Which hosts may be notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyTargets {
    LoopbackOnly,
    Anywhere,
}

/// Why a sandbox did not start or stopped.
#[derive(Debug, Error)]
pub enum SandboxError {
    #[error("two applications share the id or seller {0}")]
    Duplicate(String),
    #[error("a sandbox needs at least one application")]
    NoApp,
    #[error("the journal names application {0}, which is not configured")]
    JournalApp(String),
    #[error("the listener failed: {0}")]
    Listener(std::io::Error),
    #[error("the notification client could not be made: {0}")]
    Client(reqwest::Error),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// A running sandbox: every application's core, keys and journal.
pub struct Sandbox {
    pub(super) desks: BTreeMap<String, Desk>,
    pub(super) base: String,
    pub(super) clock_window_us: i64,
    pub(super) notify_targets: NotifyTargets,
    pub(super) notify_parallel: usize,
    pub(super) wake: Notify,
    pub(super) client: reqwest::Client,
    pub(super) stranger: SigningKey,
    pub(super) seller_base: Option<String>,
    pub(super) sign_ins: Mutex<SignIns>,
    clock: Clock,
    advanced_us: AtomicI64,
    journal: Option<Arc<Journal>>,
    tickets: Mutex<Tickets>,
}

/// One application at the counter.
pub(super) struct Desk {
    pub(super) house: House,
    pub(super) app_id: String,
    pub(super) seller_id: String,
    pub(super) provider: Option<Provider>,
    pub(super) keys: DeskKeys,
    core: Mutex<Seller>,
}

impl Desk {
    /// The merchant number that signs for this desk.
    pub(super) fn spoken_for_by(&self) -> &str {
        self.provider.as_ref().map_or(&self.seller_id, |provider| &provider.mchid)
    }
}

#[derive(Default)]
struct Tickets {
    serial: u64,
    open: BTreeMap<String, Ticket>,
}

/// A bill link: whose bill, which, until when.
#[derive(Clone)]
pub(super) struct Ticket {
    pub(super) app_id: String,
    pub(super) bill: BillCall,
    expires_at_us: i64,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sandbox").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Builds a sandbox and takes the journal back in; `own_base` is used where no public base is set.
    pub fn new(config: SandboxConfig, own_base: &str) -> Result<Arc<Self>, SandboxError> {
        let base = config.public_base.unwrap_or_else(|| own_base.to_owned());
        let mut desks = open_desks(config.apps, &base, config.journal.is_some())?;
        let kept = config.journal.as_ref().map(|journal| journal.take_wallets());
        for (app_id, event) in kept.into_iter().flatten() {
            let desk = desks.get_mut(&app_id).ok_or(SandboxError::JournalApp(app_id))?;
            desk.core.get_mut().unwrap_or_else(PoisonError::into_inner).restore(&event);
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(20))
            .no_proxy()
            .build()
            .map_err(SandboxError::Client)?;
        Ok(Arc::new(Self {
            desks,
            base,
            clock_window_us: config.clock_window_us,
            notify_targets: config.notify_targets,
            notify_parallel: config.notify_parallel.max(1),
            wake: Notify::new(),
            client,
            stranger: keys::stranger()?,
            seller_base: config.seller_base.map(|base| base.trim_end_matches('/').to_owned()),
            sign_ins: Mutex::new(SignIns::default()),
            clock: config.clock,
            advanced_us: AtomicI64::new(0),
            journal: config.journal,
            tickets: Mutex::new(Tickets::default()),
        }))
    }

    /// The sandbox's time: the given clock plus what was advanced.
    pub fn now_us(&self) -> i64 {
        (self.clock)().saturating_add(self.advanced_us.load(Ordering::SeqCst))
    }

    /// Moves the sandbox's time forward.
    pub fn advance_clock(&self, by_us: i64) {
        self.advanced_us.fetch_add(by_us.max(0), Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// The desk of a WeChat Pay merchant that speaks for itself, or of any sub-merchant that it speaks for.
    pub(super) fn desk_of_merchant(&self, mchid: &str) -> Option<&Desk> {
        let mut desks = self.desks.values().filter(|desk| desk.house == House::Wechatpay);
        desks.find(|desk| desk.spoken_for_by() == mchid)
    }

    /// The desk for which a WeChat Pay merchant speaks: its own, or that of its sub-merchant of this number.
    pub(super) fn desk_for(&self, mchid: &str, sub_mchid: Option<&str>) -> Option<&Desk> {
        let fits = |desk: &&Desk| match (&desk.provider, sub_mchid) {
            (None, None) => desk.seller_id == mchid,
            (Some(provider), Some(sub_mchid)) => provider.mchid == mchid && desk.seller_id == sub_mchid,
            (None, Some(_)) | (Some(_), None) => false,
        };
        self.desks.values().filter(|desk| desk.house == House::Wechatpay).find(fits)
    }

    /// The desks for which an Alipay application speaks: its own, and those of merchants that authorised it.
    pub(super) fn desks_of_app(&self, app_id: &str) -> impl Iterator<Item = &Desk> {
        let speaks = move |desk: &&Desk| match &desk.provider {
            None => desk.app_id == app_id,
            Some(provider) => provider.app_id == app_id,
        };
        self.desks.values().filter(|desk| desk.house == House::Alipay).filter(speaks)
    }

    pub(super) fn desk(&self, app_id: &str) -> Option<&Desk> {
        self.desks.get(app_id)
    }

    /// Runs one act on a core and wakes the notifier, which may have work now.
    pub(super) fn with_core<R>(&self, desk: &Desk, act: impl FnOnce(&mut Seller) -> R) -> std::io::Result<R> {
        let result = self.with_core_quietly(desk, act)?;
        self.wake.notify_one();
        Ok(result)
    }

    /// Runs one act on a core and journals what it changed before anybody hears of it.
    pub(super) fn with_core_quietly<R>(
        &self,
        desk: &Desk,
        act: impl FnOnce(&mut Seller) -> R,
    ) -> std::io::Result<R> {
        let mut core = desk.core.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut core);
        let events = core.drain_events();
        if let Some(journal) = &self.journal {
            journal.append(&desk.app_id, events)?;
        }
        Ok(result)
    }

    /// Makes a bill link; nothing when too many are alive.
    pub(super) fn issue_ticket(&self, app_id: &str, bill: BillCall) -> Option<String> {
        let name = self.issue_ticket_for(app_id, bill, BILL_TICKET_US)?;
        Some(format!("{}/bill/{name}", self.base))
    }

    /// Makes the name of a bill link that lives so long; nothing when too many are alive.
    pub(super) fn issue_ticket_for(&self, app_id: &str, bill: BillCall, lives_us: i64) -> Option<String> {
        let now_us = self.now_us();
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.open.retain(|_, ticket| ticket.expires_at_us > now_us);
        if tickets.open.len() >= BILL_TICKETS_MAX {
            return None;
        }
        tickets.serial = tickets.serial.saturating_add(1);
        let name = format!("{app_id}-{}-{}", tickets.serial, now_us);
        let expires_at_us = now_us.saturating_add(lives_us);
        tickets.open.insert(name.clone(), Ticket { app_id: app_id.to_owned(), bill, expires_at_us });
        Some(name)
    }

    pub(super) fn ticket(&self, name: &str) -> Option<Ticket> {
        let now_us = self.now_us();
        let tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.open.get(name).filter(|ticket| ticket.expires_at_us > now_us).cloned()
    }
}

fn open_desks(
    apps: Vec<SandboxApp>,
    base: &str,
    keeps_events: bool,
) -> Result<BTreeMap<String, Desk>, SandboxError> {
    let mut desks: BTreeMap<String, Desk> = BTreeMap::new();
    for app in apps {
        let (app_id, seller_id) = (app.core.app_id.clone(), app.core.seller_id.clone());
        if desks.contains_key(&app_id) || desks.values().any(|desk| desk.seller_id == seller_id) {
            return Err(SandboxError::Duplicate(format!("{app_id}/{seller_id}")));
        }
        let wallet_prefix = format!("{base}/wallet/{app_id}/");
        let (house, provider) = (app.core.house, app.core.provider.clone());
        let mut core = Seller::new(CoreConfig { wallet_prefix, keeps_events, ..app.core });
        core.set_faults(app.faults);
        let (app_id_of, keys, core) = (app_id.clone(), app.keys, Mutex::new(core));
        let desk = Desk { house, app_id: app_id_of, seller_id, provider, keys, core };
        desks.insert(app_id, desk);
    }
    if desks.is_empty() { Err(SandboxError::NoApp) } else { Ok(desks) }
}

//! A running gateway: books, keys, clock and faults of one merchant.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tk_formats::keys::SigningKey;
use tk_formats::unionpay::sign::Signer;
use tokio::sync::Notify;

use super::faults::{Fault, Script};
use crate::keys::{KeysError, stranger};
use crate::unionpay::core::{Books, Desk};
use crate::unionpay::keys::{GatewayKeys, MER_ID};
use tk_formats::unionpay::Params;

/// Gives the present time in microseconds UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The most faults that wait.
const SCRIPTS_MAX: usize = 1_000;

/// What a gateway is made from.
pub struct GatewayConfig {
    pub mer_id: String,
    pub keys: GatewayKeys,
    pub clock: Clock,
}

impl GatewayConfig {
    /// A gateway for the merchant of a key folder.
    pub fn new(keys: GatewayKeys, clock: Clock) -> Self {
        Self { mer_id: MER_ID.to_owned(), keys, clock }
    }
}

impl fmt::Debug for GatewayConfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("GatewayConfig").field("mer_id", &self.mer_id).finish_non_exhaustive()
    }
}

/// Why a gateway did not start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("the listener failed: {0}")]
    Listener(std::io::Error),
    #[error("the notification client could not be made: {0}")]
    Client(reqwest::Error),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// A running gateway.
pub struct Gateway {
    pub(super) mer_id: String,
    pub(super) keys: GatewayKeys,
    pub(super) wake: Notify,
    pub(super) client: reqwest::Client,
    pub(super) stranger: Signer,
    clock: Clock,
    advanced_us: AtomicI64,
    books: Mutex<Books>,
    scripts: Mutex<Vec<Script>>,
    late: Mutex<Vec<Late>>,
}

/// A request that is carried out after the next question.
#[derive(Debug)]
pub(super) struct Late {
    pub desk: Desk,
    pub request: Params,
    pub customer: Vec<(String, String)>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gateway").field("mer_id", &self.mer_id).finish_non_exhaustive()
    }
}

impl Gateway {
    /// An empty gateway.
    pub fn new(config: GatewayConfig) -> Result<Arc<Self>, GatewayError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(10))
            .no_proxy()
            .build()
            .map_err(GatewayError::Client)?;
        let key: SigningKey = stranger()?;
        Ok(Arc::new(Self {
            mer_id: config.mer_id,
            keys: config.keys,
            wake: Notify::new(),
            client,
            stranger: Signer::Certificate { key, cert_id: String::new() },
            clock: config.clock,
            advanced_us: AtomicI64::new(0),
            books: Mutex::new(Books::default()),
            scripts: Mutex::new(Vec::new()),
            late: Mutex::new(Vec::new()),
        }))
    }

    /// The gateway's time: the given clock plus what was advanced.
    pub fn now_us(&self) -> i64 {
        (self.clock)().saturating_add(self.advanced_us.load(Ordering::SeqCst))
    }

    /// Moves the gateway's time forward.
    pub fn advance_clock(&self, by_us: i64) {
        self.advanced_us.fetch_add(by_us.max(0), Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// Runs one act on the books and wakes the notifier, which may have work now.
    pub(crate) fn with_books<R>(&self, act: impl FnOnce(&mut Books) -> R) -> R {
        let result = act(&mut self.books());
        self.wake.notify_one();
        result
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds faults; false if too many wait.
    pub(crate) fn add_scripts(&self, more: Vec<Script>) -> bool {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = scripts.len().saturating_add(more.len()) <= SCRIPTS_MAX;
        if fits {
            scripts.extend(more);
        }
        fits
    }

    /// The faults that wait.
    pub(crate) fn scripts(&self) -> Vec<Script> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the faults that wait.
    pub(crate) fn clear_scripts(&self) {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The merchant's number.
    pub fn mer_id(&self) -> &str {
        &self.mer_id
    }

    /// Takes the first fault that fits a kind of request.
    pub(super) fn next_fault(&self, txn_type: &str) -> Option<Fault> {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |script: &Script| {
            script.txn_type.as_deref().is_none_or(|wanted| wanted == txn_type)
                && !matches!(script.fault, Fault::NotifyWrongAmount { .. })
        };
        let at = scripts.iter().position(fits)?;
        Some(scripts.remove(at).fault)
    }

    /// Takes by how much the next notification misstates its amount, if it is to.
    pub(super) fn next_wrong_amount(&self) -> Option<i64> {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong = |script: &Script| {
            let Fault::NotifyWrongAmount { by_fen } = script.fault else { return None };
            Some(by_fen)
        };
        let (at, by_fen) = scripts.iter().enumerate().find_map(|(at, script)| Some((at, wrong(script)?)))?;
        scripts.remove(at);
        Some(by_fen)
    }

    pub(super) fn put_off(&self, late: Late) {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).push(late);
    }

    /// Carries out what was put off.
    pub(super) fn catch_up(&self) {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        let now_us = self.now_us();
        for Late { desk, request, customer } in late {
            self.with_books(|books| books.enact(desk, &request, &customer, now_us));
        }
    }
}

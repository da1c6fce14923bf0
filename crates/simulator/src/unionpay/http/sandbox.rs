//! A running gateway: one merchant's core, keys, clock and journal.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tk_formats::unionpay::sign::{Hash, SharedKey, SignMethod, Signer};
use tokio::sync::Notify;

use crate::journal::Journal;
use crate::keys::{KeysError, stranger};
use crate::unionpay::core::{Fees, Seller};
use crate::unionpay::keys::{GatewayKeys, MER_ID};

/// Gives the present time in microseconds UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Makes seeded faults until a plan brings its own seed.
const SEED: u64 = 1;

/// A shared key that no merchant has.
const STRANGERS_KEY: &str = "of nobody";

/// What a gateway is made from.
pub struct GatewayConfig {
    pub mer_id: String,
    pub keys: GatewayKeys,
    pub clock: Clock,
    /// Keeps the truth across restarts; the wallets' sandbox may share it.
    pub journal: Option<Arc<Journal>>,
}

impl GatewayConfig {
    /// A gateway for the merchant of a key folder.
    pub fn new(keys: GatewayKeys, clock: Clock) -> Self {
        Self { mer_id: MER_ID.to_owned(), keys, clock, journal: None }
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
    #[error("the journal names merchant {0}, which is not configured")]
    JournalMerchant(String),
    #[error("the listener failed: {0}")]
    Listener(io::Error),
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
    strangers: [Signer; 3],
    clock: Clock,
    advanced_us: AtomicI64,
    seller: Mutex<Seller>,
    journal: Option<Arc<Journal>>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gateway").field("mer_id", &self.mer_id).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Builds a gateway and takes the journal back in.
    pub fn new(config: GatewayConfig) -> Result<Arc<Self>, GatewayError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(10))
            .no_proxy()
            .build()
            .map_err(GatewayError::Client)?;
        let mut seller = Seller::new(&config.mer_id, SEED, Fees::default());
        if let Some(journal) = &config.journal {
            for (mer_id, event) in journal.take_cards() {
                if mer_id != config.mer_id {
                    return Err(GatewayError::JournalMerchant(mer_id));
                }
                seller.restore(event);
            }
            seller.keep_events();
        }
        Ok(Arc::new(Self {
            mer_id: config.mer_id,
            keys: config.keys,
            wake: Notify::new(),
            client,
            strangers: [
                Signer::Certificate { key: stranger()?, cert_id: String::new() },
                Signer::Shared(SharedKey::new(Hash::Sha256, STRANGERS_KEY)),
                Signer::Shared(SharedKey::new(Hash::Sm3, STRANGERS_KEY)),
            ],
            clock: config.clock,
            advanced_us: AtomicI64::new(0),
            seller: Mutex::new(seller),
            journal: config.journal,
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

    /// Runs one act on the core and wakes the notifier, which may have work now.
    pub(crate) fn with_core<R>(&self, act: impl FnOnce(&mut Seller) -> R) -> io::Result<R> {
        let result = self.with_core_quietly(act)?;
        self.wake.notify_one();
        Ok(result)
    }

    /// Runs one act on the core and journals what it changed before anybody hears of it.
    pub(crate) fn with_core_quietly<R>(&self, act: impl FnOnce(&mut Seller) -> R) -> io::Result<R> {
        let mut seller = self.seller.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut seller);
        let events = seller.drain_events();
        if let Some(journal) = &self.journal {
            journal.append_cards(&self.mer_id, events)?;
        }
        Ok(result)
    }

    /// Signs in the same way with a key that nobody believes.
    pub(super) const fn stranger_of(&self, signer: &Signer) -> &Signer {
        let [certificate, sha256, sm3] = &self.strangers;
        match signer.method() {
            SignMethod::Rsa => certificate,
            SignMethod::Sha256 => sha256,
            SignMethod::Sm3 => sm3,
        }
    }

    /// The merchant's number.
    pub fn mer_id(&self) -> &str {
        &self.mer_id
    }
}

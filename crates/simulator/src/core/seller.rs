use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::books::Books;
use super::call::CoreCall;
use super::draw::FaultState;
use super::faults::{FaultCounters, FaultPlan, Script};
use super::notices::Notices;
use super::payer::BarcodeReply;
use super::timers::{Timer, Timers};
use super::trade::{Prepared, Trade};
use super::truth::TruthEvent;
use super::{Coupon, House, LedgerKind, LedgerLine, RefundBack, Settlement, ShareBack, TradeRef};

/// One seller: trades, balance, payer, notifications and the faults in force.
#[derive(Debug, Clone)]
pub struct Seller {
    pub(super) config: CoreConfig,
    pub(super) prepared: BTreeMap<String, Prepared>,
    pub(super) tokens: BTreeMap<String, String>,
    pub(super) trades: BTreeMap<String, Trade>,
    pub(super) trade_nos: BTreeMap<String, String>,
    pub(super) refund_orders: BTreeMap<String, String>,
    pub(super) receivers: BTreeSet<String>,
    pub(super) settlements: BTreeMap<String, Settlement>,
    pub(super) share_backs: BTreeMap<String, ShareBack>,
    /// By the numbers of trade and refund
    pub(super) refund_backs: BTreeMap<(String, String), Vec<RefundBack>>,
    pub(super) released: BTreeSet<String>,
    pub(super) books: Books,
    pub(super) timers: Timers<Timer>,
    pub(super) after_query: BTreeMap<String, Vec<CoreCall>>,
    pub(super) notices: Notices,
    pub(super) faults: FaultState,
    pub(super) barcode_replies: BTreeMap<String, BarcodeReply>,
    pub(super) coupons: BTreeMap<String, Coupon>,
    pub(super) used_codes: BTreeSet<String>,
    pub(super) fresh: Vec<TruthEvent>,
    pub(super) serial: u64,
}

/// The contract of a seller and the bounds of its simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of a channel that it has or has not")]
pub struct CoreConfig {
    /// Whose rules are in force.
    pub house: House,
    pub app_id: String,
    pub seller_id: String,
    /// Through whom the seller is connected, if not by himself.
    pub provider: Option<Provider>,
    /// Makes tokens, buyers and seeded faults; same seed, same story.
    pub seed: u64,
    pub opening_balance_fen: i64,
    /// Channel fee, parts per million of the payment, rounded half up
    pub fee_rate_ppm: u32,
    pub fee_on_refund: FeeOnRefund,
    /// How many payers in a million have a coupon that nobody scripted
    pub coupons_ppm: u32,
    /// What may be paid to others of a trade, parts per million
    pub shares_max_ppm: u32,
    pub refund_window_us: i64,
    pub cancel_window_us: i64,
    /// Whether what one receiver gives back of several shares with a refund is listed as one sum
    pub sums_backs: bool,
    /// Shortest time between two refunds of a trade; sooner ones are told to come back.
    pub refund_gap_us: i64,
    /// From this amount a bar-code payer must confirm on the phone first.
    pub barcode_confirm_fen: i64,
    /// Put before the secret token in `qr_code` and wallet links.
    pub wallet_prefix: String,
    pub notify_refunds: bool,
    /// Whether TRADE_CLOSED and TRADE_FINISHED are notified too.
    pub notify_endings: bool,
    /// Whether `drain_events` has anything to give.
    pub keeps_events: bool,
    pub max_trades: usize,
}

impl Default for CoreConfig {
    fn default() -> Self {
        Self {
            house: House::Alipay,
            app_id: "2021000000000001".to_owned(),
            seller_id: "2088101117955611".to_owned(),
            provider: None,
            seed: 1,
            opening_balance_fen: 0,
            fee_rate_ppm: 6_000,
            fee_on_refund: FeeOnRefund::Returned,
            coupons_ppm: 0,
            shares_max_ppm: 300_000,
            refund_window_us: 365 * super::timers::DAY_US,
            cancel_window_us: super::timers::DAY_US,
            sums_backs: false,
            refund_gap_us: 0,
            barcode_confirm_fen: 100_000,
            wallet_prefix: "https://qr.alipay.com/".to_owned(),
            notify_refunds: true,
            notify_endings: false,
            keeps_events: false,
            max_trades: 2_000_000,
        }
    }
}

/// A service provider, which speaks for a seller with its own keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    pub app_id: String,
    /// Its merchant number, where the channel gives it one.
    pub mchid: String,
    /// By which it acts for the seller, where the channel gives it one.
    pub token: String,
}

/// What happens to the channel fee when money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeOnRefund {
    Kept,
    /// In proportion, rounded half up over all refunds of the trade.
    Returned,
}

impl Seller {
    /// A seller with no trades yet.
    pub fn new(config: CoreConfig) -> Self {
        let mut books = Books::default();
        books.post(LedgerLine {
            at_us: 0,
            kind: LedgerKind::Opening,
            out_trade_no: String::new(),
            out_request_no: None,
            amount_fen: config.opening_balance_fen,
            balance_fen: 0,
        });
        Self {
            prepared: BTreeMap::new(),
            tokens: BTreeMap::new(),
            trades: BTreeMap::new(),
            trade_nos: BTreeMap::new(),
            refund_orders: BTreeMap::new(),
            receivers: BTreeSet::new(),
            settlements: BTreeMap::new(),
            share_backs: BTreeMap::new(),
            refund_backs: BTreeMap::new(),
            released: BTreeSet::new(),
            books,
            timers: Timers::default(),
            after_query: BTreeMap::new(),
            notices: Notices::default(),
            faults: FaultState::new(config.seed),
            barcode_replies: BTreeMap::new(),
            coupons: BTreeMap::new(),
            used_codes: BTreeSet::new(),
            fresh: Vec::new(),
            serial: 0,
            config,
        }
    }

    /// The contract this seller was made with.
    pub fn config(&self) -> &CoreConfig {
        &self.config
    }

    /// The trade of this merchant number, once its payer has opened it.
    pub fn trade(&self, out_trade_no: &str) -> Option<&Trade> {
        self.trades.get(out_trade_no)
    }

    /// Every trade, by the merchant's number.
    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.trades.values()
    }

    /// The order waiting behind a page or code.
    pub fn prepared(&self, out_trade_no: &str) -> Option<&Prepared> {
        self.prepared.get(out_trade_no)
    }

    /// The merchant number behind a wallet token.
    pub fn order_of_token(&self, token: &str) -> Option<&str> {
        self.tokens.get(token).map(String::as_str)
    }

    /// The merchant number of the order that a refund was asked for, for channels that ask by the refund alone.
    pub fn order_of_refund(&self, out_request_no: &str) -> Option<&str> {
        self.refund_orders.get(out_request_no).map(String::as_str)
    }

    /// Orders whose page or code nobody has opened.
    pub fn unopened(&self) -> impl Iterator<Item = &Prepared> {
        self.prepared.iter().filter(|(number, _)| !self.trades.contains_key(*number)).map(|(_, order)| order)
    }

    /// Every movement of the balance, oldest first.
    pub fn ledger(&self) -> &[LedgerLine] {
        self.books.lines()
    }

    /// Replaces the faults in force; counters are kept.
    pub fn set_faults(&mut self, plan: FaultPlan) {
        self.faults.set_plan(plan);
    }

    /// Adds one scripted fault to those in force; false if too many wait.
    pub fn add_script(&mut self, script: Script, most: usize) -> bool {
        self.faults.add_script(script, most)
    }

    /// The scripted faults in force, each with how often it has struck.
    pub fn fault_scripts(&self) -> impl Iterator<Item = (&Script, u32)> {
        self.faults.scripts()
    }

    /// Ends the scripted faults; those by chance go on.
    pub fn clear_scripts(&mut self) {
        self.faults.clear_scripts();
    }

    /// The faults that really happened so far, per kind.
    pub fn fault_counters(&self) -> &FaultCounters {
        self.faults.counters()
    }

    /// When something will next happen by itself: a timer or a notification.
    pub fn next_due_us(&self) -> Option<i64> {
        [self.timers.next_due_us(), self.notices.next_due_us()].into_iter().flatten().min()
    }

    pub(super) fn find(&self, wanted: &TradeRef) -> Option<&Trade> {
        let out_trade_no = match &wanted.trade_no {
            Some(trade_no) => self.trade_nos.get(trade_no),
            None => wanted.out_trade_no.as_ref(),
        };
        out_trade_no.and_then(|number| self.trades.get(number))
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial = self.serial.saturating_add(1);
        self.serial
    }
}

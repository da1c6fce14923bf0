//! What really happened, by order number and time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tk_formats::unionpay::{Params, time};

use super::notices::Notice;
use super::page::Page;
use super::truth::{CardChange, CardEvent};
use crate::core::{FeeOnRefund, fee_of, fee_share};

/// What identifies a trade: `orderId` and `txnTime` (unionpay.md section 2).
pub type Key = (String, String);

/// The most trades kept, pages and notices apart.
pub const TRADES_MAX: usize = 1_000_000;

/// Where a trade stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Taken and not yet decided.
    Working,
    /// Done: money moved.
    Done,
    /// Refused with this code: no money moved.
    Failed(String),
}

/// A payment, refund or undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    pub order_id: String,
    pub txn_time: String,
    /// `01` consume, `04` refund, `31` undo.
    pub txn_type: String,
    pub txn_sub_type: String,
    pub biz_type: String,
    pub amount_fen: i64,
    /// The sub-merchant of a platform.
    pub sub_mer_id: Option<String>,
    /// UnionPay's number.
    pub query_id: String,
    /// The payment that a refund or undo is of.
    pub orig_query_id: Option<String>,
    pub trace_no: String,
    pub state: State,
    pub done_at_us: i64,
    /// Given back so far, all refunds and undos together.
    pub given_back_fen: i64,
    /// Charged for a payment, or returned with a refund or undo.
    pub fee_fen: i64,
    /// Of a payment's charge, returned so far.
    pub fee_returned_fen: i64,
}

/// What UnionPay charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// Parts per million of the payment, rounded half up.
    pub rate_ppm: u32,
    pub on_refund: FeeOnRefund,
}

impl Default for Fees {
    fn default() -> Self {
        Self { rate_ppm: 6_000, on_refund: FeeOnRefund::Returned }
    }
}

impl Trade {
    /// Whether a request speaks for the sub-merchant of this trade, or for nobody else where it has none.
    pub(super) fn is_of(&self, request: &Params) -> bool {
        self.sub_mer_id.as_deref() == request.get_filled("subMerId")
    }
}

/// What there is to compare the other side's books with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truth {
    pub trades: Vec<Trade>,
    /// What the merchant has: payments less what went back.
    pub balance_fen: i64,
}

/// All that one merchant has at UnionPay.
#[derive(Debug, Default)]
pub struct Books {
    pub(super) trades: BTreeMap<Key, Trade>,
    pub(super) by_query_id: BTreeMap<String, Key>,
    pub(super) pages: BTreeMap<String, Page>,
    pub(super) tokens: BTreeSet<String>,
    /// Codes sent for orders to come, by order number.
    pub(super) codes: BTreeMap<String, String>,
    /// The token of each card that was opened on a page, by the order that opened it.
    pub(super) openings: BTreeMap<Key, String>,
    pub(super) notices: Vec<Notice>,
    pub(super) given_up: u64,
    pub(super) keeps_events: bool,
    pub(super) fresh: Vec<CardEvent>,
    pub(super) serial: u64,
    fees: Fees,
}

impl Books {
    /// Empty books on these terms.
    pub fn with_fees(fees: Fees) -> Self {
        Self { fees, ..Self::default() }
    }

    /// A number that was not given before.
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial = self.serial.saturating_add(1);
        self.serial
    }

    /// The trade of a key.
    pub fn trade(&self, key: &Key) -> Option<&Trade> {
        self.trades.get(key)
    }

    /// The newest trade of an order number.
    pub fn trade_of(&self, order_id: &str) -> Option<&Trade> {
        self.trades.values().rev().find(|trade| trade.order_id == order_id)
    }

    /// The trade that UnionPay's own number names.
    pub fn by_query_id(&self, query_id: &str) -> Option<&Trade> {
        self.trades.get(self.by_query_id.get(query_id)?)
    }

    /// Writes a new trade; nothing if the books are full.
    pub(super) fn put(
        &mut self,
        fields: &Params,
        amount_fen: i64,
        state: State,
        now_us: i64,
    ) -> Option<Trade> {
        if self.trades.len() >= TRADES_MAX {
            return None;
        }
        let serial = self.next_serial();
        let text = |name: &str| fields.get_filled(name).unwrap_or_default().to_owned();
        let moment = time::format_us(now_us).unwrap_or_default();
        let mut trade = Trade {
            order_id: text("orderId"),
            txn_time: text("txnTime"),
            txn_type: text("txnType"),
            txn_sub_type: text("txnSubType"),
            biz_type: text("bizType"),
            amount_fen,
            sub_mer_id: fields.get_filled("subMerId").map(str::to_owned),
            query_id: format!("{moment}{:07}", serial % 10_000_000),
            orig_query_id: fields.get_filled("origQryId").map(str::to_owned),
            trace_no: format!("{:06}", serial % 1_000_000),
            state,
            done_at_us: now_us,
            given_back_fen: 0,
            fee_fen: 0,
            fee_returned_fen: 0,
        };
        trade.fee_fen = self.fee_part(&trade);
        self.record(CardChange::Traded(Box::new(trade.clone())));
        Some(trade)
    }

    /// The charge of a payment; of a refund or undo, what it returns, so that all parts together return the whole.
    fn fee_part(&self, trade: &Trade) -> i64 {
        if trade.state != State::Done {
            return 0;
        }
        let Some(orig) = &trade.orig_query_id else { return fee_of(trade.amount_fen, self.fees.rate_ppm) };
        let Some(paid) = self.by_query_id(orig) else { return 0 };
        let given_back_fen = paid.given_back_fen.saturating_add(trade.amount_fen);
        match self.fees.on_refund {
            FeeOnRefund::Kept => 0,
            FeeOnRefund::Returned => {
                fee_share(paid.fee_fen, given_back_fen, paid.amount_fen).saturating_sub(paid.fee_returned_fen)
            }
        }
    }

    /// Every trade, by number and time.
    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.trades.values()
    }

    /// Pages on which nobody has paid or refused.
    pub fn waiting_pages(&self) -> impl Iterator<Item = &Page> {
        self.pages.values().filter(|page| !page.ended)
    }

    /// Opens a card without a page, as if the payer had done so before.
    pub fn open_token(&mut self) -> String {
        self.give_token(None)
    }

    /// A token for the card that an order opened, if one is named.
    pub(super) fn give_token(&mut self, opening: Option<Key>) -> String {
        let token = format!("62{:015}", self.next_serial());
        self.record(CardChange::TokenGiven { token: token.clone(), opening });
        token
    }

    /// Everything that happened.
    pub fn truth(&self) -> Truth {
        let trades: Vec<Trade> = self.trades.values().cloned().collect();
        let balance_fen = trades
            .iter()
            .filter(|trade| trade.state == State::Done)
            .map(|trade| if trade.txn_type == "01" { trade.amount_fen } else { -trade.amount_fen })
            .sum();
        Truth { trades, balance_fen }
    }
}

//! What changes in the books, one event each: the journal is a list of these.

use serde::{Deserialize, Serialize};
use tk_formats::unionpay::Params;

use super::books::{Books, Key, State, Trade};

/// One change of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardEvent {
    /// The last number given when it happened, so that none is given twice after a restart.
    pub serial: u64,
    #[serde(flatten)]
    pub change: CardChange,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum CardChange {
    /// A payer has an order before him.
    Opened { fields: Vec<(String, String)>, at_us: i64 },
    /// A payer has paid or refused on his page.
    Ended { page: String },
    /// A payment, refund or undo was decided.
    Traded(Box<Trade>),
    /// A card was opened, on a page if its order is named.
    TokenGiven { token: String, opening: Option<Key> },
    /// An opened card was ended.
    TokenEnded { token: String },
    /// A code was sent for an order to come.
    CodeSent { order_id: String, code: String },
}

impl Books {
    /// From now on changes are kept until they are taken.
    pub fn keep_events(&mut self) {
        self.keeps_events = true;
    }

    /// The changes since the last drain, oldest first; empty unless events are kept.
    pub fn drain_events(&mut self) -> Vec<CardEvent> {
        std::mem::take(&mut self.fresh)
    }

    /// Takes a journalled change back in; notifications are not sent again.
    pub fn restore(&mut self, event: CardEvent) {
        self.serial = self.serial.max(event.serial);
        self.apply(event.change);
    }

    pub(super) fn record(&mut self, change: CardChange) {
        if self.keeps_events {
            self.fresh.push(CardEvent { serial: self.serial, change: change.clone() });
        }
        self.apply(change);
    }

    fn apply(&mut self, change: CardChange) {
        match change {
            CardChange::Opened { fields, at_us } => self.apply_opened(fields, at_us),
            CardChange::Ended { page } => {
                if let Some(page) = self.pages.get_mut(&page) {
                    page.ended = true;
                }
            }
            CardChange::Traded(trade) => self.apply_traded(*trade),
            CardChange::TokenGiven { token, opening } => {
                if let Some(opening) = opening {
                    self.openings.insert(opening, token.clone());
                }
                self.tokens.insert(token);
            }
            CardChange::TokenEnded { token } => {
                self.tokens.remove(&token);
                self.openings.retain(|_, given| *given != token);
            }
            CardChange::CodeSent { order_id, code } => {
                self.codes.insert(order_id, code);
            }
        }
    }

    fn apply_opened(&mut self, fields: Vec<(String, String)>, at_us: i64) {
        let mut request = Params::new();
        for (name, value) in fields {
            // Names come out of a form that has each once.
            let _once = request.insert(name, value);
        }
        // A journalled order was read before.
        if let Ok((name, page)) = super::page::read(&request, at_us) {
            self.pages.insert(name, page);
        }
    }

    fn apply_traded(&mut self, trade: Trade) {
        let orig = trade.orig_query_id.as_ref().and_then(|number| self.by_query_id.get(number));
        if trade.state == State::Done
            && let Some(paid) = orig.and_then(|key| self.trades.get_mut(key))
        {
            paid.given_back_fen = paid.given_back_fen.saturating_add(trade.amount_fen);
            paid.fee_returned_fen = paid.fee_returned_fen.saturating_add(trade.fee_fen);
        }
        if trade.txn_type == "01" {
            self.codes.remove(&trade.order_id);
        }
        let key = (trade.order_id.clone(), trade.txn_time.clone());
        self.by_query_id.insert(trade.query_id.clone(), key.clone());
        self.trades.insert(key, trade);
    }
}

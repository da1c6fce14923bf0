use serde::{Deserialize, Serialize};

use super::books::LedgerLine;
use super::refund_backs::RefundBack;
use super::share_backs::ShareBack;
use super::splits::Settlement;
use super::timers::Timer;
use super::trade::{Cancelled, Prepared, RefundRecord, Trade, TradeStatus};
use super::{Coupon, LedgerKind, Seller, ShareState};

/// One change of the truth; the journal is a list of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TruthEvent {
    Prepared(Box<Prepared>),
    Created(Box<Trade>),
    Paid {
        out_trade_no: String,
        at_us: i64,
        #[serde(default)]
        coupon: Coupon,
        fee_fen: i64,
    },
    Refunded {
        out_trade_no: String,
        out_request_no: String,
        refund: RefundRecord,
    },
    Closed {
        out_trade_no: String,
        at_us: i64,
    },
    Finished {
        out_trade_no: String,
        at_us: i64,
    },
    Cancelled {
        out_trade_no: String,
        how: Cancelled,
    },
    /// A receiver of shares is bound.
    Bound {
        account: String,
    },
    /// A receiver of shares is bound no more.
    Unbound {
        account: String,
    },
    /// A split was taken in.
    Settled {
        out_request_no: String,
        settlement: Settlement,
    },
    ShareEnded {
        out_request_no: String,
        place: usize,
        state: ShareState,
        at_us: i64,
    },
    ShareReturned {
        out_trade_no: String,
        out_request_no: String,
        back: RefundBack,
    },
    /// A share is to be given back.
    ShareBackAsked {
        out_return_no: String,
        back: ShareBack,
    },
    ShareBackEnded {
        out_return_no: String,
        state: ShareState,
        at_us: i64,
    },
    /// What was kept for shares is the seller's.
    Released {
        out_trade_no: String,
    },
}

/// What the channel really holds, for comparison with the platform's books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truth {
    pub paid_fen: i64,
    pub refunded_fen: i64,
    pub fee_fen: i64,
    pub fee_returned_fen: i64,
    /// What others have of it
    pub shared_fen: i64,
    pub balance_fen: i64,
    pub trades: Vec<TruthTrade>,
}

/// The truth about one trade, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TruthTrade {
    pub out_trade_no: String,
    pub trade_no: String,
    pub status: TradeStatus,
    pub total_fen: i64,
    pub paid_fen: i64,
    pub refunded_fen: i64,
    /// What the payer did not have to pay himself, and what of that was taken back
    pub coupon: Coupon,
    pub coupon_back: Coupon,
    pub fee_fen: i64,
    pub fee_returned_fen: i64,
    /// `out_request_no` and fen of every refund that moved money
    pub refunds: Vec<(String, i64)>,
    /// `out_request_no`, receiver, fen and fen given back of every share that was paid
    pub shares: Vec<(String, String, i64, i64)>,
    /// Whether the seller has to wait for what is kept for shares
    pub kept: bool,
}

impl Seller {
    /// Totals (from the ledger) and every trade (from the trades), so that the two can be held together.
    pub fn truth(&self) -> Truth {
        Truth {
            paid_fen: self.books.total_fen(LedgerKind::Payment),
            refunded_fen: -self.books.total_fen(LedgerKind::Refund),
            fee_fen: -self.books.total_fen(LedgerKind::Fee),
            fee_returned_fen: self.books.total_fen(LedgerKind::FeeReturned),
            shared_fen: -self.books.total_fen(LedgerKind::Share)
                - self.books.total_fen(LedgerKind::ShareReturned),
            balance_fen: self.books.balance_fen(),
            trades: self.trades.values().map(|trade| self.truth_trade(trade)).collect(),
        }
    }

    /// The changes since the last drain, oldest first; empty unless the config keeps events.
    pub fn drain_events(&mut self) -> Vec<TruthEvent> {
        std::mem::take(&mut self.fresh)
    }

    /// Takes a journalled change back in; notifications are not sent again.
    pub fn restore(&mut self, event: &TruthEvent) {
        self.serial = self.serial.saturating_add(1);
        self.apply(event);
    }

    pub(super) fn record(&mut self, event: TruthEvent) {
        self.apply(&event);
        if self.config.keeps_events {
            self.fresh.push(event);
        }
    }

    fn apply(&mut self, event: &TruthEvent) {
        match event {
            TruthEvent::Prepared(prepared) => {
                let out_trade_no = prepared.order.out_trade_no.clone();
                self.tokens.insert(prepared.token.clone(), out_trade_no.clone());
                self.prepared.insert(out_trade_no, prepared.as_ref().clone());
            }
            TruthEvent::Created(trade) => self.apply_created(trade),
            TruthEvent::Paid { out_trade_no, at_us, coupon, fee_fen } => {
                self.apply_paid(out_trade_no, *at_us, (*coupon, *fee_fen));
            }
            TruthEvent::Refunded { out_trade_no, out_request_no, refund } => {
                self.apply_refunded(out_trade_no, out_request_no, *refund);
            }
            TruthEvent::Closed { out_trade_no, at_us } => {
                if let Some(trade) = self.trades.get_mut(out_trade_no) {
                    trade.status = TradeStatus::TradeClosed;
                    trade.closed_at_us = Some(*at_us);
                }
            }
            TruthEvent::Finished { out_trade_no, .. } => {
                if let Some(trade) = self.trades.get_mut(out_trade_no) {
                    trade.status = TradeStatus::TradeFinished;
                }
            }
            TruthEvent::Bound { account } => {
                self.receivers.insert(account.clone());
            }
            TruthEvent::Unbound { account } => {
                self.receivers.remove(account);
            }
            TruthEvent::Settled { out_request_no, settlement } => {
                self.settlements.insert(out_request_no.clone(), settlement.clone());
            }
            TruthEvent::ShareEnded { out_request_no, place, state, at_us } => {
                self.apply_share_ended(out_request_no, *place, (*state, *at_us));
            }
            TruthEvent::ShareReturned { out_trade_no, out_request_no, back } => {
                self.apply_share_returned(out_trade_no, out_request_no, back);
            }
            TruthEvent::ShareBackAsked { out_return_no, back } => {
                self.share_backs.insert(out_return_no.clone(), back.clone());
            }
            TruthEvent::ShareBackEnded { out_return_no, state, at_us } => {
                self.apply_share_back_ended(out_return_no, (*state, *at_us));
            }
            TruthEvent::Released { out_trade_no } => {
                self.released.insert(out_trade_no.clone());
            }
            TruthEvent::Cancelled { out_trade_no, how } => {
                if let Some(trade) = self.trades.get_mut(out_trade_no) {
                    trade.cancelled = Some(*how);
                }
            }
        }
    }

    fn apply_share_ended(&mut self, out_request_no: &str, place: usize, (state, at_us): (ShareState, i64)) {
        let Some(settlement) = self.settlements.get_mut(out_request_no) else { return };
        let Some(share) = settlement.shares.get_mut(place) else { return };
        share.state = state;
        share.at_us = at_us;
        let amount_fen = if state == ShareState::Success { -share.amount_fen } else { 0 };
        let number = Some(out_request_no);
        self.books.post(line(LedgerKind::Share, at_us, &settlement.out_trade_no, number, amount_fen));
    }

    fn apply_share_returned(&mut self, out_trade_no: &str, out_request_no: &str, back: &RefundBack) {
        let key = (out_trade_no.to_owned(), out_request_no.to_owned());
        self.refund_backs.entry(key).or_default().push(back.clone());
        if back.state != ShareState::Success {
            return;
        }
        let mut left_fen = back.amount_fen;
        for settlement in self.settlements.values_mut().filter(|one| one.out_trade_no == out_trade_no) {
            for share in settlement.shares.iter_mut().filter(|share| share.account == back.account) {
                let part = left_fen.min(share.amount_fen - share.returned_fen);
                share.returned_fen += part;
                left_fen -= part;
            }
        }
        let kind = LedgerKind::ShareReturned;
        self.books.post(line(kind, back.at_us, out_trade_no, None, back.amount_fen));
    }

    fn apply_created(&mut self, trade: &Trade) {
        let out_trade_no = trade.order.out_trade_no.clone();
        self.timers.set(trade.expires_at_us, Timer::Expire(out_trade_no.clone()));
        self.trade_nos.insert(trade.trade_no.clone(), out_trade_no.clone());
        self.trades.insert(out_trade_no, trade.clone());
    }

    fn apply_paid(&mut self, out_trade_no: &str, at_us: i64, (coupon, fee_fen): (Coupon, i64)) {
        let Some(trade) = self.trades.get_mut(out_trade_no) else { return };
        trade.status = TradeStatus::TradeSuccess;
        trade.paid_at_us = Some(at_us);
        trade.fee_fen = fee_fen;
        trade.coupon = coupon;
        let (settled_fen, keeps) = (trade.settled_fen(), trade.order.keeps);
        let finish_us = at_us.saturating_add(self.config.refund_window_us);
        self.timers.set(finish_us, Timer::Finish(out_trade_no.to_owned()));
        if let Some(kept_us) = self.config.house.keeps_for_us().filter(|_| keeps) {
            self.timers.set(at_us.saturating_add(kept_us), Timer::Unfreeze(out_trade_no.to_owned()));
        }
        self.books.post(line(LedgerKind::Payment, at_us, out_trade_no, None, settled_fen));
        self.books.post(line(LedgerKind::Fee, at_us, out_trade_no, None, -fee_fen));
    }

    fn apply_refunded(&mut self, out_trade_no: &str, out_request_no: &str, refund: RefundRecord) {
        let Some(trade) = self.trades.get_mut(out_trade_no) else { return };
        self.refund_orders.insert(out_request_no.to_owned(), out_trade_no.to_owned());
        trade.refunds.insert(out_request_no.to_owned(), refund);
        if trade.refunded_fen() >= trade.paid_fen() {
            trade.status = TradeStatus::TradeClosed;
            trade.closed_at_us = Some(refund.at_us);
        }
        let request = Some(out_request_no);
        let moved_fen = refund.amount_fen.saturating_sub(refund.coupon.merchant_fen);
        self.books.post(line(LedgerKind::Refund, refund.at_us, out_trade_no, request, -moved_fen));
        self.books.post(line(
            LedgerKind::FeeReturned,
            refund.at_us,
            out_trade_no,
            request,
            refund.fee_returned_fen,
        ));
    }
}

pub(super) fn line(
    kind: LedgerKind,
    at_us: i64,
    out_trade_no: &str,
    out_request_no: Option<&str>,
    amount_fen: i64,
) -> LedgerLine {
    LedgerLine {
        at_us,
        kind,
        out_trade_no: out_trade_no.to_owned(),
        out_request_no: out_request_no.map(str::to_owned),
        amount_fen,
        balance_fen: 0,
    }
}

impl Seller {
    fn truth_trade(&self, trade: &Trade) -> TruthTrade {
        TruthTrade {
            out_trade_no: trade.order.out_trade_no.clone(),
            trade_no: trade.trade_no.clone(),
            status: trade.status,
            total_fen: trade.order.total_fen,
            paid_fen: trade.paid_fen(),
            refunded_fen: trade.refunded_fen(),
            coupon: trade.coupon,
            coupon_back: trade.coupon_back(),
            fee_fen: trade.fee_fen,
            fee_returned_fen: trade.fee_returned_fen(),
            refunds: trade
                .refunds
                .iter()
                .map(|(out_request_no, refund)| (out_request_no.clone(), refund.amount_fen))
                .collect(),
            shares: self.paid_shares(trade),
            kept: self.keeps(trade),
        }
    }
}

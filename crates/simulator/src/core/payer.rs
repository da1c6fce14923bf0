use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::timers::Timer;
use super::{Entrance, Seller, Trade, TradeStatus};

/// How the phone answers a bar-code charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarcodeReply {
    Paid,
    /// The payer has yet to confirm: code 10003.
    AsksPayer,
    /// Refused for lack of money.
    NoMoney,
}

/// Why the payer cannot do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PayerRefusal {
    #[error("there is no such order")]
    NotFound,
    #[error("the page or code has expired")]
    Expired,
    #[error("the trade is closed")]
    Closed,
    #[error("the trade is already paid")]
    AlreadyPaid,
}

impl PayerRefusal {
    /// A stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Expired => "expired",
            Self::Closed => "closed",
            Self::AlreadyPaid => "already_paid",
        }
    }
}

impl Seller {
    /// The payer opens the page or scans the code: from now on the trade exists.
    pub fn open(&mut self, now_us: i64, out_trade_no: &str) -> Result<&Trade, PayerRefusal> {
        self.advance(now_us);
        if !self.trades.contains_key(out_trade_no) {
            self.open_prepared(now_us, out_trade_no)?;
        }
        let trade = self.trades.get(out_trade_no).ok_or(PayerRefusal::NotFound)?;
        match trade.status {
            TradeStatus::WaitBuyerPay => Ok(trade),
            TradeStatus::TradeClosed => Err(PayerRefusal::Closed),
            TradeStatus::TradeSuccess | TradeStatus::TradeFinished => Err(PayerRefusal::AlreadyPaid),
        }
    }

    /// The payer pays, opening the order first where that has not happened.
    pub fn pay(&mut self, now_us: i64, out_trade_no: &str) -> Result<(), PayerRefusal> {
        self.advance(now_us);
        self.pay_now(now_us, out_trade_no)
    }

    /// The payer refuses: a bar-code trade closes, any other can still be paid until it expires.
    pub fn decline(&mut self, now_us: i64, out_trade_no: &str) -> Result<(), PayerRefusal> {
        let entrance = self.open(now_us, out_trade_no)?.entrance;
        match entrance {
            Entrance::Barcode => self.close_trade(now_us, out_trade_no),
            Entrance::Page | Entrance::Wap | Entrance::Qr | Entrance::Jsapi | Entrance::Created => {}
        }
        Ok(())
    }

    /// The payer sees a time-out, but the money may leave `after_us` later.
    pub fn time_out(&mut self, now_us: i64, out_trade_no: &str, after_us: i64) -> Result<(), PayerRefusal> {
        self.open(now_us, out_trade_no)?;
        let due_us = now_us.saturating_add(after_us.max(0));
        self.timers.set(due_us, Timer::PayerPays(out_trade_no.to_owned()));
        Ok(())
    }

    /// The payer opens the order and walks away.
    pub fn never(&mut self, now_us: i64, out_trade_no: &str) -> Result<(), PayerRefusal> {
        self.open(now_us, out_trade_no).map(|_| ())
    }

    /// Sets beforehand how the phone will answer a bar-code charge.
    pub fn set_barcode_reply(&mut self, out_trade_no: &str, reply: BarcodeReply) {
        self.barcode_replies.insert(out_trade_no.to_owned(), reply);
    }

    pub(super) fn pay_now(&mut self, now_us: i64, out_trade_no: &str) -> Result<(), PayerRefusal> {
        if !self.trades.contains_key(out_trade_no) {
            self.open_prepared(now_us, out_trade_no)?;
        }
        match self.trades.get(out_trade_no).map(|trade| (trade.status, trade.expires_at_us)) {
            None => Err(PayerRefusal::NotFound),
            Some((TradeStatus::TradeClosed, _)) => Err(PayerRefusal::Closed),
            Some((TradeStatus::TradeSuccess | TradeStatus::TradeFinished, _)) => {
                Err(PayerRefusal::AlreadyPaid)
            }
            Some((TradeStatus::WaitBuyerPay, expires_at_us)) if now_us >= expires_at_us => {
                Err(PayerRefusal::Expired)
            }
            Some((TradeStatus::WaitBuyerPay, _)) => {
                self.settle_payment(now_us, out_trade_no);
                Ok(())
            }
        }
    }

    fn open_prepared(&mut self, now_us: i64, out_trade_no: &str) -> Result<(), PayerRefusal> {
        let prepared = self.prepared.get(out_trade_no).ok_or(PayerRefusal::NotFound)?.clone();
        if now_us >= prepared.open_until_us {
            return Err(PayerRefusal::Expired);
        }
        // A code with a lifetime of its own bounds the trade behind it as well.
        let bound_us = prepared.order.qr_timeout_us.map(|_| prepared.open_until_us);
        self.start_trade(now_us, &prepared.order, prepared.entrance, bound_us);
        self.forge_by_plan(now_us, out_trade_no);
        Ok(())
    }
}

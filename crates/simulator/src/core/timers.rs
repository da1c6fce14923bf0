use std::collections::BTreeMap;

use super::{CoreCall, Seller, TradeStatus, TruthEvent};

pub(super) const SECOND_US: i64 = 1_000_000;
pub(crate) const MINUTE_US: i64 = 60 * SECOND_US;
pub(super) const HOUR_US: i64 = 60 * MINUTE_US;
pub(super) const DAY_US: i64 = 24 * HOUR_US;

/// Something that happens by itself at a set time.
#[derive(Debug, Clone)]
pub(super) enum Timer {
    Expire(String),
    Finish(String),
    Land(Box<CoreCall>),
    PayerPays(String),
    PayShares(String),
    GiveBack(String),
    Unfreeze(String),
}

/// Timers in order of time, then of setting.
#[derive(Debug, Clone)]
pub(crate) struct Timers<T> {
    waiting: BTreeMap<(i64, u64), T>,
    serial: u64,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), serial: 0 }
    }
}

impl<T> Timers<T> {
    pub(crate) fn set(&mut self, due_us: i64, timer: T) {
        self.serial = self.serial.saturating_add(1);
        self.waiting.insert((due_us, self.serial), timer);
    }

    pub(crate) fn next_due_us(&self) -> Option<i64> {
        self.waiting.keys().next().map(|(due_us, _)| *due_us)
    }

    pub(crate) fn take_due(&mut self, now_us: i64) -> Option<(i64, T)> {
        let entry = self.waiting.first_entry().filter(|entry| entry.key().0 <= now_us)?;
        let ((due_us, _), timer) = entry.remove_entry();
        Some((due_us, timer))
    }
}

impl Seller {
    /// Lets everything happen that is due: expiries, late effects, late payers, the end of refund windows.
    pub fn advance(&mut self, now_us: i64) {
        while let Some((due_us, timer)) = self.timers.take_due(now_us) {
            match timer {
                Timer::Expire(out_trade_no) => self.expire(due_us, &out_trade_no),
                Timer::Finish(out_trade_no) => self.finish(due_us, &out_trade_no),
                Timer::Land(call) => {
                    self.execute(due_us, &call);
                }
                Timer::GiveBack(out_return_no) => self.give_back(due_us, &out_return_no),
                Timer::Unfreeze(out_trade_no) => self.unfreeze(out_trade_no),
                Timer::PayShares(out_request_no) => self.pay_shares(due_us, &out_request_no),
                Timer::PayerPays(out_trade_no) => {
                    // A payer who comes too late is refused like any other.
                    let _refusal = self.pay_now(due_us, &out_trade_no);
                }
            }
        }
    }

    fn expire(&mut self, at_us: i64, out_trade_no: &str) {
        if self.trades.get(out_trade_no).is_some_and(|trade| trade.status == TradeStatus::WaitBuyerPay) {
            self.close_trade(at_us, out_trade_no);
        }
    }

    fn finish(&mut self, at_us: i64, out_trade_no: &str) {
        if self.trades.get(out_trade_no).is_some_and(|trade| trade.status == TradeStatus::TradeSuccess) {
            self.record(TruthEvent::Finished { out_trade_no: out_trade_no.to_owned(), at_us });
            if self.config.notify_endings {
                self.notify(at_us, out_trade_no, None);
            }
        }
    }

    pub(super) fn close_trade(&mut self, at_us: i64, out_trade_no: &str) {
        self.record(TruthEvent::Closed { out_trade_no: out_trade_no.to_owned(), at_us });
        if self.config.notify_endings {
            self.notify(at_us, out_trade_no, None);
        }
    }
}

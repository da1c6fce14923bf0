use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::timers::{MINUTE_US, SECOND_US, Timer};
use super::{
    BindCall, CoreAnswer, Node, Seller, SettleCall, SettleQueryCall, ShareCall, ShareNode, ShareState, Trade,
    TradeRef, TradeStatus, TruthEvent, Way, Why,
};

/// How long the channel takes to pay shares out.
const PAYS_AFTER_US: i64 = 3 * SECOND_US;

/// How long a receiver stays off the list who is taken off and on.
const WAVERS_US: i64 = 2 * MINUTE_US;

/// The truth about one split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub out_trade_no: String,
    pub shares: Vec<Share>,
    /// Whether what is not divided is the seller's once this is paid.
    pub finish: bool,
}

/// The truth about one share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub account: String,
    pub amount_fen: i64,
    pub state: ShareState,
    pub returned_fen: i64,
    pub at_us: i64,
}

impl Seller {
    pub(super) fn bind(&mut self, call: &BindCall) -> CoreAnswer {
        if call.account.is_empty() || call.account.starts_with("unknown") {
            return CoreAnswer::refused(Why::ReceiverUnknown);
        }
        if !self.receivers.contains(&call.account) {
            self.record(TruthEvent::Bound { account: call.account.clone() });
        }
        CoreAnswer::ok(Node::Bind)
    }

    /// Who was not bound is not bound either.
    pub(super) fn unbind(&mut self, call: &BindCall) -> CoreAnswer {
        if self.receivers.contains(&call.account) {
            self.record(TruthEvent::Unbound { account: call.account.clone() });
        }
        CoreAnswer::ok(Node::Bind)
    }

    pub(super) fn settle(&mut self, now_us: i64, call: &SettleCall) -> CoreAnswer {
        let Some(trade) = self.find(&call.trade).cloned() else {
            return CoreAnswer::refused(Why::NotExist);
        };
        if let Some(first) = self.settlements.get(&call.out_request_no) {
            let named =
                |share: &Share| ShareCall { account: share.account.clone(), amount_fen: share.amount_fen };
            let same =
                first.shares.iter().map(named).eq(call.shares.iter().cloned()) && first.finish == call.finish;
            return if same {
                settled(&trade, &call.out_request_no)
            } else {
                CoreAnswer::refused(Why::RefundDiffers)
            };
        }
        if let Err(why) = self.check_settle(now_us, &trade, call) {
            return CoreAnswer::refused(why);
        }
        let share = |share: &ShareCall| Share {
            account: share.account.clone(),
            amount_fen: share.amount_fen,
            state: ShareState::Processing,
            returned_fen: 0,
            at_us: now_us,
        };
        self.record(TruthEvent::Settled {
            out_request_no: call.out_request_no.clone(),
            settlement: Settlement {
                out_trade_no: trade.order.out_trade_no.clone(),
                shares: call.shares.iter().map(share).collect(),
                finish: call.finish,
            },
        });
        if call.shares.is_empty() {
            // Nobody is to be paid: the rest is the seller's at once.
            self.pay_shares(now_us, &call.out_request_no);
        } else {
            let due_us = now_us.saturating_add(PAYS_AFTER_US);
            self.timers.set(due_us, Timer::PayShares(call.out_request_no.clone()));
        }
        settled(&trade, &call.out_request_no)
    }

    /// A receiver whom the merchant has taken off the list again, in the channel's portal, or takes off and on.
    fn is_listed(&self, now_us: i64, account: &str) -> bool {
        let off = account.starts_with("wavers") && now_us.div_euclid(WAVERS_US).rem_euclid(2) == 0;
        self.receivers.contains(account) && !account.starts_with("dropped") && !off
    }

    fn check_settle(&self, now_us: i64, trade: &Trade, call: &SettleCall) -> Result<(), Why> {
        if trade.status != TradeStatus::TradeSuccess {
            return Err(Why::StatusWrong);
        }
        // What was released is no longer there to be divided.
        let house = self.config.house;
        let once = !call.shares.is_empty() || house.divides_kept_only();
        if once && self.released.contains(&trade.order.out_trade_no) {
            return Err(Why::StatusWrong);
        }
        if house.divides_kept_only() && !trade.order.keeps {
            return Err(Why::ShareTooMuch);
        }
        let known = |share: &ShareCall| share.amount_fen > 0 && self.is_listed(now_us, &share.account);
        if call.shares.is_empty() && !call.finish || !call.shares.iter().all(known) {
            return Err(Why::ParameterInvalid);
        }
        let wanted: i64 = call.shares.iter().map(|share| share.amount_fen).sum();
        let (gone_fen, shared_fen) = (trade.refunded_fen() + trade.fee_fen, self.shared_fen(trade));
        let left_fen = trade.paid_fen() - gone_fen - shared_fen;
        let most_fen = trade.paid_fen() * i64::from(self.config.shares_max_ppm) / 1_000_000 - shared_fen;
        if wanted > most_fen {
            return Err(Why::ShareTooMuch);
        }
        // A release asks for nothing, even where refunds took more than was left.
        if wanted > left_fen.max(0) { Err(Why::ShareShort) } else { Ok(()) }
    }

    /// What of a trade is kept and not divided: nothing any more once it was released.
    pub(super) fn undivided(&self, trade: &TradeRef) -> CoreAnswer {
        let Some(trade) = self.find(trade) else { return CoreAnswer::refused(Why::NotExist) };
        if !trade.order.keeps {
            return CoreAnswer::refused(Why::StatusWrong);
        }
        let gone_fen = trade.refunded_fen() + trade.fee_fen + self.shared_fen(trade);
        let left_fen = if self.keeps(trade) { trade.settled_fen() - gone_fen } else { 0 };
        CoreAnswer::ok(Node::Undivided { trade_no: trade.trade_no.clone(), amount_fen: left_fen.max(0) })
    }

    fn shared_fen(&self, trade: &Trade) -> i64 {
        self.shares_of(trade)
            .filter(|share| share.state != ShareState::Failed)
            .map(|share| share.amount_fen)
            .sum()
    }

    pub(super) fn shares_of<'a>(&'a self, trade: &'a Trade) -> impl Iterator<Item = &'a Share> {
        let own = |one: &&Settlement| one.out_trade_no == trade.order.out_trade_no;
        self.settlements.values().filter(own).flat_map(|one| one.shares.iter())
    }

    /// Pays what was asked for, and releases the rest if that was asked too and all of it was paid. A share fails if the
    /// seller's balance does not cover it, or the receiver's account is shut.
    pub(super) fn pay_shares(&mut self, at_us: i64, out_request_no: &str) {
        let Some(settlement) = self.settlements.get(out_request_no).cloned() else { return };
        for (place, share) in settlement.shares.iter().enumerate() {
            if share.state != ShareState::Processing {
                continue;
            }
            let shut = share.account.starts_with("closed");
            let paid = !shut && self.books.balance_fen() >= share.amount_fen;
            self.record(TruthEvent::ShareEnded {
                out_request_no: out_request_no.to_owned(),
                place,
                state: if paid { ShareState::Success } else { ShareState::Failed },
                at_us,
            });
        }
        let settlement = self.settlements.get(out_request_no);
        let any_way = self.config.house.releases_unpaid();
        let all_paid =
            |one: &&Settlement| any_way || one.shares.iter().all(|share| share.state == ShareState::Success);
        if let Some(done) = settlement.filter(|one| one.finish).filter(all_paid) {
            self.record(TruthEvent::Released { out_trade_no: done.out_trade_no.clone() });
        }
    }

    /// What nobody divided in time is the seller's; shares that are being paid still are.
    pub(super) fn unfreeze(&mut self, out_trade_no: String) {
        if !self.released.contains(&out_trade_no) {
            self.record(TruthEvent::Released { out_trade_no });
        }
    }

    /// The truth about a split.
    pub fn settlement(&self, out_request_no: &str) -> Option<&Settlement> {
        self.settlements.get(out_request_no)
    }

    /// Whether the seller has to wait for what is kept for shares of this trade.
    pub fn keeps(&self, trade: &Trade) -> bool {
        let number = &trade.order.out_trade_no;
        trade.order.keeps && trade.status == TradeStatus::TradeSuccess && !self.released.contains(number)
    }

    /// Every share paid of a trade: its split, receiver, fen and what came back.
    pub fn paid_shares(&self, trade: &Trade) -> Vec<(String, String, i64, i64)> {
        let own = self.settlements.iter().filter(|(_, one)| one.out_trade_no == trade.order.out_trade_no);
        let shares = own.flat_map(|(number, one)| one.shares.iter().map(move |share| (number, share)));
        let paid = shares.filter(|(_, share)| share.state == ShareState::Success);
        paid.map(|(number, share)| {
            (number.clone(), share.account.clone(), share.amount_fen, share.returned_fen)
        })
        .collect()
    }

    pub(super) fn settle_query(&self, call: &SettleQueryCall) -> CoreAnswer {
        let known = self.settlements.get(&call.out_request_no);
        let trade = self.find(&call.trade);
        let Some(trade) = trade else { return CoreAnswer::refused(Why::NotExist) };
        let Some(settlement) = known else {
            // The number of a refund that took shares back is as good.
            let shares = self.backs_listed(trade, &call.out_request_no);
            if shares.is_empty() {
                return CoreAnswer::refused(Why::NotExist);
            }
            return CoreAnswer::ok(Node::SettleQuery { out_request_no: call.out_request_no.clone(), shares });
        };
        if settlement.out_trade_no != trade.order.out_trade_no {
            return CoreAnswer::refused(Why::NotExist);
        }
        let node = |share: &Share| ShareNode {
            way: Way::Transfer,
            account: share.account.clone(),
            amount_fen: share.amount_fen,
            state: share.state,
            at_us: share.at_us,
        };
        CoreAnswer::ok(Node::SettleQuery {
            out_request_no: call.out_request_no.clone(),
            shares: settlement.shares.iter().map(node).collect(),
        })
    }

    /// Whether a refund may take this back of shares.
    pub(super) fn check_returns(&self, trade: &Trade, returns: &[ShareCall]) -> Result<(), Why> {
        let mut left: BTreeMap<&str, i64> = BTreeMap::new();
        for share in self.shares_of(trade).filter(|share| share.state == ShareState::Success) {
            let fen = left.entry(share.account.as_str()).or_default();
            *fen = fen.saturating_add(share.amount_fen - share.returned_fen);
        }
        for back in returns {
            let fen = left.entry(back.account.as_str()).or_default();
            *fen = fen.saturating_sub(back.amount_fen);
            if back.amount_fen <= 0 || *fen < 0 {
                return Err(Why::RefundNotAllowed);
            }
        }
        Ok(())
    }
}

fn settled(trade: &Trade, out_request_no: &str) -> CoreAnswer {
    CoreAnswer::ok(Node::Settle { trade_no: trade.trade_no.clone(), settle_no: format!("S{out_request_no}") })
}

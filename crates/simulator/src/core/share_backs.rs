use serde::{Deserialize, Serialize};

use super::timers::{HOUR_US, SECOND_US, Timer};
use super::{
    CoreAnswer, LedgerKind, Node, Seller, Settlement, ShareBackCall, ShareBackNode, ShareBackQueryCall,
    ShareState, TruthEvent, Why,
};

/// How long the channel takes to give a share back.
const GIVES_BACK_AFTER_US: i64 = 2 * SECOND_US;

/// The truth about one share that is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareBack {
    /// The split's number
    pub out_request_no: String,
    pub account: String,
    pub amount_fen: i64,
    pub state: ShareState,
    pub at_us: i64,
}

impl Seller {
    pub(super) fn share_back(&mut self, now_us: i64, call: &ShareBackCall) -> CoreAnswer {
        if let Some(first) = self.share_backs.get(&call.out_return_no) {
            let named = (&first.out_request_no, &first.account, first.amount_fen);
            return if named == (&call.out_request_no, &call.account, call.amount_fen) {
                told(&call.out_return_no, first)
            } else {
                CoreAnswer::refused(Why::RefundDiffers)
            };
        }
        if let Err(why) = self.check_share_back(now_us, call) {
            return CoreAnswer::refused(why);
        }
        let back = ShareBack {
            out_request_no: call.out_request_no.clone(),
            account: call.account.clone(),
            amount_fen: call.amount_fen,
            state: ShareState::Processing,
            at_us: now_us,
        };
        self.record(TruthEvent::ShareBackAsked {
            out_return_no: call.out_return_no.clone(),
            back: back.clone(),
        });
        let due_us = now_us.saturating_add(GIVES_BACK_AFTER_US);
        self.timers.set(due_us, Timer::GiveBack(call.out_return_no.clone()));
        told(&call.out_return_no, &back)
    }

    /// Only of a split that is over, from a receiver that was paid, and never more than it got.
    fn check_share_back(&self, now_us: i64, call: &ShareBackCall) -> Result<(), Why> {
        let settlement = self.settlements.get(&call.out_request_no).ok_or(Why::NotExist)?;
        let over = settlement.shares.iter().all(|share| share.state != ShareState::Processing);
        let paid = settlement
            .shares
            .iter()
            .find(|share| share.account == call.account && share.state == ShareState::Success);
        let Some(paid) = paid.filter(|_| over) else { return Err(Why::StatusWrong) };
        let under_way: i64 = self
            .share_backs
            .values()
            .filter(|back| back.out_request_no == call.out_request_no && back.account == call.account)
            .filter(|back| back.state == ShareState::Processing)
            .map(|back| back.amount_fen)
            .sum();
        let left_fen = paid.amount_fen - paid.returned_fen - under_way;
        let asked =
            self.share_backs.values().filter(|back| back.out_request_no == call.out_request_no).count();
        if call.amount_fen <= 0 || call.amount_fen > left_fen || asked >= self.config.house.share_backs_max()
        {
            return Err(Why::RefundTooMuch);
        }
        // Who has not agreed to give back in the channel's portal is asked in vain, and so is who has no money (now).
        if call.account.starts_with("unwilling") {
            return Err(Why::StatusWrong);
        }
        let poor = call.account.starts_with("poor") && now_us.div_euclid(HOUR_US).rem_euclid(2) == 0;
        if poor || call.account.starts_with("empty") {
            return Err(Why::ShareShort);
        }
        Ok(())
    }

    /// A receiver whose account was shut since gives nothing back.
    pub(super) fn give_back(&mut self, at_us: i64, out_return_no: &str) {
        let Some(back) = self.share_backs.get(out_return_no) else { return };
        if back.state != ShareState::Processing {
            return;
        }
        let keeps = super::refund_backs::keeps(&back.account);
        self.record(TruthEvent::ShareBackEnded {
            out_return_no: out_return_no.to_owned(),
            state: if keeps { ShareState::Failed } else { ShareState::Success },
            at_us,
        });
    }

    pub(super) fn apply_share_back_ended(&mut self, out_return_no: &str, (state, at_us): (ShareState, i64)) {
        let Some(back) = self.share_backs.get_mut(out_return_no) else { return };
        back.state = state;
        back.at_us = at_us;
        let (number, account, fen) = (back.out_request_no.clone(), back.account.clone(), back.amount_fen);
        if state != ShareState::Success {
            return;
        }
        let Some(settlement) = self.settlements.get_mut(&number) else { return };
        for share in settlement.shares.iter_mut().filter(|share| share.account == account) {
            share.returned_fen += fen;
        }
        let out_trade_no = settlement.out_trade_no.clone();
        let number = Some(out_return_no);
        self.books.post(super::truth::line(LedgerKind::ShareReturned, at_us, &out_trade_no, number, fen));
    }

    pub(super) fn share_back_query(&self, call: &ShareBackQueryCall) -> CoreAnswer {
        match self.share_backs.get(&call.out_return_no) {
            Some(back) if back.out_request_no == call.out_request_no => told(&call.out_return_no, back),
            Some(_) | None => CoreAnswer::refused(Why::NotExist),
        }
    }

    /// The merchant number of the order that a split divides, for channels that ask by the split alone.
    pub fn order_of_split(&self, out_request_no: &str) -> Option<&str> {
        self.settlements.get(out_request_no).map(|one: &Settlement| one.out_trade_no.as_str())
    }
}

fn told(out_return_no: &str, back: &ShareBack) -> CoreAnswer {
    CoreAnswer::ok(Node::ShareBack(ShareBackNode {
        out_request_no: back.out_request_no.clone(),
        out_return_no: out_return_no.to_owned(),
        account: back.account.clone(),
        amount_fen: back.amount_fen,
        state: back.state,
        at_us: back.at_us,
    }))
}

use super::books::fee_share;
use super::refund_backs::keeps;
use super::trade::{RefundRecord, Trade, TradeStatus};
use super::{
    CoreAnswer, FeeOnRefund, FundChange, Node, RefundCall, RefundNode, RefundQueryCall, RefundQueryNode,
    RefundStatus, Seller, ShareCall, ShareState, TruthEvent, Why,
};

/// Whether the gateway holds refunds to what was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cap {
    Enforced,
    Lifted,
}

impl Seller {
    pub(super) fn refund(&mut self, now_us: i64, call: &RefundCall, cap: Cap) -> CoreAnswer {
        let Some(trade) = self.find(&call.trade) else {
            return CoreAnswer::refused(Why::NotExist);
        };
        let trade = trade.clone();
        let out_request_no = request_no(call.out_request_no.as_deref(), &trade);
        if let Some(first) = trade.refunds.get(&out_request_no) {
            return if first.amount_fen == call.refund_fen {
                // The first result again, whose money has moved already.
                CoreAnswer::ok(Node::Refund(refund_node(&trade, FundChange::No, Some(first.at_us))))
            } else {
                CoreAnswer::refused(Why::RefundDiffers)
            };
        }
        let backs = match self.check_refund(now_us, &trade, call, cap) {
            Ok(backs) => backs,
            Err(why) => return CoreAnswer::refused(why),
        };
        self.give_with_refund(now_us, (&trade, &out_request_no), &backs);
        self.record_refund(now_us, &trade, &out_request_no, call.refund_fen);
        let trade = self.trades.get(&trade.order.out_trade_no).unwrap_or(&trade);
        CoreAnswer::ok(Node::Refund(refund_node(trade, FundChange::Yes, Some(now_us))))
    }

    /// What this new refund takes back of shares, or the sub code that refuses it.
    pub(super) fn check_refund(
        &self,
        now_us: i64,
        trade: &Trade,
        call: &RefundCall,
        cap: Cap,
    ) -> Result<Vec<ShareCall>, Why> {
        let out_request_no = request_no(call.out_request_no.as_deref(), trade);
        if call.refund_fen <= 0 || !request_no_is_valid(&out_request_no) {
            return Err(Why::ParameterInvalid);
        }
        match trade.status {
            TradeStatus::WaitBuyerPay => return Err(Why::StatusWrong),
            TradeStatus::TradeFinished => return Err(Why::Finished),
            TradeStatus::TradeClosed if trade.paid_at_us.is_none() => return Err(Why::StatusWrong),
            TradeStatus::TradeClosed | TradeStatus::TradeSuccess => {}
        }
        let left_fen = trade.paid_fen().saturating_sub(trade.refunded_fen());
        if cap == Cap::Enforced && call.refund_fen > left_fen {
            return Err(Why::RefundTooMuch);
        }
        if call.out_request_no.is_none() && call.refund_fen != trade.order.total_fen {
            return Err(Why::RefundNotWhole);
        }
        if trade.refunds.len() >= self.config.house.refunds_max() {
            return Err(Why::RefundNotAllowed);
        }
        if self.comes_too_soon(now_us, trade) {
            return Err(Why::RefundTooSoon);
        }
        let backs = self.backs_of(trade, call)?;
        let comes = backs.iter().filter(|back| !keeps(&back.account));
        let back_fen: i64 = comes.map(|back| back.amount_fen).sum();
        let moved_fen = call.refund_fen.saturating_sub(trade.coupon_share(call.refund_fen).merchant_fen);
        let cost_fen = moved_fen.saturating_sub(self.fee_back_fen(trade, call.refund_fen));
        if self.books.balance_fen().saturating_add(back_fen) < cost_fen {
            return Err(Why::SellerShort);
        }
        Ok(backs)
    }

    fn comes_too_soon(&self, now_us: i64, trade: &Trade) -> bool {
        let last_us = trade.refunds.values().map(|refund| refund.at_us).max();
        last_us.is_some_and(|last_us| now_us.saturating_sub(last_us) < self.config.refund_gap_us)
    }

    fn fee_back_fen(&self, trade: &Trade, refund_fen: i64) -> i64 {
        match self.config.fee_on_refund {
            FeeOnRefund::Kept => 0,
            FeeOnRefund::Returned => {
                let refunded_fen = trade.refunded_fen().saturating_add(refund_fen);
                fee_share(trade.fee_fen, refunded_fen, trade.order.total_fen)
                    .saturating_sub(trade.fee_returned_fen())
            }
        }
    }

    fn record_refund(&mut self, now_us: i64, trade: &Trade, out_request_no: &str, refund_fen: i64) {
        let out_trade_no = trade.order.out_trade_no.clone();
        let fee_returned_fen = self.fee_back_fen(trade, refund_fen);
        self.record(TruthEvent::Refunded {
            out_trade_no: out_trade_no.clone(),
            out_request_no: out_request_no.to_owned(),
            refund: RefundRecord {
                amount_fen: refund_fen,
                coupon: trade.coupon_share(refund_fen),
                at_us: now_us,
                fee_returned_fen,
            },
        });
        if self.config.notify_refunds {
            self.notify(now_us, &out_trade_no, Some(out_request_no));
        }
    }

    pub(super) fn refund_for_cancel(&mut self, now_us: i64, trade: &Trade) -> Result<(), Why> {
        if !trade.refunds.is_empty() {
            return Err(Why::CancelNotAllowed);
        }
        let call = RefundCall {
            trade: super::TradeRef::out(&trade.order.out_trade_no),
            refund_fen: trade.order.total_fen,
            out_request_no: None,
            returns: Vec::new(),
        };
        self.check_refund(now_us, trade, &call, Cap::Enforced)?;
        self.record_refund(now_us, trade, &trade.order.out_trade_no, trade.order.total_fen);
        Ok(())
    }

    pub(super) fn refund_query(&self, call: &RefundQueryCall) -> CoreAnswer {
        let Some(trade) = self.find(&call.trade) else {
            return CoreAnswer::refused(Why::NotExist);
        };
        let out_request_no = request_no(call.out_request_no.as_deref(), trade);
        let refund = trade.refunds.get(&out_request_no);
        let mut royaltys = self.backs_listed(trade, &out_request_no);
        royaltys.retain(|back| back.state == ShareState::Success);
        CoreAnswer::ok(Node::RefundQuery(RefundQueryNode {
            out_trade_no: trade.order.out_trade_no.clone(),
            trade_no: trade.trade_no.clone(),
            out_request_no,
            refund_status: refund.map(|_| RefundStatus::Success),
            refund_fen: refund.map(|refund| refund.amount_fen),
            coupon: refund.map(|refund| refund.coupon).filter(|_| trade.coupon.whole_fen() > 0),
            total_fen: refund.map(|_| trade.order.total_fen),
            gmt_refund_pay_us: refund.map(|refund| refund.at_us),
            royaltys,
        }))
    }
}

pub(super) fn refund_node(trade: &Trade, fund_change: FundChange, at_us: Option<i64>) -> RefundNode {
    RefundNode {
        out_trade_no: trade.order.out_trade_no.clone(),
        trade_no: trade.trade_no.clone(),
        buyer_id: trade.buyer_id.clone(),
        buyer_logon_id: trade.buyer_logon_id.clone(),
        fund_change,
        refund_fee_fen: trade.refunded_fen(),
        gmt_refund_pay_us: at_us,
    }
}

fn request_no(given: Option<&str>, trade: &Trade) -> String {
    given.unwrap_or(&trade.order.out_trade_no).to_owned()
}

fn request_no_is_valid(number: &str) -> bool {
    (1..=64).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

use super::faults::{Fault, Point};
use super::refunds::{Cap, refund_node};
use super::rules::query_node;
use super::timers::MINUTE_US;
use super::{
    Code, CoreAnswer, CoreCall, Delivery, Effect, FundChange, Node, RefundCall, Seller, ShareState,
    TradeStatus, Why,
};

impl Seller {
    /// Takes one call as the gateway would, with the faults in force, and says what reaches the merchant.
    pub fn handle(&mut self, now_us: i64, call: &CoreCall) -> Delivery {
        self.advance(now_us);
        if now_us < self.faults.down_until_us {
            self.faults.count(Fault::Down { for_us: 0 });
            return Delivery::Lost { effect: Effect::None };
        }
        let out_trade_no = self.out_trade_no_of(call);
        if let CoreCall::Refund(RefundCall { out_request_no: Some(number), .. }) = call {
            self.refund_orders.entry(number.clone()).or_insert_with(|| out_trade_no.clone());
        }
        let delivery = match self.faults.draw(Point::Call(call.method()), &out_trade_no) {
            None => Delivery::Answered(self.execute(now_us, call)),
            Some(fault) => self.enact(now_us, call, fault),
        };
        if matches!(
            call,
            CoreCall::Query(_)
                | CoreCall::RefundQuery(_)
                | CoreCall::SettleQuery(_)
                | CoreCall::ShareBackQuery(_)
        ) {
            for late in self.after_query.remove(&out_trade_no).unwrap_or_default() {
                self.execute(now_us, &late);
            }
        }
        delivery
    }

    fn out_trade_no_of(&self, call: &CoreCall) -> String {
        let wanted = call.trade().unwrap_or_default();
        match self.find(&wanted) {
            Some(trade) => trade.order.out_trade_no.clone(),
            None => wanted.out_trade_no.unwrap_or_default(),
        }
    }

    fn enact(&mut self, now_us: i64, call: &CoreCall, fault: Fault) -> Delivery {
        let delivery = match fault {
            Fault::LostBefore => Delivery::Lost { effect: Effect::None },
            Fault::LostAfter => {
                self.execute(now_us, call);
                Delivery::Lost { effect: Effect::Done }
            }
            Fault::LandsLate { after_us } => {
                self.land_later(now_us.saturating_add(after_us.max(0)), call);
                Delivery::Lost { effect: Effect::Later }
            }
            Fault::LandsAfterQuery => {
                let out_trade_no = self.out_trade_no_of(call);
                self.after_query.entry(out_trade_no).or_default().push(call.clone());
                Delivery::Lost { effect: Effect::Later }
            }
            Fault::Unreadable { garble, effect } => {
                let answer = self.take_effect(now_us, call, effect);
                Delivery::Garbled { kind: garble, answer, effect }
            }
            Fault::SystemError { effect } => {
                self.take_effect(now_us, call, effect);
                Delivery::Answered(unknown())
            }
            Fault::Slow { after_us } => Delivery::Late { after_us, answer: self.execute(now_us, call) },
            Fault::Limited => Delivery::Answered(CoreAnswer::coded(Code::Limited, Why::Limited)),
            Fault::Down { for_us } => {
                self.faults.down_until_us = now_us.saturating_add(for_us);
                Delivery::Lost { effect: Effect::None }
            }
            Fault::QueryStale | Fault::QueryNotFound | Fault::QuerySuccess => {
                return Delivery::Answered(self.lie(now_us, call, fault));
            }
            Fault::RefundLater { .. }
            | Fault::FalseSuccess
            | Fault::FalseRefusal { .. }
            | Fault::NoRefundCap => {
                return Delivery::Answered(self.refund_with_fault(now_us, call, fault));
            }
            Fault::NotifyDuplicated { .. }
            | Fault::NotifyReordered
            | Fault::NotifyLate { .. }
            | Fault::NotifyNever
            | Fault::NotifyWrongAmount { .. }
            | Fault::NotifyWrongApp
            | Fault::NotifyWrongSeller
            | Fault::NotifyForged { .. }
            | Fault::BillOmits
            | Fault::BillDoubles
            | Fault::BillAdds => return Delivery::Answered(self.execute(now_us, call)),
        };
        self.faults.count(fault);
        delivery
    }

    fn take_effect(&mut self, now_us: i64, call: &CoreCall, effect: Effect) -> CoreAnswer {
        match effect {
            Effect::None => unknown(),
            Effect::Done => self.execute(now_us, call),
            Effect::Later => {
                self.land_later(now_us.saturating_add(MINUTE_US), call);
                unknown()
            }
        }
    }

    /// Answers a query falsely; a lie that would be the truth is not counted.
    fn lie(&mut self, now_us: i64, call: &CoreCall, fault: Fault) -> CoreAnswer {
        let honest = self.execute(now_us, call);
        let told = if fault == Fault::QueryNotFound && honest.code == Code::Success {
            CoreAnswer::refused(Why::NotExist)
        } else if fault == Fault::QueryStale {
            stale(honest.clone())
        } else {
            let early = (fault == Fault::QuerySuccess).then(|| self.early_success(now_us, call)).flatten();
            early.unwrap_or_else(|| honest.clone())
        };
        if told != honest {
            self.faults.count(fault);
        }
        told
    }

    fn early_success(&self, now_us: i64, call: &CoreCall) -> Option<CoreAnswer> {
        let trade = self.find(&call.trade()?).filter(|trade| trade.status == TradeStatus::WaitBuyerPay)?;
        let mut node = query_node(trade);
        node.trade_status = TradeStatus::TradeSuccess;
        node.receipt_fen = Some(node.total_fen);
        node.buyer_pay_fen = Some(node.total_fen);
        node.send_pay_date_us = Some(now_us);
        Some(CoreAnswer::ok(Node::Query(node)))
    }

    fn refund_with_fault(&mut self, now_us: i64, call: &CoreCall, fault: Fault) -> CoreAnswer {
        let CoreCall::Refund(refund) = call else { return self.execute(now_us, call) };
        if fault == Fault::NoRefundCap {
            return self.refund_uncapped(now_us, refund);
        }
        let Some(trade) = self.find(&refund.trade).cloned() else { return self.execute(now_us, call) };
        let known = refund.out_request_no.as_ref().is_some_and(|number| trade.refunds.contains_key(number));
        if known || self.check_refund(now_us, &trade, refund, Cap::Enforced).is_err() {
            return self.execute(now_us, call);
        }
        self.faults.count(fault);
        if let Fault::FalseRefusal { after_us } = fault {
            self.land_later(now_us.saturating_add(after_us.max(0)), call);
            return CoreAnswer::refused(Why::RefundNotAllowed);
        }
        let mut node = refund_node(&trade, FundChange::No, None);
        if let Fault::RefundLater { after_us } = fault {
            self.land_later(now_us.saturating_add(after_us.max(0)), call);
        } else {
            node.fund_change = FundChange::Yes;
            node.refund_fee_fen = node.refund_fee_fen.saturating_add(refund.refund_fen);
            node.gmt_refund_pay_us = Some(now_us);
        }
        CoreAnswer::ok(Node::Refund(node))
    }

    fn refund_uncapped(&mut self, now_us: i64, refund: &RefundCall) -> CoreAnswer {
        let answer = self.refund(now_us, refund, Cap::Lifted);
        let over = self.find(&refund.trade).is_some_and(|trade| trade.refunded_fen() > trade.paid_fen());
        if over && matches!(&answer.node, Node::Refund(node) if node.fund_change == FundChange::Yes) {
            self.faults.count(Fault::NoRefundCap);
        }
        answer
    }
}

fn unknown() -> CoreAnswer {
    CoreAnswer::coded(Code::Unavailable, Why::Unknown)
}

/// The answer as it was before the money moved.
fn stale(mut answer: CoreAnswer) -> CoreAnswer {
    if let Node::Query(node) = &mut answer.node {
        node.trade_status = TradeStatus::WaitBuyerPay;
        node.receipt_fen = None;
        node.buyer_pay_fen = None;
        node.send_pay_date_us = None;
    }
    if let Node::RefundQuery(node) = &mut answer.node {
        node.refund_status = None;
        node.refund_fen = None;
        node.coupon = None;
        node.total_fen = None;
        node.gmt_refund_pay_us = None;
        node.royaltys.clear();
    }
    if let Node::ShareBack(node) = &mut answer.node {
        node.state = ShareState::Processing;
    }
    if let Node::SettleQuery { shares, .. } = &mut answer.node {
        for share in shares.iter_mut() {
            share.state = ShareState::Processing;
        }
    }
    answer
}

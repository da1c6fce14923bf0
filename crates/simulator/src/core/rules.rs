use super::timers::{DAY_US, HOUR_US, MINUTE_US, Timer};
use super::trade::{Cancelled, Entrance, Prepared, Trade, TradeStatus};
use super::{
    BarcodePay, BarcodeReply, BillCall, CancelNode, Code, CoreAnswer, CoreCall, Coupon, Dice, House, Node,
    Order, PayNode, QueryNode, Seller, TradeRef, TruthEvent, Why, beijing_day,
};

const MAX_TOTAL_FEN: i64 = 10_000_000_000;
const DEFAULT_QR_US: i64 = 2 * HOUR_US;
const MAX_TIMEOUT_US: i64 = 15 * DAY_US;

impl Seller {
    /// Applies the channel's rules to one call, without any fault.
    pub fn execute(&mut self, now_us: i64, call: &CoreCall) -> CoreAnswer {
        if call.trade().is_some_and(|trade| trade.out_trade_no.is_none() && trade.trade_no.is_none()) {
            return CoreAnswer::refused(Why::ParameterInvalid);
        }
        match call {
            CoreCall::Create(order) => self.create(now_us, order),
            CoreCall::Page(order) => self.prepare(now_us, order, Entrance::Page),
            CoreCall::Wap(order) => self.prepare(now_us, order, Entrance::Wap),
            CoreCall::Precreate(order) => self.prepare(now_us, order, Entrance::Qr),
            CoreCall::Jsapi(order) => self.prepare(now_us, order, Entrance::Jsapi),
            CoreCall::Pay(pay) => self.pay_by_code(now_us, pay),
            CoreCall::Query(trade) => self.query(trade),
            CoreCall::Close(trade) => self.close(now_us, trade),
            CoreCall::Cancel(trade) => self.cancel(now_us, trade),
            CoreCall::Refund(refund) => self.refund(now_us, refund, super::refunds::Cap::Enforced),
            CoreCall::RefundQuery(query) => self.refund_query(query),
            CoreCall::Bind(bind) => self.bind(bind),
            CoreCall::Unbind(unbind) => self.unbind(unbind),
            CoreCall::Settle(settle) => self.settle(now_us, settle),
            CoreCall::SettleQuery(query) => self.settle_query(query),
            CoreCall::Undivided(trade) => self.undivided(trade),
            CoreCall::ShareBack(back) => self.share_back(now_us, back),
            CoreCall::ShareBackQuery(query) => self.share_back_query(query),
            CoreCall::Bill(bill) => self.bill_url(now_us, *bill),
        }
    }

    fn create(&mut self, now_us: i64, order: &Order) -> CoreAnswer {
        if let Err((code, why)) = self.admit(now_us, order) {
            return CoreAnswer::coded(code, why);
        }
        let trade_no = match self.trades.get(&order.out_trade_no) {
            Some(trade) => trade.trade_no.clone(),
            None => self.start_trade(now_us, order, Entrance::Created, None),
        };
        CoreAnswer::ok(Node::Create { out_trade_no: order.out_trade_no.clone(), trade_no })
    }

    fn prepare(&mut self, now_us: i64, order: &Order, entrance: Entrance) -> CoreAnswer {
        if let Err((code, why)) = self.admit(now_us, order) {
            return CoreAnswer::coded(code, why);
        }
        let token = match self.prepared.get(&order.out_trade_no) {
            Some(prepared) if prepared.order.total_fen != order.total_fen => {
                return CoreAnswer::refused(Why::Inconsistent);
            }
            Some(prepared) => prepared.token.clone(),
            None => self.store_prepared(now_us, order, entrance),
        };
        if self.config.house.trades_when_asked() && !self.trades.contains_key(&order.out_trade_no) {
            self.start_trade(now_us, order, entrance, None);
            self.forge_by_plan(now_us, &order.out_trade_no);
        }
        let wallet_url = format!("{}{token}", self.config.wallet_prefix);
        let out_trade_no = order.out_trade_no.clone();
        CoreAnswer::ok(match entrance {
            Entrance::Qr => Node::Precreate { out_trade_no, qr_code: wallet_url },
            Entrance::Jsapi => Node::Jsapi { out_trade_no, token },
            Entrance::Page | Entrance::Wap | Entrance::Created | Entrance::Barcode => {
                Node::Page { out_trade_no, wallet_url }
            }
        })
    }

    fn store_prepared(&mut self, now_us: i64, order: &Order, entrance: Entrance) -> String {
        let mut dice = self.dice_of_next();
        let token = format!("{:016x}{:016x}", dice.next_u64(), dice.next_u64());
        let open_until_us = match entrance {
            Entrance::Qr => now_us.saturating_add(order.qr_timeout_us.unwrap_or(DEFAULT_QR_US)),
            Entrance::Page | Entrance::Wap | Entrance::Jsapi | Entrance::Created | Entrance::Barcode => {
                expiry_us(order, now_us)
            }
        };
        self.record(TruthEvent::Prepared(Box::new(Prepared {
            order: order.clone(),
            entrance,
            token: token.clone(),
            prepared_at_us: now_us,
            open_until_us: open_until_us.min(order.time_expire_us.unwrap_or(i64::MAX)),
        })));
        token
    }

    fn pay_by_code(&mut self, now_us: i64, pay: &BarcodePay) -> CoreAnswer {
        if let Err((code, why)) = self.admit(now_us, &pay.order) {
            return CoreAnswer::coded(code, why);
        }
        let out_trade_no = &pay.order.out_trade_no;
        if let Some(trade) = self.trades.get(out_trade_no) {
            return CoreAnswer { code: Code::Waiting, why: None, node: Node::Pay(pay_node(trade)) };
        }
        if !self.config.house.auth_code_is_valid(&pay.auth_code)
            || !self.used_codes.insert(pay.auth_code.clone())
        {
            return CoreAnswer::refused(Why::AuthCodeInvalid);
        }
        let reply = self.barcode_replies.get(out_trade_no).copied().unwrap_or({
            if pay.order.total_fen >= self.config.barcode_confirm_fen {
                BarcodeReply::AsksPayer
            } else {
                BarcodeReply::Paid
            }
        });
        if reply == BarcodeReply::NoMoney {
            return CoreAnswer::refused(Why::BuyerShort);
        }
        self.start_trade(now_us, &pay.order, Entrance::Barcode, None);
        let code = if reply == BarcodeReply::Paid {
            self.settle_payment(now_us, out_trade_no);
            Code::Success
        } else {
            Code::Waiting
        };
        let node = self.trades.get(out_trade_no).map_or(Node::Empty, |trade| Node::Pay(pay_node(trade)));
        CoreAnswer { code, why: None, node }
    }

    /// Checks an order against field rules and against what the number already stands for.
    fn admit(&self, now_us: i64, order: &Order) -> Result<(), (Code, Why)> {
        if !order_is_valid(self.config.house, now_us, order) {
            return Err((Code::Business, Why::ParameterInvalid));
        }
        let Some(trade) = self.trades.get(&order.out_trade_no) else {
            if self.trades.len().max(self.prepared.len()) >= self.config.max_trades {
                return Err((Code::Limited, Why::Limited));
            }
            return Ok(());
        };
        match trade.status {
            TradeStatus::TradeClosed => Err((Code::Business, Why::PayClosed)),
            TradeStatus::TradeSuccess | TradeStatus::TradeFinished => Err((Code::Business, Why::PayPaid)),
            TradeStatus::WaitBuyerPay if trade.order.total_fen != order.total_fen => {
                Err((Code::Business, Why::Inconsistent))
            }
            TradeStatus::WaitBuyerPay => Ok(()),
        }
    }

    pub(super) fn start_trade(
        &mut self,
        now_us: i64,
        order: &Order,
        entrance: Entrance,
        open_until_us: Option<i64>,
    ) -> String {
        let mut dice = self.dice_of_next();
        let serial = self.serial;
        let house = self.config.house;
        let trade_no = house.trade_no(&day_digits(now_us), serial);
        let number = dice.below(1_000_000_000_000);
        let expires_at_us = expiry_us(order, now_us).min(open_until_us.unwrap_or(i64::MAX));
        self.record(TruthEvent::Created(Box::new(Trade {
            trade_no: trade_no.clone(),
            order: order.clone(),
            entrance,
            status: TradeStatus::WaitBuyerPay,
            buyer_id: order.buyer.clone().unwrap_or_else(|| house.buyer_id(number)),
            buyer_logon_id: format!("1{:02}****{:04}", dice.between(30, 99), dice.below(10_000)),
            created_at_us: now_us,
            expires_at_us,
            paid_at_us: None,
            closed_at_us: None,
            coupon: Coupon::default(),
            fee_fen: 0,
            refunds: std::collections::BTreeMap::new(),
            cancelled: None,
            notices: 0,
        })));
        trade_no
    }

    fn dice_of_next(&mut self) -> Dice {
        let serial = self.next_serial();
        let mut dice = Dice::new(self.config.seed ^ serial.rotate_left(32));
        Dice::new(dice.next_u64() ^ serial)
    }

    fn query(&self, wanted: &TradeRef) -> CoreAnswer {
        self.find(wanted).map_or_else(
            || CoreAnswer::refused(Why::NotExist),
            |trade| CoreAnswer::ok(Node::Query(query_node(trade))),
        )
    }

    fn close(&mut self, now_us: i64, wanted: &TradeRef) -> CoreAnswer {
        let Some(trade) = self.find(wanted) else {
            return CoreAnswer::refused(Why::NotExist);
        };
        match trade.status {
            TradeStatus::TradeSuccess => CoreAnswer::refused(Why::StatusWrong),
            TradeStatus::TradeFinished => CoreAnswer::refused(Why::CloseFinished),
            TradeStatus::TradeClosed => CoreAnswer::refused(Why::CloseClosed),
            TradeStatus::WaitBuyerPay => {
                let (out_trade_no, trade_no) = (trade.order.out_trade_no.clone(), trade.trade_no.clone());
                self.close_trade(now_us, &out_trade_no);
                CoreAnswer::ok(Node::Close { out_trade_no, trade_no })
            }
        }
    }

    fn cancel(&mut self, now_us: i64, wanted: &TradeRef) -> CoreAnswer {
        let Some(trade) = self.find(wanted).cloned() else {
            let out_trade_no = wanted.out_trade_no.clone();
            let node = CancelNode { out_trade_no, trade_no: None, retry: false, action: None };
            return CoreAnswer::ok(Node::Cancel(node));
        };
        if let Some(how) = trade.cancelled {
            return cancelled(&trade, how);
        }
        if now_us.saturating_sub(trade.created_at_us) > self.config.cancel_window_us {
            return CoreAnswer::refused(Why::CancelTooLate);
        }
        let out_trade_no = trade.order.out_trade_no.clone();
        let how = match trade.status {
            TradeStatus::TradeFinished => return CoreAnswer::refused(Why::Finished),
            TradeStatus::WaitBuyerPay => {
                self.close_trade(now_us, &out_trade_no);
                Cancelled::Closed
            }
            TradeStatus::TradeClosed if trade.paid_at_us.is_none() => Cancelled::Closed,
            TradeStatus::TradeClosed => return CoreAnswer::refused(Why::CancelNotAllowed),
            TradeStatus::TradeSuccess => match self.refund_for_cancel(now_us, &trade) {
                Ok(()) => Cancelled::Refunded,
                Err(why) => return CoreAnswer::refused(why),
            },
        };
        self.record(TruthEvent::Cancelled { out_trade_no, how });
        cancelled(&trade, how)
    }

    fn bill_url(&mut self, now_us: i64, bill: BillCall) -> CoreAnswer {
        let ready = beijing_day(now_us.saturating_sub(self.config.house.bill_ready_us())) > bill.day;
        if !ready || self.bill(bill.day).is_empty(bill.kind) {
            return CoreAnswer::coded(Code::Business, Why::NoBill);
        }
        CoreAnswer::ok(Node::Bill(bill))
    }

    /// Books the payer's money, once the trade may be paid, and tells the merchant.
    pub(super) fn settle_payment(&mut self, now_us: i64, out_trade_no: &str) {
        let Some(trade) = self.trades.get(out_trade_no) else { return };
        let total_fen = trade.order.total_fen;
        let coupon = self.coupon_for(out_trade_no, trade.entrance, total_fen);
        let settled_fen = total_fen.saturating_sub(coupon.merchant_fen);
        let fee_fen = super::books::fee_of(settled_fen, self.config.fee_rate_ppm);
        let paid = TruthEvent::Paid { out_trade_no: out_trade_no.to_owned(), at_us: now_us, coupon, fee_fen };
        self.record(paid);
        self.notify(now_us, out_trade_no, None);
    }

    pub(super) fn land_later(&mut self, due_us: i64, call: &CoreCall) {
        self.timers.set(due_us, Timer::Land(Box::new(call.clone())));
    }
}

pub(super) fn query_node(trade: &Trade) -> QueryNode {
    QueryNode {
        out_trade_no: trade.order.out_trade_no.clone(),
        trade_no: trade.trade_no.clone(),
        trade_status: trade.status,
        total_fen: trade.order.total_fen,
        receipt_fen: trade.paid_at_us.map(|_| trade.settled_fen()),
        buyer_pay_fen: trade.paid_at_us.map(|_| trade.payer_fen()),
        send_pay_date_us: trade.paid_at_us,
        buyer_id: trade.buyer_id.clone(),
        buyer_logon_id: trade.buyer_logon_id.clone(),
    }
}

fn pay_node(trade: &Trade) -> PayNode {
    PayNode {
        out_trade_no: trade.order.out_trade_no.clone(),
        trade_no: trade.trade_no.clone(),
        buyer_id: trade.buyer_id.clone(),
        buyer_logon_id: trade.buyer_logon_id.clone(),
        total_fen: trade.order.total_fen,
        receipt_fen: trade.paid_at_us.map(|_| trade.settled_fen()),
        buyer_pay_fen: trade.paid_at_us.map(|_| trade.payer_fen()),
        gmt_payment_us: trade.paid_at_us,
    }
}

fn cancelled(trade: &Trade, how: Cancelled) -> CoreAnswer {
    CoreAnswer::ok(Node::Cancel(CancelNode {
        out_trade_no: Some(trade.order.out_trade_no.clone()),
        trade_no: Some(trade.trade_no.clone()),
        retry: false,
        action: Some(how.action()),
    }))
}

fn expiry_us(order: &Order, created_at_us: i64) -> i64 {
    let by_timeout = created_at_us.saturating_add(order.timeout_us.unwrap_or(MAX_TIMEOUT_US));
    order.time_expire_us.map_or(by_timeout, |moment_us| moment_us.min(by_timeout))
}

fn order_is_valid(house: House, now_us: i64, order: &Order) -> bool {
    let timeouts = [order.timeout_us, order.qr_timeout_us];
    house.number_is_valid(&order.out_trade_no)
        && (1..=MAX_TOTAL_FEN).contains(&order.total_fen)
        && house.subject_is_valid(&order.subject)
        && timeouts.into_iter().flatten().all(|span_us| (MINUTE_US..=MAX_TIMEOUT_US).contains(&span_us))
        && order.time_expire_us.is_none_or(|moment_us| moment_us > now_us)
}

fn day_digits(now_us: i64) -> String {
    let offset = jiff::tz::Offset::constant(8);
    jiff::Timestamp::from_microsecond(now_us).map_or_else(
        |_| "19700101".to_owned(),
        |moment| {
            let day = offset.to_datetime(moment);
            format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
        },
    )
}

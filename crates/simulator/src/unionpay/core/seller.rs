//! One merchant at UnionPay with faults, late effects and late payers: the books as a busy gateway keeps them.

use std::collections::BTreeMap;

use tk_formats::unionpay::Params;

use super::books::{Books, Fees, State, Trade};
use super::enact::{Answer, Desk, NOT_FOUND, OVER, SYSTEM, answered, done, echoed};
use super::notices::report_fields;
use super::page::PageRefusal;
use crate::core::{
    Cap, Delivery, Effect, Fault, FaultCounters, FaultPlan, FaultState, MINUTE_US, Method, Point, Seal,
    Timers,
};

/// A merchant that is not ours.
const STRANGER: &str = "777290058110097";
/// How long a notification that is to come out of order is held back.
const REORDER_US: i64 = 30 * MINUTE_US;

/// A request whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub desk: Desk,
    pub fields: Params,
    /// `customerInfo`, opened.
    pub customer: Vec<(String, String)>,
}

/// One POST to make now, not yet signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub serial: u64,
    pub seal: Seal,
    pub fields: Answer,
}

#[derive(Debug, Clone)]
enum Timer {
    Land(Request),
    PayerPays(String),
    Forged(Notification),
}

/// The books of one merchant and the faults in force.
#[derive(Debug)]
pub struct Seller {
    mer_id: String,
    books: Books,
    faults: FaultState,
    timers: Timers<Timer>,
    after_query: BTreeMap<String, Vec<Request>>,
    /// Notifications up to this number have met their faults.
    seen_serial: u64,
    copies: BTreeMap<u64, u32>,
    forged: Vec<Notification>,
}

impl Seller {
    /// A merchant without trades.
    pub fn new(mer_id: &str, seed: u64, fees: Fees) -> Self {
        Self {
            mer_id: mer_id.to_owned(),
            books: Books::with_fees(fees),
            faults: FaultState::new(seed),
            timers: Timers::default(),
            after_query: BTreeMap::new(),
            seen_serial: 0,
            copies: BTreeMap::new(),
            forged: Vec::new(),
        }
    }

    /// Our merchant number.
    pub fn mer_id(&self) -> &str {
        &self.mer_id
    }

    /// The truth.
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// Replaces the faults in force; counters are kept.
    pub fn set_faults(&mut self, plan: FaultPlan) {
        self.faults.set_plan(plan);
    }

    /// The faults that really happened so far, per kind.
    pub fn fault_counters(&self) -> &FaultCounters {
        self.faults.counters()
    }

    /// Takes one request as the gateway would, with the faults in force, and says what reaches the merchant.
    pub fn handle(&mut self, now_us: i64, request: &Request) -> Delivery<Answer> {
        self.advance(now_us);
        if now_us < self.faults.down_until_us {
            self.faults.count(Fault::Down { for_us: 0 });
            return Delivery::Lost { effect: Effect::None };
        }
        let order_id = order_id(&request.fields).to_owned();
        let delivery = match self.faults.draw(Point::Call(method_of(request)), &order_id) {
            None => Delivery::Answered(self.execute(now_us, request)),
            Some(fault) => self.disturbed(now_us, request, fault),
        };
        if request.desk == Desk::Query {
            for late in self.after_query.remove(&order_id).unwrap_or_default() {
                self.execute(now_us, &late);
            }
        }
        delivery
    }

    /// Lets everything happen that is due: late effects and late payers.
    pub fn advance(&mut self, now_us: i64) {
        while let Some((due_us, timer)) = self.timers.take_due(now_us) {
            match timer {
                Timer::Land(request) => {
                    self.execute(due_us, &request);
                }
                Timer::PayerPays(page) => {
                    // A payer who comes too late is refused like any other.
                    let _refusal = self.pay_page(due_us, &page);
                }
                Timer::Forged(notification) => self.forged.push(notification),
            }
        }
    }

    /// When something will next happen by itself: a timer or a notification.
    pub fn next_due_us(&self) -> Option<i64> {
        let notices = self.books.notices.iter().map(|notice| notice.due_at_us);
        self.timers.next_due_us().into_iter().chain(notices).min()
    }

    /// The POSTs to make now; each comes again by the ladder until acknowledged or given up.
    pub fn due_notifications(&mut self, now_us: i64) -> Vec<Notification> {
        self.advance(now_us);
        let mut posts = std::mem::take(&mut self.forged);
        for notice in self.books.due_notices(now_us) {
            let post = Notification { serial: notice.serial, seal: Seal::Genuine, fields: notice.fields };
            let copies = self.copies.get(&notice.serial).copied().unwrap_or(1);
            posts.extend((0..copies).map(|_| post.clone()));
        }
        posts
    }

    /// The merchant took a notification.
    pub fn acknowledge(&mut self, serial: u64) {
        self.books.acknowledge(serial);
    }

    /// The payer's browser brings the order, and the payer pays.
    pub fn pay(&mut self, now_us: i64, order: &Params) -> Result<(), PageRefusal> {
        let page = self.open(now_us, order)?;
        self.pay_page(now_us, &page)
    }

    /// The payer's browser brings the order, and the bank refuses the payer.
    pub fn decline(&mut self, now_us: i64, order: &Params) -> Result<(), PageRefusal> {
        let page = self.open(now_us, order)?;
        self.books.decline_page(&page, now_us)
    }

    /// The payer's browser brings the order, and the payer pays `after_us` later.
    pub fn dither(&mut self, now_us: i64, order: &Params, after_us: i64) -> Result<(), PageRefusal> {
        let page = self.open(now_us, order)?;
        self.timers.set(now_us.saturating_add(after_us.max(0)), Timer::PayerPays(page));
        Ok(())
    }

    /// The payer's browser brings the order.
    pub fn open(&mut self, now_us: i64, order: &Params) -> Result<String, PageRefusal> {
        self.advance(now_us);
        let page = self.books.open_page(order, now_us)?;
        if let Some(fault @ Fault::NotifyForged { seal }) = self.faults.draw(Point::Forgery, order_id(order))
        {
            self.faults.count(fault);
            self.forge(now_us, order, seal);
        }
        Ok(page)
    }

    /// Somebody sends a success that is not UnionPay's.
    pub fn forge(&mut self, now_us: i64, order: &Params, seal: Seal) {
        self.claim(now_us, order, seal);
    }

    /// A merchant who is not ours has done the same under the same number; his genuine notification comes to us.
    pub fn impersonate(&mut self, now_us: i64, order: &Params) {
        let mut theirs = Params::new();
        for (name, value) in order.iter() {
            let value = if name == "merId" { STRANGER } else { value };
            // Names come out of a form that has each once.
            let _once = theirs.insert(name, value);
        }
        self.claim(now_us, &theirs, Seal::Genuine);
    }

    fn claim(&mut self, now_us: i64, order: &Params, seal: Seal) {
        let mut fields = echoed(order);
        fields.extend(report_fields(&claimed(order, now_us)));
        fields.extend(done());
        let serial = self.books.next_serial();
        self.timers.set(now_us, Timer::Forged(Notification { serial, seal, fields }));
    }

    fn pay_page(&mut self, now_us: i64, page: &str) -> Result<(), PageRefusal> {
        self.books.pay_page(page, now_us)?;
        self.spoil_notices();
        Ok(())
    }

    fn execute(&mut self, now_us: i64, request: &Request) -> Answer {
        let answer = self.books.enact(request.desk, &request.fields, &request.customer, now_us);
        self.spoil_notices();
        answer
    }

    fn disturbed(&mut self, now_us: i64, request: &Request, fault: Fault) -> Delivery<Answer> {
        let delivery = match fault {
            Fault::LostBefore => Delivery::Lost { effect: Effect::None },
            Fault::LostAfter => {
                self.execute(now_us, request);
                Delivery::Lost { effect: Effect::Done }
            }
            Fault::LandsLate { after_us } => {
                self.land_later(now_us, after_us, request);
                Delivery::Lost { effect: Effect::Later }
            }
            Fault::LandsAfterQuery => {
                let order_id = order_id(&request.fields).to_owned();
                self.after_query.entry(order_id).or_default().push(request.clone());
                Delivery::Lost { effect: Effect::Later }
            }
            Fault::Unreadable { garble, effect } => {
                let answer = self.take_effect(now_us, request, effect);
                Delivery::Garbled { kind: garble, answer, effect }
            }
            Fault::SystemError { effect } => {
                self.take_effect(now_us, request, effect);
                Delivery::Answered(answered(&request.fields, Err(SYSTEM)))
            }
            Fault::Slow { after_us } => Delivery::Late { after_us, answer: self.execute(now_us, request) },
            // The documents name no code for it: the gateway's front answers, and not the gateway.
            Fault::Limited => Delivery::Garbled {
                kind: crate::core::Garble::ServerError,
                answer: Answer::new(),
                effect: Effect::None,
            },
            Fault::Down { for_us } => {
                self.faults.down_until_us = now_us.saturating_add(for_us);
                Delivery::Lost { effect: Effect::None }
            }
            Fault::QueryStale | Fault::QueryNotFound | Fault::QuerySuccess => {
                return Delivery::Answered(self.denied(now_us, request, fault));
            }
            Fault::RefundLater { .. }
            | Fault::FalseSuccess
            | Fault::FalseRefusal { .. }
            | Fault::NoRefundCap => {
                return Delivery::Answered(self.refund_with_fault(now_us, request, fault));
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
            | Fault::BillAdds => return Delivery::Answered(self.execute(now_us, request)),
        };
        self.faults.count(fault);
        delivery
    }

    fn take_effect(&mut self, now_us: i64, request: &Request, effect: Effect) -> Answer {
        match effect {
            Effect::None => Answer::new(),
            Effect::Done => self.execute(now_us, request),
            Effect::Later => {
                self.land_later(now_us, MINUTE_US, request);
                Answer::new()
            }
        }
    }

    fn land_later(&mut self, now_us: i64, after_us: i64, request: &Request) {
        self.timers.set(now_us.saturating_add(after_us.max(0)), Timer::Land(request.clone()));
    }

    /// UnionPay knows an order only once it is decided, so that an old answer and a false one are the same.
    fn denied(&mut self, now_us: i64, request: &Request, fault: Fault) -> Answer {
        let honest = self.execute(now_us, request);
        let told = answered(&request.fields, Err(NOT_FOUND));
        if told != honest {
            self.faults.count(fault);
        }
        told
    }

    fn refund_with_fault(&mut self, now_us: i64, request: &Request, fault: Fault) -> Answer {
        if fault == Fault::NoRefundCap {
            return self.refund_uncapped(now_us, request);
        }
        if self.books.check_give_back(&request.fields, Cap::Enforced, now_us).is_err() {
            return self.execute(now_us, request);
        }
        self.faults.count(fault);
        if let Fault::FalseRefusal { after_us } = fault {
            self.land_later(now_us, after_us, request);
            return answered(&request.fields, Err(OVER));
        }
        if let Fault::RefundLater { after_us } = fault {
            self.land_later(now_us, after_us, request);
        }
        answered(&request.fields, Ok(done()))
    }

    fn refund_uncapped(&mut self, now_us: i64, request: &Request) -> Answer {
        let enforced = self.books.check_give_back(&request.fields, Cap::Enforced, now_us);
        let lifted = self.books.check_give_back(&request.fields, Cap::Lifted, now_us);
        if enforced.is_err() && lifted.is_ok() {
            self.faults.count(Fault::NoRefundCap);
        }
        let answer = self.books.enact_uncapped(&request.fields, now_us);
        self.spoil_notices();
        answer
    }

    /// What was announced since the last look meets its faults.
    fn spoil_notices(&mut self) {
        let seen = self.seen_serial;
        let (faults, copies) = (&mut self.faults, &mut self.copies);
        let mut last = seen;
        self.books.notices.retain_mut(|notice| {
            if notice.serial <= seen {
                return true;
            }
            last = last.max(notice.serial);
            let order_id = notice.fields.iter().find(|(name, _)| name == "orderId");
            let order_id = order_id.map(|(_, value)| value.clone()).unwrap_or_default();
            let Some(fault) = faults.draw(Point::Notice, &order_id) else { return true };
            faults.count(fault);
            if let Fault::NotifyDuplicated { copies: times } = fault {
                copies.insert(notice.serial, times.clamp(2, 100));
            }
            if let Fault::NotifyLate { after_us } = fault {
                notice.due_at_us = notice.due_at_us.saturating_add(after_us.max(0));
            }
            if fault == Fault::NotifyReordered {
                notice.due_at_us = notice.due_at_us.saturating_add(REORDER_US);
            }
            spoil(&mut notice.fields, fault);
            fault != Fault::NotifyNever
        });
        self.seen_serial = last;
    }
}

/// A trade that was never made, as its notification would tell it.
fn claimed(order: &Params, now_us: i64) -> Trade {
    let text = |name: &str| order.get_filled(name).unwrap_or_default().to_owned();
    Trade {
        order_id: text("orderId"),
        txn_time: text("txnTime"),
        txn_type: text("txnType"),
        txn_sub_type: text("txnSubType"),
        biz_type: text("bizType"),
        amount_fen: text("txnAmt").parse().unwrap_or(0),
        sub_mer_id: order.get_filled("subMerId").map(str::to_owned),
        query_id: format!("{now_us:021}"),
        orig_query_id: order.get_filled("origQryId").map(str::to_owned),
        trace_no: "000000".to_owned(),
        state: State::Done,
        done_at_us: now_us,
        given_back_fen: 0,
        fee_fen: 0,
        fee_returned_fen: 0,
    }
}

fn order_id(fields: &Params) -> &str {
    fields.get_filled("orderId").unwrap_or_default()
}

/// The method whose faults a request meets.
fn method_of(request: &Request) -> Method {
    match (request.desk, request.fields.get("txnType")) {
        (Desk::Query, _) => Method::Query,
        (Desk::Back, Some("04" | "31")) => Method::Refund,
        (Desk::Back, Some("01")) => Method::Pay,
        (Desk::Back, _) => Method::Create,
    }
}

/// Another amount, merchant or currency than the true one.
fn spoil(fields: &mut Answer, fault: Fault) {
    if let Fault::NotifyWrongAmount { delta_fen } = fault {
        let other = |text: &str| text.parse::<i64>().unwrap_or(0).saturating_add(delta_fen).max(1);
        put(fields, "txnAmt", |text| other(text).to_string());
    }
    if fault == Fault::NotifyWrongApp {
        put(fields, "merId", |_| STRANGER.to_owned());
    }
    if fault == Fault::NotifyWrongSeller {
        put(fields, "currencyCode", |_| "840".to_owned());
    }
}

fn put(fields: &mut Answer, name: &str, other: impl Fn(&str) -> String) {
    if let Some((_, text)) = fields.iter_mut().find(|(known, _)| known == name) {
        *text = other(text);
    }
}

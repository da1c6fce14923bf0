//! One merchant at UnionPay with faults, late effects and late payers: the books as a busy gateway keeps them.

use std::collections::BTreeMap;

use tk_formats::unionpay::Params;

use super::books::{Books, Fees};
use super::enact::{Answer, Desk, NOT_FOUND, OVER, SYSTEM, answered, done};
use super::truth::CardEvent;
use crate::core::{
    Cap, Delivery, Effect, Fault, FaultCounters, FaultPlan, FaultState, Garble, MINUTE_US, Method, Point,
    Script, Seal, Timers,
};

/// A merchant that is not ours.
pub(super) const STRANGER: &str = "777290058110097";
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
    /// `backUrl` of its order.
    pub url: String,
    pub seal: Seal,
    pub fields: Answer,
}

#[derive(Debug, Clone)]
pub(super) enum Timer {
    Land(Request),
    PayerPays(String),
    Forged(Notification),
}

/// The books of one merchant and the faults in force.
#[derive(Debug)]
pub struct Seller {
    pub(super) mer_id: String,
    pub(super) books: Books,
    pub(super) faults: FaultState,
    pub(super) timers: Timers<Timer>,
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

    /// Adds one scripted fault to those in force; false if too many wait.
    pub fn add_script(&mut self, script: Script, most: usize) -> bool {
        self.faults.add_script(script, most)
    }

    /// The scripted faults in force, each with how often it has struck.
    pub fn fault_scripts(&self) -> impl Iterator<Item = (&Script, u32)> {
        self.faults.scripts()
    }

    /// Ends the scripted faults; those by chance go on.
    pub fn clear_scripts(&mut self) {
        self.faults.clear_scripts();
    }

    /// Opens a card without a page, as if the payer had done so before.
    pub fn open_token(&mut self) -> String {
        self.books.open_token()
    }

    /// From now on the changes of the books are kept until they are taken.
    pub fn keep_events(&mut self) {
        self.books.keep_events();
    }

    /// The changes of the books since the last drain, oldest first.
    pub fn drain_events(&mut self) -> Vec<CardEvent> {
        self.books.drain_events()
    }

    /// Takes a journalled change back in.
    pub fn restore(&mut self, event: CardEvent) {
        self.books.restore(event);
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
                    let _refusal = self.pay_now(due_us, &page);
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
            let (serial, url, fields) = (notice.serial, notice.url, notice.fields);
            let post = Notification { serial, url, seal: Seal::Genuine, fields };
            let copies = self.copies.get(&notice.serial).copied().unwrap_or(1);
            posts.extend((0..copies).map(|_| post.clone()));
        }
        posts
    }

    /// Makes every notification that waits due.
    pub fn flush_notifications(&mut self, now_us: i64) {
        self.books.flush_notices(now_us);
    }

    /// The merchant took a notification.
    pub fn acknowledge(&mut self, serial: u64) {
        self.books.acknowledge(serial);
    }

    fn execute(&mut self, now_us: i64, request: &Request) -> Answer {
        if request.desk == Desk::File {
            return self.file(now_us, &request.fields);
        }
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
            Fault::Limited => {
                Delivery::Garbled { kind: Garble::TooMany, answer: Answer::new(), effect: Effect::None }
            }
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
    pub(super) fn spoil_notices(&mut self) {
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

pub(super) fn order_id(fields: &Params) -> &str {
    fields.get_filled("orderId").unwrap_or_default()
}

/// The method whose faults a request meets.
fn method_of(request: &Request) -> Method {
    match (request.desk, request.fields.get("txnType")) {
        (Desk::Query, _) | (Desk::Back, Some("78")) => Method::Query,
        (Desk::File, _) => Method::Bill,
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

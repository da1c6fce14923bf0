//! What payers do on UnionPay's page, and what others claim that they did.

use tk_formats::unionpay::Params;

use super::books::{State, Trade};
use super::enact::{Answer, done, echoed};
use super::notices::report_fields;
use super::page::PageRefusal;
use super::seller::{Notification, STRANGER, Seller, Timer, order_id};
use crate::core::{Fault, Point, Seal};

impl Seller {
    /// The payer's browser brings the order, and the payer pays.
    pub fn pay(&mut self, now_us: i64, order: &Params) -> Result<(), PageRefusal> {
        let page = self.open(now_us, order)?;
        self.pay_page(now_us, &page).map(drop)
    }

    /// The payer's browser brings the order, and the bank refuses the payer.
    pub fn decline(&mut self, now_us: i64, order: &Params) -> Result<(), PageRefusal> {
        let page = self.open(now_us, order)?;
        self.decline_page(now_us, &page)
    }

    /// The payer's browser brings the order, and the payer pays `after_us` later.
    pub fn dither(&mut self, now_us: i64, order: &Params, after_us: i64) -> Result<(), PageRefusal> {
        let page = self.open(now_us, order)?;
        self.pay_page_later(now_us, page, after_us);
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
        let url = order.get_filled("backUrl").unwrap_or_default().to_owned();
        self.timers.set(now_us, Timer::Forged(Notification { serial, url, seal, fields }));
    }

    /// The payer pays on a page, or opens his card there; what his browser brings back to the merchant.
    pub fn pay_page(&mut self, now_us: i64, page: &str) -> Result<Answer, PageRefusal> {
        self.advance(now_us);
        self.pay_now(now_us, page)
    }

    pub(super) fn pay_now(&mut self, now_us: i64, page: &str) -> Result<Answer, PageRefusal> {
        let fields = self.books.pay_page(page, now_us)?;
        self.spoil_notices();
        Ok(fields)
    }

    /// The payer refuses on a page.
    pub fn decline_page(&mut self, now_us: i64, page: &str) -> Result<(), PageRefusal> {
        self.advance(now_us);
        self.books.decline_page(page, now_us)
    }

    /// The payer pays on the page of an order.
    pub fn pay_order(&mut self, now_us: i64, order_id: &str) -> Result<(), PageRefusal> {
        let page = self.books.page_of(order_id).ok_or(PageRefusal::NotFound)?;
        self.pay_page(now_us, &page).map(drop)
    }

    /// The payer refuses on the page of an order.
    pub fn decline_order(&mut self, now_us: i64, order_id: &str) -> Result<(), PageRefusal> {
        let page = self.books.page_of(order_id).ok_or(PageRefusal::NotFound)?;
        self.decline_page(now_us, &page)
    }

    /// The payer has the page of an order before him, and the money leaves `after_us` later.
    pub fn time_out(&mut self, now_us: i64, order_id: &str, after_us: i64) -> Result<(), PageRefusal> {
        let page = self.books.page_of(order_id).ok_or(PageRefusal::NotFound)?;
        self.pay_page_later(now_us, page, after_us);
        Ok(())
    }

    /// Somebody sends a success for the page of an order that is not UnionPay's.
    pub fn forge_order(&mut self, now_us: i64, order_id: &str, seal: Seal) -> Result<(), PageRefusal> {
        let page = self.books.page_of(order_id).ok_or(PageRefusal::NotFound)?;
        let order = self.books.order_of_page(&page).cloned().ok_or(PageRefusal::NotFound)?;
        self.forge(now_us, &order, seal);
        Ok(())
    }

    fn pay_page_later(&mut self, now_us: i64, page: String, after_us: i64) {
        self.timers.set(now_us.saturating_add(after_us.max(0)), Timer::PayerPays(page));
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

//! UnionPay's page: what a payer sees and does.

use serde::Serialize;
use tk_formats::unionpay::{Params, amount, braces, time};

use super::books::{Books, State};
use super::enact::{access_fits, done, echoed, opened_fields, requestor_fits};
use super::notices::report_fields;
use super::truth::CardChange;

/// The most pages open at once.
const PAGES_MAX: usize = 100_000;

/// An order that a payer has before him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    pub order_id: String,
    pub amount_fen: i64,
    pub commodity: String,
    /// Since when and until when it can be paid, Unix microseconds.
    pub opened_at_us: i64,
    pub expires_at_us: i64,
    #[serde(skip)]
    pub(super) request: Params,
    /// Whether the payer has paid or refused.
    pub(super) ended: bool,
}

/// Why a page does not do what a payer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageRefusal {
    #[error("there is no such page")]
    NotFound,
    #[error("its time is over")]
    Expired,
    #[error("it is paid or refused already")]
    Ended,
    #[error("the order cannot be read")]
    Invalid,
    #[error("the order number was used for something else")]
    Duplicate,
    #[error("there are too many pages")]
    TooMany,
}

impl PageRefusal {
    /// A stable word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::Invalid => "invalid",
            Self::Duplicate => "duplicate",
            Self::TooMany => "too_many",
        }
    }
}

impl Books {
    /// A payer's browser brings an order whose signature was verified; its page's name.
    pub fn open_page(&mut self, request: &Params, now_us: i64) -> Result<String, PageRefusal> {
        let (name, page) = read(request, now_us)?;
        if page.expires_at_us <= now_us {
            return Err(PageRefusal::Expired);
        }
        if let Some(known) = self.pages.get(&name) {
            let same = known.amount_fen == page.amount_fen && !known.ended;
            return if same { Ok(name) } else { Err(PageRefusal::Duplicate) };
        }
        if self.pages.len() >= PAGES_MAX {
            return Err(PageRefusal::TooMany);
        }
        let fields = request.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.record(CardChange::Opened { fields, at_us: now_us });
        Ok(name)
    }

    /// A page by its name.
    pub fn page(&self, name: &str) -> Option<&Page> {
        self.pages.get(name)
    }

    /// The name of the page of an order number.
    pub fn page_of(&self, order_id: &str) -> Option<String> {
        self.pages.iter().find(|(_, page)| page.order_id == order_id).map(|(name, _)| name.clone())
    }

    /// The payer pays, or opens his card; what his browser brings back to the merchant.
    pub fn pay_page(&mut self, name: &str, now_us: i64) -> Result<Vec<(String, String)>, PageRefusal> {
        let page = self.payable(name, now_us)?;
        let (request, amount_fen) = (page.request.clone(), page.amount_fen);
        let mut fields = echoed(&request);
        if request.get("txnType") == Some("79") {
            let text = |name: &str| request.get_filled(name).unwrap_or_default().to_owned();
            let token = self.give_token(Some((text("orderId"), text("txnTime"))));
            fields.extend(opened_fields(&token));
        } else {
            let trade = self.put(&request, amount_fen, State::Done, now_us).ok_or(PageRefusal::TooMany)?;
            fields.extend(report_fields(&trade));
        }
        fields.extend(done());
        self.announce(request.get_filled("backUrl"), fields.clone(), now_us);
        self.end(name);
        Ok(fields)
    }

    /// The payer refuses; pages tell of successes only (unionpay.md section 7).
    pub fn decline_page(&mut self, name: &str, now_us: i64) -> Result<(), PageRefusal> {
        let page = self.payable(name, now_us)?;
        let (request, amount_fen) = (page.request.clone(), page.amount_fen);
        if request.get("txnType") != Some("79") {
            let state = State::Failed("51".to_owned());
            self.put(&request, amount_fen, state, now_us).ok_or(PageRefusal::TooMany)?;
        }
        self.end(name);
        Ok(())
    }

    /// The order behind a page, as it came.
    pub(super) fn order_of_page(&self, name: &str) -> Option<&Params> {
        self.pages.get(name).map(|page| &page.request)
    }

    /// Where the payer's browser returns to.
    pub fn front_url(&self, name: &str) -> Option<&str> {
        self.pages.get(name)?.request.get_filled("frontUrl")
    }

    fn payable(&self, name: &str, now_us: i64) -> Result<&Page, PageRefusal> {
        let page = self.pages.get(name).ok_or(PageRefusal::NotFound)?;
        if page.ended {
            return Err(PageRefusal::Ended);
        }
        if page.expires_at_us <= now_us { Err(PageRefusal::Expired) } else { Ok(page) }
    }

    fn end(&mut self, name: &str) {
        self.record(CardChange::Ended { page: name.to_owned() });
    }
}

/// The page of an order, with its name.
pub(super) fn read(request: &Params, now_us: i64) -> Result<(String, Page), PageRefusal> {
    let is_card = request.get("txnType") == Some("79");
    let text = |name: &str| request.get_filled(name).ok_or(PageRefusal::Invalid);
    let (order_id, txn_time) = (text("orderId")?, text("txnTime")?);
    let amount_fen = if is_card { Ok(0) } else { amount::parse_fen(text("txnAmt")?) };
    let amount_fen = amount_fen.map_err(|_| PageRefusal::Invalid)?;
    let expires_at_us = time::parse_us(text("payTimeout")?).map_err(|_| PageRefusal::Invalid)?;
    let kind = (request.get("txnType"), request.get("bizType"));
    let known =
        matches!(kind, (Some("01"), Some("000201" | "000202")) | (Some("79"), Some("000902" | "000301")));
    let renminbi = is_card || (amount_fen > 0 && request.get("currencyCode") == Some("156"));
    let requested = !is_card || requestor_fits(request);
    if !access_fits(request) || !known || !renminbi || !requested {
        return Err(PageRefusal::Invalid);
    }
    let page = Page {
        order_id: order_id.to_owned(),
        amount_fen,
        commodity: commodity(request),
        opened_at_us: now_us,
        expires_at_us,
        request: request.clone(),
        ended: false,
    };
    Ok((format!("{order_id}-{txn_time}"), page))
}

/// The goods by the name that stands in braces among what the channel weighs risk by.
fn commodity(request: &Params) -> String {
    let told = braces::read(request.get_filled("riskRateInfo").unwrap_or_default()).unwrap_or_default();
    let named = told.into_iter().find(|(name, _)| name == "commodityName");
    named.map(|(_, text)| text).unwrap_or_default()
}

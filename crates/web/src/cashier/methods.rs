//! The methods as the payer sees them.

use super::frame::{Frame, Visit};
use super::pages::{ChoosePage, Notice};
use super::stage::{Rows, Stage};
use super::{identity, outcome, wait};
use crate::locale::{Locale, text};
use tk_domain::channel_account::Method;
use tk_domain::payment::{Attempt, AttemptStatus};
use tk_domain::product::Terminal;
use tk_domain::routing::{Demand, DropReason, Offer, method_allowed, offers, route};

/// A method in the list.
#[derive(Debug, Clone)]
pub struct MethodRow {
    /// The word that the form sends.
    pub word: &'static str,
    /// Its name.
    pub name: String,
    /// What the payer will have to do.
    pub hint: String,
    /// The letter of its mark.
    pub letter: String,
    /// The colour of its mark.
    pub mark: &'static str,
    /// Why it cannot be chosen now; empty where it can.
    pub reason: String,
    /// Whether routing prefers it.
    pub recommended: bool,
}

impl MethodRow {
    /// Whether it can be chosen.
    pub fn available(&self) -> bool {
        self.reason.is_empty()
    }
}

/// An attempt that has to be closed before another method can be used.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Its method's name.
    pub method: String,
    /// When at the latest it is certain whether it was paid.
    pub until: String,
}

impl Earlier {
    fn of(visit: &Visit, attempt: &Attempt) -> Self {
        Self { method: name(visit.locale, attempt.method), until: wait::settled_by(attempt, visit.now_us) }
    }
}

/// The methods that routing offers this payer now, as far as these pages carry them.
pub fn offered(rows: &Rows, terminal: Terminal) -> Vec<Offer> {
    let offers = offers(&rows.product, &rows.payment, terminal, &rows.accounts);
    // A currency that no contract takes is nothing that a payer could change.
    let useful = |offer: &Offer| offer.available || offer.reason != Some(DropReason::Currency);
    // A code can be asked for only once nothing else is open; a transfer cannot be closed for it, another method ends it.
    let transferring = rows.open().is_some_and(|open| open.method == Method::BankTransfer);
    let fits = |offer: &Offer| !(transferring && offer.method == Method::QuickPay);
    let kept = |offer: &Offer| !by_api_only(offer.method) && useful(offer) && fits(offer);
    offers.into_iter().filter(kept).collect()
}

/// Methods that need what no page here asks for: a bar code read by a till.
const fn by_api_only(method: Method) -> bool {
    match method {
        Method::AlipayBarcode | Method::WechatBarcode => true,
        Method::AlipayPage
        | Method::AlipayWap
        | Method::AlipayQr
        | Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::QuickPay
        | Method::EbankB2c
        | Method::EbankB2b
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => false,
    }
}

/// What a cashier would take for this payment at a counter, by the same rules as everything else.
fn at_counter(rows: &Rows) -> Vec<Method> {
    let taken = |method: &Method| {
        method_allowed(&rows.product, &rows.payment, *method)
            && route(rows.accounts.iter(), *method, &Demand::of(&rows.payment)).chosen.is_some()
    };
    [Method::Cash, Method::Pos, Method::Kiosk, Method::Cheque].into_iter().filter(taken).collect()
}

/// The page to choose a method on.
pub fn choose(visit: &Visit, rows: &Rows, mut notices: Vec<Notice>) -> ChoosePage {
    let stage = Stage::of(rows, visit.now_us);
    let earlier = rows.open().map(|attempt| Earlier::of(visit, attempt));
    let heading = if earlier.is_some() { "choose-other-heading" } else { "choose-heading" };
    if notices.is_empty() && earlier.is_none() {
        notices.extend(rows.latest().and_then(|attempt| past(visit.locale, attempt)));
    }
    notices.extend(identity::proven(visit.locale, rows));
    let strays = outcome::strays(visit.locale, rows).into_iter();
    notices.extend(strays.map(|line| Notice { tone: "warn", line, detail: String::new() }));
    ChoosePage {
        frame: Frame::of(visit, rows, stage, heading),
        methods: listed(visit.locale, &offered(rows, visit.terminal)),
        notices,
        outside_wechat: outside_wechat(visit, rows),
        counter: at_counter(rows).into_iter().map(|method| name(visit.locale, method)).collect(),
        earlier,
    }
}

fn listed(locale: Locale, offers: &[Offer]) -> Vec<MethodRow> {
    let first = offers.iter().position(|offer| offer.available);
    let mut listed: Vec<MethodRow> = offers
        .iter()
        .enumerate()
        .map(|(index, offer)| row(locale, offer, Some(index) == first && offers.len() > 1))
        .collect();
    listed.sort_by_key(|method| !method.available());
    listed
}

fn row(locale: Locale, offer: &Offer, recommended: bool) -> MethodRow {
    let word = offer.method.word();
    let (mark, letter) = mark(offer.method);
    let reason = match offer.reason {
        Some(reason) if !offer.available => text(locale, refused(reason), &[]),
        Some(_) | None => String::new(),
    };
    MethodRow {
        word,
        name: name(locale, offer.method),
        hint: text(locale, &format!("method-{}-hint", word.replace('_', "-")), &[]),
        letter: text(locale, letter, &[]),
        mark,
        reason,
        recommended,
    }
}

const fn refused(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Disabled => "unavailable-disabled",
        DropReason::Amount => "unavailable-amount",
        DropReason::Method
        | DropReason::Currency
        | DropReason::Merchant
        | DropReason::Product
        | DropReason::Partner
        | DropReason::Split
        | DropReason::Priority => "unavailable-here",
    }
}

/// The name of a method.
pub fn name(locale: Locale, method: Method) -> String {
    text(locale, &format!("method-{}", method.word().replace('_', "-")), &[])
}

const fn mark(method: Method) -> (&'static str, &'static str) {
    match method {
        Method::AlipayPage | Method::AlipayWap | Method::AlipayQr | Method::AlipayBarcode => {
            ("alipay", "mark-alipay")
        }
        Method::WechatJsapi | Method::WechatH5 | Method::WechatNative | Method::WechatBarcode => {
            ("wechat", "mark-wechat")
        }
        Method::QuickPay | Method::EbankB2c | Method::EbankB2b => ("bank", "mark-bank"),
        Method::BankTransfer => ("plain", "mark-transfer"),
        Method::Cheque | Method::Cash | Method::Pos | Method::Kiosk => ("plain", "mark-counter"),
    }
}

/// What became of the attempt before, where the payer has to know.
fn past(locale: Locale, attempt: &Attempt) -> Option<Notice> {
    let method = name(locale, attempt.method);
    let args = [("method", method.as_str())];
    match attempt.status {
        AttemptStatus::Failed => Some(Notice {
            tone: "bad",
            line: text(locale, "attempt-failed", &args),
            detail: answer(locale, attempt),
        }),
        AttemptStatus::Closed if attempt.disposition.is_none() => {
            Some(Notice { tone: "ok", line: text(locale, "attempt-closed", &args), detail: String::new() })
        }
        AttemptStatus::Created
        | AttemptStatus::RequiresAction
        | AttemptStatus::Processing
        | AttemptStatus::Unknown
        | AttemptStatus::Succeeded
        | AttemptStatus::Closed => None,
    }
}

fn answer(locale: Locale, attempt: &Attempt) -> String {
    // What staff write about a cheque or a taking is for the payee.
    match attempt.failure_message.as_deref().filter(|_| attempt.method.told_to_channel()) {
        Some(message) if !message.is_empty() => text(locale, "attempt-answer", &[("answer", message)]),
        Some(_) | None => String::new(),
    }
}

/// Alipay cannot be opened from inside WeChat: the payer has to take the link to a browser.
fn outside_wechat(visit: &Visit, rows: &Rows) -> Option<String> {
    let inside = visit.terminal == Terminal::WechatOa;
    let elsewhere = || offered(rows, Terminal::MobileWeb).iter().any(|offer| offer.available);
    (inside && elsewhere()).then(|| format!("{}/c/{}", visit.base_url, visit.token))
}

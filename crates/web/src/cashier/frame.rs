//! What every cashier page has: language, order, money line, time left, switches.

use super::assets::{ASSETS, Assets};
use super::money::{MoneyLine, line};
use super::stage::{Rows, Stage, revision};
use crate::locale::{Locale, text};
use tk_domain::merchant::phone;
use tk_domain::moment::{DAY_US, HOUR_US, SECOND_US, shanghai_day, time_text};
use tk_domain::payment::{PartKind, Payment};
use tk_domain::product::Terminal;
use tk_money::Amount;

/// Below this many seconds left the payer is warned.
const WARN_BELOW_S: i64 = 120;

/// Who looks at the page, and when.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The language.
    pub locale: Locale,
    /// The size of print.
    pub print: Print,
    /// Whether real money is concerned.
    pub live: bool,
    /// The link's token.
    pub token: String,
    /// What forms carry to prove that they come from this page.
    pub csrf: String,
    /// Where the payer is.
    pub terminal: Terminal,
    /// Unix microseconds.
    pub now_us: i64,
    /// By what this browser's payer is told from others at this payment, once WeChat has told who he is.
    pub payer_mark: Option<String>,
    /// When the payer came back from a wallet, if so, Unix microseconds.
    pub returned_at_us: Option<i64>,
    /// Scheme, host and port of this installation.
    pub base_url: String,
}

/// The size of print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Print {
    /// As the browser sets it.
    #[default]
    Normal,
    /// A quarter larger.
    Large,
}

/// The payment as the payer sees it.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who is paid.
    pub payee: String,
    /// Where the payee can be called, if it says so.
    pub phone: Option<Phone>,
    /// What is paid for.
    pub product: String,
    /// Who is insured, with the middle hidden, if the order says so.
    pub insured: Option<String>,
    /// The order system's words; empty where they only repeat the product.
    pub description: String,
    /// What the payer is to pay, or paid: `¥1,234.56`
    pub amount: String,
    /// How the order's amount comes down to that; empty where it is the same.
    pub made_of: String,
    /// The merchant's own number.
    pub merchant_order_no: String,
}

/// A telephone number.
#[derive(Debug, Clone)]
pub struct Phone {
    /// As it is printed.
    pub shown: String,
    /// As it is dialled.
    pub dialled: String,
}

/// How long the payer may still begin to pay.
#[derive(Debug, Clone)]
pub struct TimeLeft {
    /// Seconds.
    pub seconds: i64,
    /// Such as "14 min 20 s".
    pub text: String,
    /// Shanghai time.
    pub until: String,
    /// Whether little is left.
    pub short: bool,
    /// Whether the payer may ask for more.
    pub extendable: bool,
    /// Until when, Unix microseconds, as the form that asks for more sends it back.
    pub until_us: i64,
}

/// A reload for browsers without script.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Seconds until then.
    pub seconds: i64,
    /// What is loaded.
    pub url: String,
}

/// What every cashier page has.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The language.
    pub locale: Locale,
    /// The size of print.
    pub print: Print,
    /// Whether real money is concerned.
    pub live: bool,
    /// Style, script and mark.
    pub assets: &'static Assets,
    /// `/c/{token}`; empty on pages without a payment.
    pub base: String,
    /// What forms carry to prove that they come from this page.
    pub csrf: String,
    /// The heading.
    pub heading: String,
    /// The payment; none on pages without one.
    pub order: Option<Order>,
    /// Where the money is.
    pub money: MoneyLine,
    /// How long the payer may still begin to pay; none once that is over.
    pub time_left: Option<TimeLeft>,
    /// What happens when the time is up.
    pub time_short: String,
    /// Changes exactly when the page would.
    pub revision: String,
    /// Whether the page may still change by itself.
    pub moving: bool,
    /// A reload for browsers without script.
    pub refresh: Option<Refresh>,
}

impl Frame {
    /// The frame of a page of this payment.
    pub fn of(visit: &Visit, rows: &Rows, stage: Stage, heading: &str) -> Self {
        let locale = visit.locale;
        let open_ended = matches!(
            stage,
            Stage::Identity | Stage::Choose | Stage::Qr | Stage::Wallet | Stage::Transfer | Stage::Preparing
        );
        Self {
            locale,
            print: visit.print,
            live: visit.live,
            assets: &ASSETS,
            base: format!("/c/{}", visit.token),
            csrf: visit.csrf.clone(),
            heading: text(locale, heading, &[]),
            order: Some(order(visit.locale, rows)),
            money: line(locale, stage, rows),
            time_short: text(
                locale,
                if rows.bound_by_part() { "time-short-part" } else { "time-short" },
                &[],
            ),
            time_left: open_ended.then(|| time_left(visit, rows)),
            revision: revision(rows, visit.now_us),
            moving: stage.moving(),
            refresh: None,
        }
    }

    /// The frame of a page without a payment.
    pub fn bare(locale: Locale, print: Print, live: bool, heading: &str, money: &str) -> Self {
        Self {
            locale,
            print,
            live,
            assets: &ASSETS,
            base: String::new(),
            csrf: String::new(),
            heading: text(locale, heading, &[]),
            order: None,
            money: MoneyLine {
                state: "unknown",
                word: text(locale, "money-word-see", &[]),
                sentence: text(locale, money, &[]),
            },
            time_short: String::new(),
            time_left: None,
            revision: String::new(),
            moving: false,
            refresh: None,
        }
    }

    /// The same frame, reloaded after `seconds` where no script runs.
    pub fn reloading(mut self, seconds: i64, path: &str) -> Self {
        self.refresh = Some(Refresh { seconds, url: format!("{}{path}", self.base) });
        self
    }

    /// A text without placeholders.
    pub fn t(&self, key: &str) -> String {
        text(self.locale, key, &[])
    }

    /// A text with one placeholder.
    pub fn with(&self, key: &str, name: &'static str, value: &str) -> String {
        text(self.locale, key, &[(name, value)])
    }

    /// Minutes and seconds with places for the script to fill.
    pub fn span_pattern(&self) -> String {
        text(self.locale, "span-minutes-seconds", &[("major", "{major}"), ("minor", "{minor}")])
    }

    /// The browser's title: heading, amount and payee.
    pub fn title(&self) -> String {
        match &self.order {
            Some(order) => format!("{} · {} · {}", self.heading, order.amount, order.payee),
            None => self.heading.clone(),
        }
    }

    /// The language that the switch offers.
    pub fn other_locale(&self) -> Locale {
        match self.locale {
            Locale::ZhCn => Locale::En,
            Locale::En => Locale::ZhCn,
        }
    }

    /// The name of that language in itself.
    pub fn other_language(&self) -> String {
        text(self.locale, &format!("language-name-{}", self.other_locale().tag()), &[])
    }

    /// Whether the print is large.
    pub fn large(&self) -> bool {
        self.print == Print::Large
    }
}

/// What the payer is to pay; once paid, what the channel let him pay.
pub fn payer_amount(payment: &Payment) -> Amount {
    Amount::new(payment.refund_base_minor(), payment.currency)
}

/// Gross, what others take over, and what is left for the payer.
fn made_of(locale: Locale, payment: &Payment) -> String {
    let parts = payment.parts();
    let elsewhere: i64 =
        payment.bill().into_iter().flat_map(|bill| bill.elsewhere).map(|line| line.amount).sum();
    let of = |kind| parts.iter().filter(move |part| part.kind == kind).map(|part| part.amount).sum::<i64>();
    let shown = |minor| Amount::new(minor, payment.currency).display();
    let sums = [
        ("made-of-elsewhere", elsewhere),
        ("made-of-coupon", of(PartKind::Coupon)),
        ("made-of-advance", of(PartKind::Advance)),
        ("made-of-channel", payment.discount_minor),
    ];
    let said = sums.iter().filter(|(_, minor)| *minor > 0);
    let said: String =
        said.map(|(key, minor)| text(locale, key, &[("amount", shown(*minor).as_str())])).collect();
    if said.is_empty() {
        return said;
    }
    let gross = shown(payment.amount_minor.saturating_add(elsewhere));
    format!("{}{said}", text(locale, "made-of-gross", &[("amount", gross.as_str())]))
}

fn order(locale: Locale, rows: &Rows) -> Order {
    let repeats = rows.payment.description == rows.product.name;
    Order {
        payee: rows.payee.clone(),
        phone: rows.phone.as_ref().map(|told| Phone { shown: told.clone(), dialled: phone::dialled(told) }),
        product: rows.product.name.clone(),
        insured: rows.payment.insured.clone(),
        description: if repeats { String::new() } else { rows.payment.description.clone() },
        amount: payer_amount(&rows.payment).display(),
        made_of: made_of(locale, &rows.payment),
        merchant_order_no: rows.payment.merchant_order_no.clone(),
    }
}

fn time_left(visit: &Visit, rows: &Rows) -> TimeLeft {
    let until_us = rows.payment.expires_at_us;
    let left_us = until_us.saturating_sub(visit.now_us).max(0);
    let seconds = left_us / SECOND_US;
    TimeLeft {
        seconds,
        text: span(visit.locale, left_us),
        until: clock(until_us, visit.now_us),
        short: seconds < WARN_BELOW_S,
        extendable: rows.extendable(visit.now_us),
        until_us,
    }
}

/// A length of time in two units.
pub fn span(locale: Locale, length_us: i64) -> String {
    let (key, major, minor) = if length_us >= DAY_US {
        ("span-days-hours", length_us / DAY_US, length_us % DAY_US / HOUR_US)
    } else if length_us >= HOUR_US {
        ("span-hours-minutes", length_us / HOUR_US, length_us % HOUR_US / (60 * SECOND_US))
    } else {
        ("span-minutes-seconds", length_us / (60 * SECOND_US), length_us / SECOND_US % 60)
    };
    text(locale, key, &[("major", &major.to_string()), ("minor", &minor.to_string())])
}

/// Shanghai date and time, `2026-08-27 10:15:30`.
pub fn date_time(at_us: i64) -> String {
    time_text(at_us).chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// Shanghai time of day where it is the same day as `now_us`, else date and time.
pub fn clock(at_us: i64, now_us: i64) -> String {
    let full = date_time(at_us);
    if shanghai_day(at_us) == shanghai_day(now_us) { full.chars().skip(11).collect() } else { full }
}

//! The page of a bank transfer: where to, exactly how much, and the code that the payer writes into the remark.

use super::answer;
use super::entry::Entry;
use super::frame::{Frame, Visit, clock};
use super::stage::{Rows, Stage};
use crate::locale::{Locale, text};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use tk_app::channels::bank::BankAccount;
use tk_domain::moment::DAY_US;
use tk_domain::payment::Attempt;
use tk_domain::transfer::RemittanceCode;
use tk_money::Amount;

/// An order that is awaited for less may end before a transfer between banks arrives, microseconds.
const SHORT_US: i64 = DAY_US;

/// What a payer needs in the bank's form.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// As it is read.
    pub shown: String,
    /// As it is copied.
    pub value: String,
}

/// Waiting for a bank transfer.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/transfer.html")]
pub struct TransferPage {
    /// What every page has.
    pub frame: Frame,
    /// What to do, and what has arrived.
    pub lines: Vec<String>,
    /// What to fill in; empty where the account cannot be shown.
    pub facts: Vec<Fact>,
    /// Until when it is awaited.
    pub valid_until: String,
    /// How long the money may take.
    pub wait: String,
    /// Why the order can neither be cancelled nor paid in another way; empty where it can.
    pub bound: String,
    /// What is said to what the payer has just asked for; empty where he only looks.
    pub told: String,
}

/// The same page for a payer who says that he has paid: what the books say now.
pub fn looked(visit: &Visit, rows: &Rows, attempt: &Attempt) -> TransferPage {
    let at = clock(visit.now_us, visit.now_us);
    let key = if rows.arrivals.part_minor > 0 { "transfer-looked-part" } else { "transfer-looked" };
    TransferPage { told: text(visit.locale, key, &[("at", at.as_str())]), ..page(visit, rows, attempt) }
}

/// The payer asked for another way or wants to cancel, and part has arrived: nothing was done, and why.
pub async fn bound_by_part(entry: &Entry) -> Response {
    match entry.rows().await {
        Ok(Some(rows)) => refused(entry, StatusCode::CONFLICT, &rows),
        Ok(None) => answer::onward(entry, ""),
        Err(failure) => answer::fault(entry, failure, "money-look-again"),
    }
}

/// The same from rows at hand; rows that have moved on are shown as they stand.
pub fn refused(entry: &Entry, status: StatusCode, rows: &Rows) -> Response {
    let visit = &entry.visit;
    let open =
        rows.open().filter(|_| rows.bound_by_part() && Stage::of(rows, visit.now_us) == Stage::Transfer);
    let Some(attempt) = open else { return answer::onward(entry, "") };
    let part = Amount::new(rows.arrivals.part_minor, rows.payment.currency).display();
    let told = text(visit.locale, "transfer-part-refused", &[("part", part.as_str())]);
    answer::page(entry, status, TransferPage { told, ..page(visit, rows, attempt) }.render())
}

/// The page of an attempt by bank transfer.
pub fn page(visit: &Visit, rows: &Rows, attempt: &Attempt) -> TransferPage {
    let frame = Frame::of(visit, rows, Stage::Transfer, "transfer-heading").reloading(30, "");
    TransferPage {
        lines: lines(visit.locale, rows),
        facts: facts(visit.locale, rows, attempt).unwrap_or_default(),
        valid_until: clock(attempt.channel_expires_at_us, visit.now_us),
        wait: wait(visit, rows, attempt),
        bound: if rows.bound_by_part() { bound(visit.locale, rows) } else { String::new() },
        told: String::new(),
        frame,
    }
}

/// Between banks money may take until the next working day; an order that ends before says so.
fn wait(visit: &Visit, rows: &Rows, attempt: &Attempt) -> String {
    let short = attempt.channel_expires_at_us.saturating_sub(visit.now_us) < SHORT_US;
    let until = clock(attempt.channel_expires_at_us, visit.now_us);
    let key = if short { "transfer-step-wait-short" } else { "transfer-step-wait" };
    text(visit.locale, key, &[("until", until.as_str()), ("payee", rows.payee.as_str())])
}

fn bound(locale: Locale, rows: &Rows) -> String {
    text(locale, "transfer-part-bound", &[("payee", &rows.payee)])
}

fn left(rows: &Rows) -> Amount {
    let left_minor = rows.payment.payer_minor.saturating_sub(rows.arrivals.part_minor).max(0);
    Amount::new(left_minor, rows.payment.currency)
}

fn lines(locale: Locale, rows: &Rows) -> Vec<String> {
    if rows.arrivals.part_minor == 0 {
        return vec![text(locale, "transfer-line", &[])];
    }
    let received = Amount::new(rows.arrivals.part_minor, rows.payment.currency).display();
    let left = left(rows).display();
    vec![text(locale, "transfer-part", &[("received", received.as_str()), ("left", left.as_str())])]
}

fn facts(locale: Locale, rows: &Rows, attempt: &Attempt) -> Option<Vec<Fact>> {
    let account = rows.accounts.iter().find(|account| account.id == attempt.channel_account_id)?;
    let bank = BankAccount::of_settings(&account.settings).ok()?;
    let code = RemittanceCode::parse(&attempt.action.as_ref()?.value)?;
    let fact = |key: &str, shown: String, value: String| Fact { label: text(locale, key, &[]), shown, value };
    let left = left(rows);
    let plain: String =
        left.display().chars().filter(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    Some(vec![
        fact("transfer-payee", bank.account_name.clone(), bank.account_name),
        fact("transfer-account", spaced(&bank.account_no), bank.account_no),
        fact("transfer-bank", bank.bank_name.clone(), bank.bank_name),
        fact("transfer-amount", left.display(), plain),
        fact("transfer-code", code.spaced(), code.to_string()),
    ])
}

/// Groups of four, as account numbers are read.
fn spaced(number: &str) -> String {
    let letters: Vec<char> = number.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

//! The bank over HTTP: statement files for a direct link, and a control interface for scripts and tests.

use super::books::{Bank, BankRefusal, Habits, Payer};
use super::statement::{FileFormat, statement};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Unix microseconds, as the caller reads them.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What all requests share.
pub struct BankSite {
    bank: Mutex<Bank>,
    clock: Clock,
    token: String,
}

impl fmt::Debug for BankSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BankSite").finish_non_exhaustive()
    }
}

impl BankSite {
    /// A site whose statements are given to whoever brings this token.
    #[must_use]
    pub fn new(bank: Bank, clock: Clock, token: &str) -> Arc<Self> {
        Arc::new(Self { bank: Mutex::new(bank), clock, token: token.to_owned() })
    }

    /// Works on the books.
    pub fn with<R>(&self, work: impl FnOnce(&mut Bank, i64) -> R) -> R {
        let mut bank = self.bank.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut bank, (self.clock)())
    }
}

/// The routes of the bank: `/bank/…` for its customers, `/control/bank/…` for scripts.
pub fn router(site: Arc<BankSite>) -> Router {
    Router::new()
        .route("/bank/accounts/{account}/statements/{date}", get(file))
        .route("/control/bank/accounts", post(open))
        .route("/control/bank/accounts/{account}", get(truth))
        .route("/control/bank/accounts/{account}/transfers", post(arrive))
        .route("/control/bank/accounts/{account}/payments", post(send))
        .route("/control/bank/accounts/{account}/bookings/{number}/{act}", post(undo))
        .route("/control/bank/habits", post(habits))
        .with_state(site)
}

#[derive(Debug, Deserialize)]
struct FileWanted {
    format: Option<String>,
}

async fn file(
    State(site): State<Arc<BankSite>>,
    Path((account, date)): Path<(String, String)>,
    Query(wanted): Query<FileWanted>,
    headers: HeaderMap,
) -> Response {
    let brought = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if brought != Some(&format!("Bearer {}", site.token)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let format = FileFormat::parse(wanted.format.as_deref().unwrap_or("camt053"));
    let day = date.parse::<jiff::civil::Date>().ok().and_then(day_number);
    let (Some(format), Some(day)) = (format, day) else { return StatusCode::BAD_REQUEST.into_response() };
    match site.with(|bank, now_us| statement(bank, (&account, day), format, now_us)) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Err(refusal) => refused(refusal),
    }
}

fn day_number(date: jiff::civil::Date) -> Option<i64> {
    let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(at.as_second().div_euclid(86_400))
}

fn refused(refusal: BankRefusal) -> Response {
    let status = match refusal {
        BankRefusal::NoAccount | BankRefusal::NoBooking => StatusCode::NOT_FOUND,
        BankRefusal::Amount => StatusCode::UNPROCESSABLE_ENTITY,
        BankRefusal::Full => StatusCode::TOO_MANY_REQUESTS,
    };
    (status, Json(json!({ "error": refusal.to_string() }))).into_response()
}

fn answered<T: serde::Serialize>(done: Result<T, BankRefusal>) -> Response {
    match done {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => refused(refusal),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    account: String,
    name: String,
}

async fn open(State(site): State<Arc<BankSite>>, Json(body): Json<Opening>) -> Response {
    answered(site.with(|bank, _| bank.open(&body.account, &body.name)).map(|()| json!({})))
}

async fn truth(State(site): State<Arc<BankSite>>, Path(account): Path<String>) -> Response {
    answered(site.with(|bank, _| -> Result<Value, BankRefusal> {
        let bookings = bank.bookings(&account)?;
        Ok(json!({ "name": bank.name(&account), "balance": bank.balance_fen(&account)?, "bookings": bookings }))
    }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Movement {
    other: Payer,
    /// Fen.
    amount: i64,
    #[serde(default)]
    remark: String,
}

async fn arrive(
    State(site): State<Arc<BankSite>>,
    Path(account): Path<String>,
    Json(body): Json<Movement>,
) -> Response {
    let booked =
        site.with(|bank, now_us| bank.arrive(&account, (&body.other, body.amount), &body.remark, now_us));
    answered(booked.map(|numbers| json!({ "bookings": numbers })))
}

async fn send(
    State(site): State<Arc<BankSite>>,
    Path(account): Path<String>,
    Json(body): Json<Movement>,
) -> Response {
    let booked =
        site.with(|bank, now_us| bank.send(&account, (&body.other, body.amount), &body.remark, now_us));
    answered(booked.map(|number| json!({ "bookings": [number] })))
}

async fn undo(
    State(site): State<Arc<BankSite>>,
    Path((account, number, act)): Path<(String, u64, String)>,
) -> Response {
    let booked = site.with(|bank, now_us| match act.as_str() {
        "reversal" => bank.take_back(&account, number, now_us),
        "return" => bank.come_back(&account, number, now_us),
        _ => Err(BankRefusal::NoBooking),
    });
    answered(booked.map(|number| json!({ "bookings": [number] })))
}

async fn habits(State(site): State<Arc<BankSite>>, Json(body): Json<Habits>) -> Response {
    site.with(|bank, _| bank.habits = body);
    Json(body).into_response()
}

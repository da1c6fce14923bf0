//! The bank over HTTP: statement files for a direct link, and a control interface for scripts and tests.

mod faults;
mod files;
mod site;

pub use faults::BankFault;
pub use files::SIGNATURE_HEADER;
pub use site::{BankConfig, BankSite, BankSiteError, Clock};

use super::books::{BankRefusal, Habits, Payer};
use super::statement::FileFormat;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes of the bank: `/bank/…` for its customers, `/control/bank/…` for scripts.
pub fn router(site: Arc<BankSite>) -> Router {
    Router::new()
        .route("/bank/accounts/{account}/statements/{date}", get(files::file))
        .route("/control/bank/accounts", post(open))
        .route("/control/bank/accounts/{account}", get(truth))
        .route("/control/bank/accounts/{account}/transfers", post(arrive))
        .route("/control/bank/accounts/{account}/payments", post(send))
        .route("/control/bank/accounts/{account}/bookings/{number}/{act}", post(undo))
        .route("/control/bank/accounts/{account}/files", post(drop_file))
        .route("/control/bank/habits", post(habits))
        .route("/control/bank/faults", post(add_faults).get(waiting_faults).delete(clear_faults))
        .route("/control/bank/clock", post(advance))
        .with_state(site)
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

/// A file to be dropped.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dropping {
    date: jiff::civil::Date,
    format: String,
    name: String,
}

async fn drop_file(
    State(site): State<Arc<BankSite>>,
    Path(account): Path<String>,
    Json(body): Json<Dropping>,
) -> Response {
    let (Some(format), Some(day)) = (FileFormat::parse(&body.format), files::day_number(body.date)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match files::drop_file(&site, (&account, day), (format, &body.name)) {
        Ok(true) => Json(json!({})).into_response(),
        Ok(false) => StatusCode::CONFLICT.into_response(),
        Err(refusal) => refused(refusal),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    faults: Vec<BankFault>,
}

async fn add_faults(State(site): State<Arc<BankSite>>, Json(plan): Json<Plan>) -> Response {
    if site.add_faults(plan.faults) {
        Json(json!({ "waiting": site.faults() })).into_response()
    } else {
        StatusCode::TOO_MANY_REQUESTS.into_response()
    }
}

async fn waiting_faults(State(site): State<Arc<BankSite>>) -> Json<Value> {
    Json(json!({ "waiting": site.faults() }))
}

async fn clear_faults(State(site): State<Arc<BankSite>>) -> Json<Value> {
    site.clear_faults();
    Json(json!({ "waiting": [] }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    by_us: i64,
}

async fn advance(State(site): State<Arc<BankSite>>, Json(step): Json<Step>) -> Json<Value> {
    site.advance_clock(step.by_us);
    Json(json!({ "now_us": site.now_us() }))
}

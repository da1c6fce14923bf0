//! The control interface, for scripts and tests: as that of the wallets, and what only cards have.

use std::io;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::notifier::{sealed, send};
use super::sandbox::Gateway;
use crate::core::{FaultPlan, Seal};
use crate::unionpay::core::{PageRefusal, Seller};

/// The furthest the clock moves at once (400 days).
const ADVANCE_MAX_US: i64 = 400 * 86_400_000_000;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/orders/{order_id}", get(show))
        .route("/orders/{order_id}/{act}", post(act))
        .route("/truth", get(truth))
        .route("/faults", get(fault_counters).post(set_faults))
        .route("/tokens", post(open_token))
        .route("/messages", post(send_message))
        .route("/notifications", get(notifications))
        .route("/notifications/flush", post(flush))
        .route("/clock", get(clock))
        .route("/clock/advance", post(advance))
}

/// A refusal: status, stable code, text.
struct Refusal(StatusCode, &'static str, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "code": self.1, "text": self.2 }))).into_response()
    }
}

impl From<PageRefusal> for Refusal {
    fn from(refusal: PageRefusal) -> Self {
        let status =
            if refusal == PageRefusal::NotFound { StatusCode::NOT_FOUND } else { StatusCode::CONFLICT };
        Self(status, refusal.code(), refusal.to_string())
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self(StatusCode::BAD_REQUEST, "body_invalid", rejection.body_text())
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, "journal_failed", error.to_string())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ActBody {
    /// For `time_out`: how much later the money leaves
    after_us: i64,
    /// For `forge`
    seal: Option<Seal>,
}

/// A message of any content.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    url: String,
    seal: Seal,
    fields: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    by_us: i64,
}

async fn show(
    State(gateway): State<Arc<Gateway>>,
    Path(order_id): Path<String>,
) -> Result<Response, Refusal> {
    let now_us = gateway.now_us();
    let (trade, page, code) = gateway.with_core(|core| {
        core.advance(now_us);
        let books = core.books();
        let page = books.page_of(&order_id).and_then(|name| books.page(&name).cloned());
        (books.trade_of(&order_id).cloned(), page, books.code_of(&order_id).map(str::to_owned))
    })?;
    if trade.is_none() && page.is_none() && code.is_none() {
        return Err(PageRefusal::NotFound.into());
    }
    Ok(Json(json!({ "trade": trade, "page": page, "sms_code": code })).into_response())
}

async fn act(
    State(gateway): State<Arc<Gateway>>,
    Path((order_id, act)): Path<(String, String)>,
    body: Option<Json<ActBody>>,
) -> Result<Response, Refusal> {
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let now_us = gateway.now_us();
    match gateway.with_core(|core| perform(core, now_us, &order_id, (&act, &body)))? {
        None => Err(Refusal(StatusCode::NOT_FOUND, "act_unknown", format!("no act named {act}"))),
        Some(done) => {
            done?;
            show(State(gateway), Path(order_id)).await
        }
    }
}

fn perform(
    core: &mut Seller,
    now_us: i64,
    order_id: &str,
    (act, body): (&str, &ActBody),
) -> Option<Result<(), PageRefusal>> {
    Some(match act {
        "pay" => core.pay_order(now_us, order_id),
        "decline" => core.decline_order(now_us, order_id),
        "time_out" => core.time_out(now_us, order_id, body.after_us),
        "forge" => core.forge_order(now_us, order_id, body.seal?),
        _ => return None,
    })
}

async fn truth(State(gateway): State<Arc<Gateway>>) -> Result<Response, Refusal> {
    let now_us = gateway.now_us();
    let truth = gateway.with_core(|core| {
        core.advance(now_us);
        core.books().truth()
    })?;
    Ok(Json(truth).into_response())
}

async fn fault_counters(State(gateway): State<Arc<Gateway>>) -> Result<Response, Refusal> {
    let counters = gateway.with_core(|core| core.fault_counters().clone())?;
    Ok(Json(counters).into_response())
}

async fn set_faults(
    State(gateway): State<Arc<Gateway>>,
    body: Result<Json<FaultPlan>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(plan) = body?;
    gateway.with_core(|core| core.set_faults(plan))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn open_token(State(gateway): State<Arc<Gateway>>) -> Result<Response, Refusal> {
    let token = gateway.with_core(Seller::open_token)?;
    Ok(Json(json!({ "token": token })).into_response())
}

async fn send_message(
    State(gateway): State<Arc<Gateway>>,
    body: Result<Json<Message>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(message) = body?;
    let unwritable = || {
        let text = "the fields cannot be written".to_owned();
        Refusal(StatusCode::UNPROCESSABLE_ENTITY, "fields_invalid", text)
    };
    let bytes = sealed(&gateway, &message.fields, message.seal).ok_or_else(unwritable)?;
    let taken = send(&gateway, &message.url, bytes).await;
    Ok(Json(json!({ "taken": taken })).into_response())
}

async fn notifications(State(gateway): State<Arc<Gateway>>) -> Result<Response, Refusal> {
    let told = gateway.with_core(|core| {
        let books = core.books();
        json!({ "pending": books.pending_notices(), "given_up": books.given_up_notices() })
    })?;
    Ok(Json(told).into_response())
}

async fn flush(State(gateway): State<Arc<Gateway>>) -> Result<Response, Refusal> {
    let now_us = gateway.now_us();
    let pending = gateway.with_core(|core| {
        core.flush_notifications(now_us);
        core.books().pending_notices()
    })?;
    Ok(Json(json!({ "pending": pending })).into_response())
}

async fn clock(State(gateway): State<Arc<Gateway>>) -> Response {
    Json(json!({ "now_us": gateway.now_us() })).into_response()
}

async fn advance(
    State(gateway): State<Arc<Gateway>>,
    body: Result<Json<Advance>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(Advance { by_us }) = body?;
    if !(0..=ADVANCE_MAX_US).contains(&by_us) {
        let text = "by_us must be between 0 and 400 days".to_owned();
        return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, "step_out_of_range", text));
    }
    gateway.advance_clock(by_us);
    Ok(Json(json!({ "now_us": gateway.now_us() })).into_response())
}

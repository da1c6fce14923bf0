use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::sandbox::{Desk, Sandbox};
use crate::core::{BarcodeReply, Coupon, FaultPlan, House, PayerRefusal, Seal, Seller};

/// The control API of one channel, for scripts and tests.
pub(super) fn routes(house: House) -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/orders/{out_trade_no}", get(show_order))
        .route("/orders/{out_trade_no}/{act}", post(act_on_order))
        .route("/truth", get(truth))
        .route("/faults", get(fault_counters).post(set_faults))
        .route("/notifications", get(notifications))
        .route("/notifications/flush", post(flush))
        .route("/clock", get(clock))
        .route("/clock/advance", post(advance))
        .layer(Extension(house))
}

/// A refusal: status, stable code, text.
struct Refusal(StatusCode, &'static str, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "code": self.1, "text": self.2 }))).into_response()
    }
}

impl From<PayerRefusal> for Refusal {
    fn from(refusal: PayerRefusal) -> Self {
        let status = match refusal {
            PayerRefusal::NotFound => StatusCode::NOT_FOUND,
            PayerRefusal::Expired | PayerRefusal::Closed | PayerRefusal::AlreadyPaid => StatusCode::CONFLICT,
        };
        Self(status, refusal.code(), refusal.to_string())
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self(StatusCode::BAD_REQUEST, "body_invalid", rejection.body_text())
    }
}

/// Which application of the channel; the first one when absent.
#[derive(Debug)]
struct Which {
    house: House,
    app_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WhichApp {
    app_id: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let invalid = |text: String| Refusal(StatusCode::BAD_REQUEST, "query_invalid", text);
        let Query(which) = Query::<WhichApp>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| invalid(rejection.body_text()))?;
        let Extension(house) = Extension::<House>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| invalid(rejection.body_text()))?;
        Ok(Self { house, app_id: which.app_id })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ActBody {
    /// For `time_out`: how much later the money leaves
    after_us: i64,
    /// For `barcode_reply`
    reply: Option<BarcodeReply>,
    /// For `forge`
    seal: Option<Seal>,
    /// For `coupon`
    coupon: Option<Coupon>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    by_us: i64,
}

fn desk_of<'s>(sandbox: &'s Sandbox, which: &Which) -> Result<&'s Desk, Refusal> {
    let found = match &which.app_id {
        Some(app_id) => sandbox.desk(app_id).filter(|desk| desk.house == which.house),
        None => sandbox.desks.values().find(|desk| desk.house == which.house),
    };
    found.ok_or_else(|| Refusal(StatusCode::NOT_FOUND, "app_not_found", "no such application".to_owned()))
}

fn with_core<R>(sandbox: &Sandbox, which: &Which, act: impl FnOnce(&mut Seller) -> R) -> Result<R, Refusal> {
    let desk = desk_of(sandbox, which)?;
    sandbox
        .with_core(desk, act)
        .map_err(|error| Refusal(StatusCode::INTERNAL_SERVER_ERROR, "journal_failed", error.to_string()))
}

async fn show_order(
    State(sandbox): State<Arc<Sandbox>>,
    Path(out_trade_no): Path<String>,
    which: Which,
) -> Result<Response, Refusal> {
    let now_us = sandbox.now_us();
    let (trade, prepared) = with_core(&sandbox, &which, |core| {
        core.advance(now_us);
        (core.trade(&out_trade_no).cloned(), core.prepared(&out_trade_no).cloned())
    })?;
    if trade.is_none() && prepared.is_none() {
        return Err(PayerRefusal::NotFound.into());
    }
    Ok(Json(json!({ "trade": trade, "prepared": prepared })).into_response())
}

async fn act_on_order(
    State(sandbox): State<Arc<Sandbox>>,
    Path((out_trade_no, act)): Path<(String, String)>,
    which: Which,
    body: Option<Json<ActBody>>,
) -> Result<Response, Refusal> {
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let now_us = sandbox.now_us();
    let done = with_core(&sandbox, &which, |core| perform(core, now_us, &out_trade_no, (&act, &body)))?;
    match done {
        None => Err(Refusal(StatusCode::NOT_FOUND, "act_unknown", format!("no act named {act}"))),
        Some(outcome) => {
            outcome?;
            let trade = with_core(&sandbox, &which, |core| core.trade(&out_trade_no).cloned())?;
            Ok(Json(json!({ "trade": trade })).into_response())
        }
    }
}

fn perform(
    core: &mut Seller,
    now_us: i64,
    out_trade_no: &str,
    (act, body): (&str, &ActBody),
) -> Option<Result<(), PayerRefusal>> {
    Some(match act {
        "open" => core.open(now_us, out_trade_no).map(|_| ()),
        "pay" => core.pay(now_us, out_trade_no),
        "decline" => core.decline(now_us, out_trade_no),
        "time_out" => core.time_out(now_us, out_trade_no, body.after_us),
        "never" => core.never(now_us, out_trade_no),
        "barcode_reply" => {
            core.set_barcode_reply(out_trade_no, body.reply?);
            Ok(())
        }
        "coupon" => {
            core.give_coupon(out_trade_no, body.coupon?);
            Ok(())
        }
        "forge" => {
            core.forge(now_us, out_trade_no, body.seal?);
            Ok(())
        }
        _ => return None,
    })
}

async fn truth(State(sandbox): State<Arc<Sandbox>>, which: Which) -> Result<Response, Refusal> {
    let now_us = sandbox.now_us();
    let truth = with_core(&sandbox, &which, |core| {
        core.advance(now_us);
        core.truth()
    })?;
    Ok(Json(truth).into_response())
}

async fn fault_counters(State(sandbox): State<Arc<Sandbox>>, which: Which) -> Result<Response, Refusal> {
    let counters = with_core(&sandbox, &which, |core| core.fault_counters().clone())?;
    Ok(Json(counters).into_response())
}

async fn set_faults(
    State(sandbox): State<Arc<Sandbox>>,
    which: Which,
    body: Result<Json<FaultPlan>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(plan) = body?;
    with_core(&sandbox, &which, |core| core.set_faults(plan))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn notifications(State(sandbox): State<Arc<Sandbox>>, which: Which) -> Result<Response, Refusal> {
    let (pending, given_up) =
        with_core(&sandbox, &which, |core| (core.pending_notifications(), core.given_up_notifications()))?;
    Ok(Json(json!({ "pending": pending, "given_up": given_up })).into_response())
}

async fn flush(State(sandbox): State<Arc<Sandbox>>, which: Which) -> Result<Response, Refusal> {
    let now_us = sandbox.now_us();
    let pending = with_core(&sandbox, &which, |core| {
        core.flush_notifications(now_us);
        core.pending_notifications()
    })?;
    Ok(Json(json!({ "pending": pending })).into_response())
}

async fn clock(State(sandbox): State<Arc<Sandbox>>) -> Response {
    Json(json!({ "now_us": sandbox.now_us() })).into_response()
}

async fn advance(
    State(sandbox): State<Arc<Sandbox>>,
    body: Result<Json<AdvanceBody>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(body) = body?;
    if !(0..=400 * 86_400_000_000).contains(&body.by_us) {
        let text = "by_us must be between 0 and 400 days".to_owned();
        return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, "step_out_of_range", text));
    }
    sandbox.advance_clock(body.by_us);
    Ok(Json(json!({ "now_us": sandbox.now_us() })).into_response())
}

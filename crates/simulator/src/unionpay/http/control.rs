//! The control interface, for scripts and tests.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::faults::Script;
use super::notifier::{body_of, send};
use super::sandbox::Gateway;
use crate::unionpay::core::PageRefusal;

/// The furthest the clock moves at once (400 days).
const ADVANCE_MAX_US: i64 = 400 * 86_400_000_000;

pub(super) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/orders/{order_id}", get(show))
        .route("/orders/{order_id}/{act}", post(act))
        .route("/truth", get(truth))
        .route("/faults", post(add_faults))
        .route("/tokens", post(open_token))
        .route("/notifications", get(notifications))
        .route("/clock/advance", post(advance))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Forge {
    url: String,
    /// `other_key` or `unsigned`.
    by: Forger,
    fields: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Forger {
    OtherKey,
    Unsigned,
    /// Genuine: fields that the merchant did not ask for, under the right signature.
    Genuine,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    scripts: Vec<Script>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    by_us: i64,
}

async fn show(State(gateway): State<Arc<Gateway>>, Path(order_id): Path<String>) -> Response {
    let books = gateway.books();
    let (trade, code) = (books.trade_of(&order_id).cloned(), books.code_of(&order_id).map(str::to_owned));
    let page = books.page_of(&order_id).and_then(|name| books.page(&name).cloned());
    drop(books);
    if trade.is_none() && page.is_none() && code.is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    Json(json!({ "trade": trade, "page": page, "sms_code": code })).into_response()
}

async fn act(
    State(gateway): State<Arc<Gateway>>,
    Path((order_id, act)): Path<(String, String)>,
    body: Result<Json<Forge>, JsonRejection>,
) -> Response {
    if act == "forge" {
        return match body {
            Ok(Json(forge)) => forged(&gateway, &forge).await,
            Err(rejection) => rejection.into_response(),
        };
    }
    let now_us = gateway.now_us();
    let done = gateway.with_books(|books| {
        let name = books.page_of(&order_id).ok_or(PageRefusal::NotFound)?;
        match act.as_str() {
            "pay" => books.pay_page(&name, now_us).map(drop),
            "decline" => books.decline_page(&name, now_us),
            _ => Err(PageRefusal::NotFound),
        }
    });
    match done {
        Ok(()) => show(State(gateway), Path(order_id)).await,
        Err(refusal) => {
            let status =
                if refusal == PageRefusal::NotFound { StatusCode::NOT_FOUND } else { StatusCode::CONFLICT };
            (status, Json(json!({ "text": refusal.to_string() }))).into_response()
        }
    }
}

async fn forged(gateway: &Gateway, forge: &Forge) -> Response {
    let keys = &gateway.keys;
    let certificate = keys.certificate_pem.as_deref();
    let body = match forge.by {
        Forger::OtherKey => body_of(&forge.fields, &gateway.stranger, certificate),
        Forger::Genuine => body_of(&forge.fields, &keys.signer, certificate),
        Forger::Unsigned => body_of(&forge.fields, &keys.signer, certificate).map(|body| {
            let text = String::from_utf8_lossy(&body).into_owned();
            text.split("&signature=").next().unwrap_or_default().as_bytes().to_vec()
        }),
    };
    let Some(body) = body else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
    let taken = send(gateway, &forge.url, body).await;
    Json(json!({ "taken": taken })).into_response()
}

async fn truth(State(gateway): State<Arc<Gateway>>) -> Response {
    Json(gateway.books().truth()).into_response()
}

async fn add_faults(
    State(gateway): State<Arc<Gateway>>,
    body: Result<Json<Faults>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(Faults { scripts })) => {
            let fits = gateway.add_scripts(scripts);
            let status = if fits { StatusCode::NO_CONTENT } else { StatusCode::UNPROCESSABLE_ENTITY };
            status.into_response()
        }
        Err(rejection) => rejection.into_response(),
    }
}

async fn open_token(State(gateway): State<Arc<Gateway>>) -> Response {
    Json(json!({ "token": gateway.books().open_token() })).into_response()
}

async fn notifications(State(gateway): State<Arc<Gateway>>) -> Response {
    Json(json!({ "pending": gateway.books().pending_notices() })).into_response()
}

async fn advance(
    State(gateway): State<Arc<Gateway>>,
    body: Result<Json<Advance>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(Advance { by_us })) if (0..=ADVANCE_MAX_US).contains(&by_us) => {
            gateway.advance_clock(by_us);
            Json(json!({ "now_us": gateway.now_us() })).into_response()
        }
        Ok(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Err(rejection) => rejection.into_response(),
    }
}

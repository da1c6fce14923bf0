//! The pages that only show.

use super::entry::Entry;
use super::stage::{Rows, Stage};
use super::{answer, methods as choice, pages, transfer, wait};
use crate::state::WebState;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Deserialize;
use tk_domain::moment::SECOND_US;

/// The payment's page, whatever it is on.
pub async fn page(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    with_rows(web, token, &parts, |entry, rows| {
        let page = answer::page(entry, StatusCode::OK, pages::current(&entry.visit, rows));
        answer::posting_to(page, pages::form_target(rows).as_deref())
    })
    .await
}

/// When the payer came back from the wallet.
#[derive(Debug, Deserialize)]
pub struct Since {
    since: Option<String>,
}

/// The page of a payer who has come back and waits; anything else than waiting is the payment's page.
pub async fn confirming(
    State(web): State<WebState>,
    Path(token): Path<String>,
    Query(since): Query<Since>,
    parts: Parts,
) -> Response {
    with_rows(web, token, &parts, |entry, rows| {
        let stage = Stage::of(rows, entry.visit.now_us);
        let waits = matches!(stage, Stage::Qr | Stage::Wallet | Stage::Confirming);
        let Some(since_s) =
            since.since.as_deref().and_then(|text| text.parse::<i64>().ok()).filter(|_| waits)
        else {
            return answer::onward(entry, "");
        };
        entry.visit.returned_at_us = Some(since_s.saturating_mul(SECOND_US).min(entry.visit.now_us));
        answer::page(entry, StatusCode::OK, wait::page(&entry.visit, rows, stage).render())
    })
    .await
}

/// The choice of methods while another attempt is open.
pub async fn methods(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    with_rows(web, token, &parts, |entry, rows| {
        let stage = Stage::of(rows, entry.visit.now_us);
        let changeable = matches!(
            stage,
            Stage::Choose
                | Stage::Qr
                | Stage::Wallet
                | Stage::Transfer
                | Stage::Preparing
                | Stage::CodeExpired
        );
        if rows.bound_by_part() {
            return transfer::refused(entry, StatusCode::OK, rows);
        }
        if !changeable {
            return answer::onward(entry, "");
        }
        let chosen = choice::choose(&entry.visit, rows, Vec::new());
        answer::page(entry, StatusCode::OK, chosen.render())
    })
    .await
}

/// Sends the browser into the wallet.
pub async fn wallet(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    with_rows(web, token, &parts, |entry, rows| match pages::handover(&entry.visit, rows) {
        Some(handover) => answer::page(entry, StatusCode::OK, handover.render()),
        None => answer::onward(entry, ""),
    })
    .await
}

/// A payer says that he has made his transfer: what the books say now, or the payment's page once they say more.
pub async fn arrival(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    with_rows(web, token, &parts, |entry, rows| {
        let waits = Stage::of(rows, entry.visit.now_us) == Stage::Transfer;
        match rows.open().filter(|_| waits) {
            Some(attempt) => {
                let page = transfer::looked(&entry.visit, rows, attempt);
                answer::page(entry, StatusCode::OK, page.render())
            }
            None => answer::onward(entry, ""),
        }
    })
    .await
}

/// The code or wallet order that is being closed, as long as it is not proven closed.
pub async fn earlier(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    with_rows(web, token, &parts, |entry, rows| match pages::earlier(&entry.visit, rows) {
        Some(rendered) => {
            let page = answer::page(entry, StatusCode::OK, rendered);
            answer::posting_to(page, pages::form_target(rows).as_deref())
        }
        None => answer::onward(entry, ""),
    })
    .await
}

/// The question before cancelling.
pub async fn cancellation(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    with_rows(web, token, &parts, |entry, rows| match pages::cancellation(&entry.visit, rows) {
        Some(_) if rows.bound_by_part() => transfer::refused(entry, StatusCode::OK, rows),
        Some(question) => answer::page(entry, StatusCode::OK, question.render()),
        None => answer::onward(entry, ""),
    })
    .await
}

/// A form's address opened by hand or by "reload" leads to the payment's page.
pub async fn back(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    match Entry::open(web, token, &parts).await {
        Ok(entry) => answer::onward(&entry, ""),
        Err(response) => response,
    }
}

async fn with_rows(
    web: WebState,
    token: String,
    parts: &Parts,
    show: impl FnOnce(&mut Entry, &Rows) -> Response,
) -> Response {
    let mut entry = match Entry::open(web, token, parts).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    match entry.rows().await {
        Ok(Some(rows)) => {
            entry.visit.terminal = entry.terminal(&rows);
            show(&mut entry, &rows)
        }
        Ok(None) => answer::not_found(&entry.state, &parts.headers),
        Err(failure) => answer::fault(&entry, failure, "money-not-this-page"),
    }
}

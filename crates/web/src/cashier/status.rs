//! The status poll: the state alone, for browsers that have opened the page.

use super::answer;
use super::entry::Entry;
use super::stage::{Money, Stage, revision};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tk_domain::payment::{Payment, PaymentStatus};
use tk_domain::refusal::MoneyState;

/// What a page asks for every few seconds.
#[derive(Debug, Serialize)]
pub struct Answer {
    status: PaymentStatus,
    stage: &'static str,
    revision: String,
    money_state: MoneyState,
}

/// The payment's state, without anything about the payer or the order.
pub async fn status(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    let entry = match Entry::open(web, token, &parts).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    if !entry.known {
        return Problem::new(Code::PayerMismatch).into_response();
    }
    match entry.rows().await {
        Ok(Some(rows)) => {
            let stage = Stage::of(&rows, entry.visit.now_us);
            let money_state = money_state(Money::at(stage, &rows), &rows.payment);
            let (status, revision) = (rows.payment.status, revision(&rows, entry.visit.now_us));
            Json(Answer { status, stage: stage.word(), revision, money_state }).into_response()
        }
        Ok(None) => answer::not_found(&entry.state, &parts.headers),
        Err(failure) => Problem::from(failure).into_response(),
    }
}

/// The word that the API has for it: moved as long as any of the payer's money is with us.
const fn money_state(money: Money, payment: &Payment) -> MoneyState {
    match money {
        Money::Confirming => MoneyState::Unknown,
        Money::NotTaken
        | Money::Taken
        | Money::Returning
        | Money::PartReturned
        | Money::Returned
        | Money::TakenBack
        | Money::Elsewhere => {
            if payment.kept_minor() > 0 {
                MoneyState::Moved
            } else {
                MoneyState::NotMoved
            }
        }
    }
}

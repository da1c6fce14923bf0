//! More time to pay: a press of a button, as often as the product allows, without a script.

use super::answer;
use super::entry::Entry;
use crate::state::WebState;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use tk_app::Failure;
use tk_domain::payment::ExtendPayment;

/// Gives more time and leads back to the page, which says until when; where none is given, it says that as well.
pub async fn extend(State(state): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, answers) = match Entry::with_form(state, token, request).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let command = ExtendPayment {
        tenant_id: entry.tenant_id,
        payment_id: entry.payment_id,
        told_us: answers.get("until").parse().unwrap_or_default(),
        origin: entry.origin.clone(),
    };
    match entry.state.app.submit(command).await {
        Ok(_) | Err(Failure::Refused(_)) => answer::onward(&entry, ""),
        Err(failure) => answer::fault(&entry, failure, "money-nothing-done"),
    }
}

//! Cancelling by the payer: the channel's word first, then the payment closes.

use super::entry::Entry;
use super::{answer, transfer};
use crate::state::WebState;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use tk_app::Failure;
use tk_domain::payment::{ClosePayment, CloseReason};
use tk_domain::refusal::Refusal;

/// Closes the payment, and leads to its page as it then stands.
pub async fn close(State(state): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, _) = match Entry::with_form(state, token, request).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let command = ClosePayment {
        tenant_id: entry.tenant_id,
        payment_id: entry.payment_id,
        reason: CloseReason::Payer,
        lease_us: 0,
        origin: entry.origin.clone(),
    };
    match entry.state.app.close_payment(command, entry.state.config.limits.channel_wait_us).await {
        Err(Failure::Refused(Refusal::TransferPartReceived)) => transfer::bound_by_part(&entry).await,
        Ok(_) | Err(Failure::Refused(_)) => answer::onward(&entry, ""),
        Err(failure) => answer::fault(&entry, failure, "money-look-again"),
    }
}

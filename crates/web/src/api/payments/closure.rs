//! `POST /v1/payments/{id}/closure`.

use super::view::{Publisher, status_of};
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{LEASE_US, refer, schema};
use crate::auth::PaymentsWrite;
use crate::parse::{Nothing, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::id::TypedId;
use tk_domain::payment::{ClosePayment, CloseReason, Payment};

/// Closes a payment; an open attempt is closed at the channel first, and until that is proven the answer is 202.
#[utoipa::path(post, path = "/v1/payments/{id}/closure", tag = "payments", params(("id" = String, Path)),
    request_body = Nothing, responses(
        (status = 200, body = schema::Payment, description = "closed"),
        (status = 202, body = schema::Payment, description = "being closed at the channel"),
    ))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<PaymentsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (mut effect, _) = Effect::begin(write, &state)?;
    let payment = refer::payment(&state, &effect.caller, refer::parse_id(&id)?).await?;
    let publisher = Publisher::of(&state, &effect.caller, &payment).await?;
    let command = ClosePayment {
        tenant_id: payment.tenant_id,
        payment_id: payment.id,
        reason: CloseReason::Merchant,
        lease_us: LEASE_US,
        origin: effect.caller.origin(),
    };
    let shown = publisher.clone();
    let render =
        move |payment: &Payment, live: bool| record(status(payment), &shown.view(payment, None, live));
    match effect.submit(&state, command, render).await? {
        Came::Replayed(answer) => Ok(answer),
        Came::Fresh(payment, _) => after(&state, &effect, &publisher, payment).await,
    }
}

fn status(payment: &Payment) -> StatusCode {
    if payment.status.terminal() { StatusCode::OK } else { StatusCode::ACCEPTED }
}

/// Waits for the channel where something was said to it, and answers with the payment as it then stands.
pub(super) async fn after(
    state: &WebState,
    effect: &Effect,
    publisher: &Publisher,
    payment: Payment,
) -> Result<Answer, Problem> {
    let payment = waited(state, payment).await?;
    let closing = payment.close_requested_at_us.is_some() && !payment.status.terminal();
    let status = if closing { StatusCode::ACCEPTED } else { status_of(&payment, StatusCode::OK) };
    let answer = Answer::new(status, &publisher.view(&payment, None, state.live()))?;
    effect.keep(state, &answer).await;
    Ok(answer)
}

async fn waited(state: &WebState, payment: Payment) -> Result<Payment, Problem> {
    let Some(attempt_id) = payment.open_attempt_id.or(payment.latest_attempt_id) else { return Ok(payment) };
    let wait_us = state.config.limits.channel_wait_us;
    state.app.deliver_now(payment.tenant_id, attempt_id.id128(), wait_us).await;
    refer::row(state, &(payment.tenant_id, payment.id)).await
}

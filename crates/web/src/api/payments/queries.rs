//! `POST /v1/payments/{id}/queries`.

use super::closure::after;
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
use tk_domain::payment::{Payment, RequestQuery};

/// Asks the channel about a payment now, and answers with the payment as it then stands.
#[utoipa::path(post, path = "/v1/payments/{id}/queries", tag = "payments", params(("id" = String, Path)),
    request_body = Nothing, responses(
        (status = 200, body = schema::Payment), (status = 202, body = schema::Payment, description = "not known yet"),
    ))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<PaymentsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (mut effect, _) = Effect::begin(write, &state)?;
    let payment = refer::payment(&state, &effect.caller, refer::parse_id(&id)?).await?;
    let publisher = Publisher::of(&state, &effect.caller, &payment).await?;
    let command = RequestQuery {
        tenant_id: payment.tenant_id,
        payment_id: payment.id,
        lease_us: LEASE_US,
        origin: effect.caller.origin(),
    };
    let shown = publisher.clone();
    let render = move |payment: &Payment, live: bool| {
        record(status_of(payment, StatusCode::OK), &shown.view(payment, None, live))
    };
    match effect.submit(&state, command, render).await? {
        Came::Replayed(answer) => Ok(answer),
        Came::Fresh(payment, _) => after(&state, &effect, &publisher, payment).await,
    }
}

//! `GET /v1/payments/{id}/fulfilment`.

use crate::api::answer::Answer;
use crate::api::{refer, schema};
use crate::auth::PaymentsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::fulfilment::{Fulfilment, FulfilmentView};

/// What became of the policy of a payment that was created with `fulfilment`.
#[utoipa::path(get, path = "/v1/payments/{id}/fulfilment", tag = "fulfilments",
    params(("id" = String, Path)), responses((status = 200, body = schema::Fulfilment)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<PaymentsRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let payment = refer::payment(&state, &read.caller, refer::parse_id(&id)?).await?;
    let row: Fulfilment = refer::row(&state, &(payment.tenant_id, payment.id)).await?;
    Answer::ok(&FulfilmentView::of(&row, state.live()))
}

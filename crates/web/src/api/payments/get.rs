//! `GET /v1/payments/{id}`.

use super::view::{EXPANDABLE, published};
use crate::api::answer::Answer;
use crate::api::{refer, schema};
use crate::auth::PaymentsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};

/// Reads a payment.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments",
    params(("id" = String, Path), ("expand[]" = Option<Vec<String>>, Query)),
    responses((status = 200, body = schema::Payment)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    mut read: Read<PaymentsRead>,
) -> Result<Answer, Problem> {
    let expand = read.params.words("expand", &EXPANDABLE)?;
    read.params.finish()?;
    let payment = refer::payment(&state, &read.caller, refer::parse_id(&id)?).await?;
    Answer::ok(&published(&state, &read.caller, &payment, &expand).await?)
}

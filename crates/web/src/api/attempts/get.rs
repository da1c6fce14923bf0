//! `GET /v1/payments/{id}/attempts/{attempt}`.

use crate::api::answer::Answer;
use crate::api::{refer, schema};
use crate::auth::PaymentsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};

/// Reads an attempt.
#[utoipa::path(get, path = "/v1/payments/{id}/attempts/{attempt}", tag = "attempts",
    params(("id" = String, Path), ("attempt" = String, Path)), responses((status = 200, body = schema::Attempt)))]
pub async fn get(
    State(state): State<WebState>,
    Path((id, attempt)): Path<(String, String)>,
    read: Read<PaymentsRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let payment = refer::payment(&state, &read.caller, refer::parse_id(&id)?).await?;
    let attempt = refer::attempt(&state, &payment, refer::parse_id(&attempt)?).await?;
    Answer::ok(&refer::attempt_view(&read.caller.app, &attempt, state.live()))
}

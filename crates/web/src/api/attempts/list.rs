//! `GET /v1/payments/{id}/attempts`.

use crate::api::answer::{Answer, List};
use crate::api::{refer, schema};
use crate::auth::PaymentsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};

/// Lists all attempts of a payment (at most 20), newest first.
#[utoipa::path(get, path = "/v1/payments/{id}/attempts", tag = "attempts", params(("id" = String, Path)),
    responses((status = 200, body = List<schema::Attempt>)))]
pub async fn list(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<PaymentsRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let payment = refer::payment(&state, &read.caller, refer::parse_id(&id)?).await?;
    let mut attempts = state.app.reader().attempts_of(payment.tenant_id, payment.id).await?;
    attempts.sort_by_key(|attempt| std::cmp::Reverse(attempt.id));
    let data =
        attempts.iter().map(|attempt| refer::attempt_view(&read.caller.app, attempt, state.live())).collect();
    Answer::ok(&List { object: "list", data, has_more: false, summary: None })
}

//! `GET /v1/cheques/{id}`.

use crate::api::answer::Answer;
use crate::api::{refer, schema};
use crate::auth::CounterRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::cheque::{Cheque, ChequeView};

/// A cheque.
#[utoipa::path(get, path = "/v1/cheques/{id}", tag = "cheques", params(("id" = String, Path)),
    responses((status = 200, body = schema::Cheque)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<CounterRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let cheque: Cheque = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    Answer::ok(&ChequeView::of(&cheque, state.live()))
}

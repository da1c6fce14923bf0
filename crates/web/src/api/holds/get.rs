//! `GET /v1/holds/{id}`.

use super::HoldView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::BooksRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::ledger::Hold;

/// Reads a hold.
#[utoipa::path(get, path = "/v1/holds/{id}", tag = "books", params(("id" = String, Path)),
    responses((status = 200, body = HoldView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BooksRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let hold: Hold = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    read.caller.check_sight(hold.merchant_id)?;
    Answer::ok(&HoldView::of(&hold, state.live()))
}

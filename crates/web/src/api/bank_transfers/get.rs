//! `GET /v1/bank_transfers/{id}`.

use super::line;
use crate::api::answer::Answer;
use crate::api::schema;
use crate::auth::BankTransfersRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::transfer::BankLineView;

/// Reads a bank line.
#[utoipa::path(get, path = "/v1/bank_transfers/{id}", tag = "bank_transfers", params(("id" = String, Path)),
    responses((status = 200, body = schema::BankTransfer)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<BankTransfersRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    Answer::ok(&BankLineView::of(&line(&state, &read.caller, &id).await?, state.live()))
}

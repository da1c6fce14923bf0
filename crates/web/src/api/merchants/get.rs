//! `GET /v1/merchants/{id}`.

use super::MerchantView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};

/// Reads a merchant by identifier or code.
#[utoipa::path(get, path = "/v1/merchants/{id}", tag = "merchants", params(("id" = String, Path)),
    responses((status = 200, body = MerchantView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<ConfigRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let merchant = refer::merchant(&state, &read.caller, &id).await?;
    Answer::ok(&MerchantView::of(&merchant, state.live()))
}

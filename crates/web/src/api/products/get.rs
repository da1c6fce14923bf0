//! `GET /v1/products/{id}`.

use super::ProductView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};

/// Reads a product by identifier or code.
#[utoipa::path(get, path = "/v1/products/{id}", tag = "products", params(("id" = String, Path)),
    responses((status = 200, body = ProductView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<ConfigRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let product = refer::product(&state, read.caller.tenant_id, &id).await?;
    Answer::ok(&ProductView::of(&product, state.live()))
}

//! `GET /v1/partners/{id}`.

use super::PartnerView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};

/// Reads a partner by identifier or code.
#[utoipa::path(get, path = "/v1/partners/{id}", tag = "partners", params(("id" = String, Path)),
    responses((status = 200, body = PartnerView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<ConfigRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let partner = refer::partner(&state, read.caller.tenant_id, &id).await?;
    Answer::ok(&PartnerView::of(&partner, state.live()))
}

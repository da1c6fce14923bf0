//! `GET /v1/identity_checks/{id}`.

use crate::api::answer::Answer;
use crate::api::schema;
use crate::auth::IdentityRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use serde_json::json;
use tk_domain::identity::IdentityCheckView;

/// Reads a check; `photo_list` names its photos, which are read one by one for a reason.
#[utoipa::path(get, path = "/v1/identity_checks/{id}", tag = "identity", params(("id" = String, Path)),
    responses((status = 200, body = schema::IdentityCheck)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<IdentityRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let check = super::check(&state, &read.caller, &id).await?;
    let photos = state.app.reader().identity_photos_of(check.tenant_id, check.id).await?;
    let mut view = json!(IdentityCheckView::of(&check));
    view["photo_list"] = photos
        .iter()
        .map(|photo| json!({ "id": photo.id, "side": photo.side, "kind": photo.kind, "bytes": photo.size_bytes }))
        .collect();
    Answer::ok(&view)
}

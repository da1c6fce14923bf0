//! `POST /v1/identity_checks/{id}/face`.

use super::create::status_of;
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::schema;
use crate::auth::IdentityWrite;
use crate::parse::Upload;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_app::channels::photo::stripped;
use tk_app::identity::Face;
use tk_domain::identity::{FaceWay, IdentityCheck, IdentityCheckView, SendIdentityCheck};

/// Sends a check with its photos and the face before the camera to the provider, and waits for him. The face is in
/// memory until then and is kept nowhere.
#[utoipa::path(post, path = "/v1/identity_checks/{id}/face", tag = "identity", params(("id" = String, Path)),
    request_body(content = Vec<u8>, content_type = "image/jpeg"), responses(
        (status = 201, body = schema::IdentityCheck, description = "decided"),
        (status = 202, body = schema::IdentityCheck, description = "sent; the outcome is not known yet"),
    ))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    upload: Upload<IdentityWrite>,
) -> Result<Answer, Problem> {
    upload.params.finish()?;
    let (mut effect, bytes) = Effect::begin(upload.write, &state)?;
    let check = super::check(&state, &effect.caller, &id).await?;
    let face = stripped(&bytes).map_err(super::refused)?;
    let (tenant_id, check_id) = (check.tenant_id, check.id);
    let origin = effect.caller.origin();
    let command = SendIdentityCheck { tenant_id, check_id, face: FaceWay::Brought, origin };
    let render = |check: &IdentityCheck, _: bool| record(StatusCode::ACCEPTED, &IdentityCheckView::of(check));
    let sent = match effect.submit(&state, command, render).await? {
        Came::Replayed(answer) => return Ok(answer),
        Came::Fresh(sent, _) => sent,
    };
    let check = state.app.verify_identity(&sent, Face::Brought(&face.bytes)).await?;
    let answer = Answer::new(status_of(&check), &IdentityCheckView::of(&check))?;
    effect.keep(&state, &answer).await;
    Ok(answer)
}

//! `/v1/identity_checks/{id}/photos`: brought as they are, kept without metadata and sealed, read for a reason.

use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::schema;
use crate::auth::{IdentityRead, IdentityWrite};
use crate::parse::{Params, Read, Text, Upload, typed};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tk_domain::id::{Id128, IdentityPhotoId};
use tk_domain::identity::{AddIdentityPhoto, IdentityCheckView, PhotoSide, ReadIdentityPhoto};

/// Adds a photo (JPEG or PNG, at most 5 MB) to a check that was not sent yet. What it is, its content says; position,
/// time and owner are removed before it is kept.
#[utoipa::path(post, path = "/v1/identity_checks/{id}/photos", tag = "identity",
    params(("id" = String, Path), ("side" = String, Query)), request_body(content = Vec<u8>, content_type = "image/jpeg"),
    responses((status = 201, body = schema::IdentityCheck)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    upload: Upload<IdentityWrite>,
) -> Result<Answer, Problem> {
    let mut params = upload.params;
    let (effect, bytes) = Effect::begin(upload.write, &state)?;
    let check = super::check(&state, &effect.caller, &id).await?;
    let side = params.read("side", PhotoSide::parse)?;
    params.finish()?;
    let side = side.ok_or_else(|| Problem::field(Code::ParameterInvalid, "?side", "front or back"))?;
    let photo_id = IdentityPhotoId(Id128::v7(state.app.now_us(), state.app.random_bits()));
    let photo = state.app.seal_photo(photo_id, &bytes).map_err(super::refused)?.ok_or(Code::Internal)?;
    let command = AddIdentityPhoto {
        tenant_id: check.tenant_id,
        check_id: check.id,
        photo_id,
        side,
        kind: photo.kind,
        sealed: photo.sealed,
        size_bytes: photo.size_bytes,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, |check, _| IdentityCheckView::of(check))).await
}

/// A parameter that must be there.
fn needed<const MAX: usize>(params: &mut Params, name: &'static str) -> Result<Text<1, MAX>, Problem> {
    let missing = || Problem::field(Code::ParameterInvalid, format!("?{name}"), "required");
    typed(params.take(name)?.ok_or_else(missing)?.into())
}

/// Reads a photo. The reason and the reader's name are written into the audit log first; the file comes as an attachment.
#[utoipa::path(get, path = "/v1/identity_checks/{id}/photos/{photo}", tag = "identity",
    params(("id" = String, Path), ("photo" = String, Path), ("reason" = String, Query), ("actor" = String, Query)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>)))]
pub async fn get(
    State(state): State<WebState>,
    Path((id, photo)): Path<(String, String)>,
    mut read: Read<IdentityRead>,
) -> Result<Response, Problem> {
    let check = super::check(&state, &read.caller, &id).await?;
    let photo_id = crate::api::refer::parse_id(&photo)?;
    let reason = needed::<200>(&mut read.params, "reason")?;
    let actor = needed::<64>(&mut read.params, "actor")?;
    read.params.finish()?;
    let command = ReadIdentityPhoto {
        tenant_id: check.tenant_id,
        check_id: check.id,
        photo_id,
        reason: reason.0,
        by: actor.0,
        origin: read.caller.origin(),
    };
    let photo = state.app.submit(command).await?;
    let bytes = state.app.open_photo(&photo).ok_or(Code::Internal)?;
    let headers = [
        (header::CONTENT_TYPE, photo.kind.word()),
        (header::CONTENT_DISPOSITION, "attachment"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, bytes).into_response())
}

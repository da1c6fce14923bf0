//! `POST /v1/apps/{id}/keys/{key}/revocation`.

use super::KeyView;
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::refer::parse_id;
use crate::auth::ConfigWrite;
use crate::parse::{Nothing, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::access::RevokeApiKey;

/// Revokes a key at once and for ever.
#[utoipa::path(post, path = "/v1/apps/{id}/keys/{key}/revocation", tag = "apps",
    params(("id" = String, Path), ("key" = String, Path)), request_body = Nothing,
    responses((status = 200, body = KeyView)))]
pub async fn create(
    State(state): State<WebState>,
    Path((id, key)): Path<(String, String)>,
    write: Write<ConfigWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (effect, _) = Effect::begin(write, &state)?;
    let command = RevokeApiKey {
        tenant_id: effect.caller.tenant_id,
        app_id: parse_id(&id)?,
        api_key_id: parse_id(&key)?,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::OK, KeyView::of)).await
}

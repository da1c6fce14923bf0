//! `POST /v1/identity_checks/{id}/review`.

use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::schema;
use crate::auth::IdentityWrite;
use crate::parse::{Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::identity::{IdentityCheckView, RequestIdentityReview};
use utoipa::ToSchema;

/// Why and by whom a person's decision is asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityReviewCreate {
    /// Why the face is no way here, and what was seen.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The name of who looked at the photos.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Proposes a way other than the face: the check waits for a second person, who decides by its photos.
#[utoipa::path(post, path = "/v1/identity_checks/{id}/review", tag = "identity", params(("id" = String, Path)),
    request_body = IdentityReviewCreate, responses((status = 202, body = schema::IdentityCheck)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<IdentityWrite, IdentityReviewCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let check = super::check(&state, &effect.caller, &id).await?;
    let command = RequestIdentityReview {
        tenant_id: check.tenant_id,
        check_id: check.id,
        reason: body.reason.0,
        maker: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::ACCEPTED, |check, _| IdentityCheckView::of(check))).await
}

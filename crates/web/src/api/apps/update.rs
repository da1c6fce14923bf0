//! `PATCH /v1/apps/{id}`.

use super::AppView;
use crate::api::answer::Answer;
use crate::api::once::change;
use crate::api::refer;
use crate::auth::ConfigWrite;
use crate::parse::{Change, Name};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use serde::Deserialize;
use tk_domain::access::{AppTerms, UpdateApp};
use utoipa::ToSchema;

/// What changes; absent stays. The merchant never changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppUpdate {
    /// For people.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<Name>,
    /// Whether every write must carry a signature.
    pub requires_signature: Option<bool>,
    /// Whether its keys work.
    pub enabled: Option<bool>,
}

/// Changes an app.
#[utoipa::path(patch, path = "/v1/apps/{id}", tag = "apps", params(("id" = String, Path)),
    request_body = AppUpdate, responses((status = 200, body = AppView)))]
pub async fn update(
    State(state): State<WebState>,
    Path(id): Path<String>,
    patch: Change<ConfigWrite, AppUpdate>,
) -> Result<Answer, Problem> {
    let terms = AppTerms {
        name: patch.body.name.map(|name| name.0),
        requires_signature: patch.body.requires_signature,
        enabled: patch.body.enabled,
    };
    let command = UpdateApp {
        tenant_id: patch.caller.tenant_id,
        app_id: refer::parse_id(&id)?,
        terms,
        origin: patch.caller.origin(),
    };
    let app = change(&state, &patch.caller, command).await?;
    Answer::ok(&AppView::of(&app, state.live()))
}

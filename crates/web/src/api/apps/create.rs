//! `POST /v1/apps`.

use super::AppView;
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::refer;
use crate::auth::ConfigWrite;
use crate::parse::{CodeText, Name, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::access::{App, CreateApp};
use utoipa::ToSchema;

/// An app to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppCreate {
    /// For people.
    #[schema(value_type = String, max_length = 100)]
    pub name: Name,
    /// The one merchant it may act for, by identifier or code; all by default.
    pub merchant: Option<CodeText>,
    /// The one partner whose payments it makes and sees, by identifier or code; all by default.
    pub partner: Option<CodeText>,
    /// Whether every write must carry a signature; false by default.
    pub requires_signature: Option<bool>,
}

/// Creates an app.
#[utoipa::path(post, path = "/v1/apps", tag = "apps", request_body = AppCreate,
    responses((status = 201, body = AppView)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<ConfigWrite, AppCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let merchant_id = match &body.merchant {
        Some(text) => Some(refer::merchant(&state, &effect.caller, &text.0).await?.id),
        None => None,
    };
    let partner = body.partner.as_ref().map(|text| text.0.as_str());
    let partner_id = refer::partner_of(&state, &effect.caller, partner).await?;
    let tenant_id = effect.caller.tenant_id;
    let command = CreateApp {
        tenant_id,
        name: body.name.0,
        merchant_id,
        partner_id,
        requires_signature: body.requires_signature.unwrap_or(false),
        counted: state.app.reader().count::<App>(tenant_id).await?,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, AppView::of)).await
}

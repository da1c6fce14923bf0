//! `POST /v1/partners`.

use super::PartnerView;
use super::update::{LicenceTerms, terms};
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::auth::ConfigWrite;
use crate::parse::{CodeText, Name, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::partner::{CreatePartner, Partner, PartnerKind};
use utoipa::ToSchema;

/// A partner to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerCreate {
    /// Unique per tenant, for ever.
    pub code: CodeText,
    /// For people.
    #[schema(value_type = String, max_length = 100)]
    pub name: Name,
    /// `licensed` or `unlicensed`; never changes.
    #[schema(value_type = String)]
    pub kind: PartnerKind,
    /// The licence; a licensed partner needs number and last day.
    pub licence: Option<LicenceTerms>,
    /// The name of who creates it.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Creates a partner.
#[utoipa::path(post, path = "/v1/partners", tag = "partners", request_body = PartnerCreate,
    responses((status = 201, body = PartnerView)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<ConfigWrite, PartnerCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let tenant_id = effect.caller.tenant_id;
    let said = (Some(body.name), body.licence, None);
    let command = CreatePartner {
        tenant_id,
        code: body.code.0,
        kind: body.kind,
        terms: terms(&state, tenant_id, said).await?,
        counted: state.app.reader().count::<Partner>(tenant_id).await?,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, PartnerView::of)).await
}

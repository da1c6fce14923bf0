//! `/v1/operating_profile`: what the company may do with money by its licences.

use crate::api::answer::Answer;
use crate::auth::ConfigRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use serde::Serialize;
use tk_domain::operating_profile::{OperatingProfile, ProfileKind, profile_id};
use utoipa::ToSchema;

/// A profile as published. It is set when the company is set up, not by a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatingProfile)]
pub struct OperatingProfileView {
    /// Always `operating_profile`.
    pub object: &'static str,
    /// `own_funds`, `service_provider` or `licensed_institution`.
    pub kind: &'static str,
    /// The number of the licence of a payment institution.
    pub licence_no: Option<String>,
}

/// Reads the operating profile.
#[utoipa::path(get, path = "/v1/operating_profile", tag = "tenant",
    responses((status = 200, body = OperatingProfileView)))]
pub async fn get(State(state): State<WebState>, read: Read<ConfigRead>) -> Result<Answer, Problem> {
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    let row = state.app.reader().get::<OperatingProfile>(&(tenant_id, profile_id(tenant_id))).await?;
    Answer::ok(&OperatingProfileView {
        object: "operating_profile",
        kind: row.as_ref().map_or(ProfileKind::OwnFunds, |row| row.kind).word(),
        licence_no: row.and_then(|row| row.licence_no),
    })
}

//! `/v1/identity_policy`: a tenant's thresholds, consent text and provider.

use crate::api::answer::Answer;
use crate::api::once::change;
use crate::auth::{ConfigRead, ConfigWrite};
use crate::parse::{Change, MinorUnits, Read, Text, minor, present};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tk_domain::id::IdentityPolicyId;
use tk_domain::identity::{IdentityPolicy, IdentityPolicyTerms, SaveIdentityPolicy};
use utoipa::ToSchema;

/// A policy as published; the provider's secrets go in and never come out.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = IdentityPolicy)]
pub struct IdentityPolicyView {
    /// Always `identity_policy`.
    pub object: &'static str,
    /// From this sum of a payer's day on, name and number are checked, minor units; null means never.
    pub name_from: Option<i64>,
    /// From this sum on, so is the face, minor units; null means never.
    pub face_from: Option<i64>,
    /// The version of the consent text in force.
    pub consent_version: Option<String>,
    /// The provider's settings; null where no check can be carried out.
    pub provider: Option<Value>,
}

impl IdentityPolicyView {
    fn of(policy: &IdentityPolicy) -> Self {
        Self {
            object: "identity_policy",
            name_from: policy.name_from_minor,
            face_from: policy.face_from_minor,
            consent_version: Some(policy.consent_version.clone()),
            provider: policy.provider.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        }
    }
}

/// What changes; absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null removes what absence leaves")]
pub struct IdentityPolicyUpdate {
    /// From this sum of a payer's day on, name and number are checked, minor units; null means never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub name_from: Option<Option<MinorUnits>>,
    /// From this sum on, so is the face, minor units; null means never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub face_from: Option<Option<MinorUnits>>,
    /// The version of the consent text in force.
    #[schema(value_type = Option<String>, max_length = 32)]
    pub consent_version: Option<Text<1, 32>>,
    /// The provider's settings (base_url), together with its secrets.
    #[schema(value_type = Option<Object>)]
    pub provider: Option<Value>,
    /// The provider's secrets (secret), together with its settings; never shown again.
    #[schema(value_type = Option<Object>)]
    pub credentials: Option<Value>,
    /// The name of who changes it.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Reads the rules for identity checks.
#[utoipa::path(get, path = "/v1/identity_policy", tag = "identity",
    responses((status = 200, body = IdentityPolicyView)))]
pub async fn get(State(state): State<WebState>, read: Read<ConfigRead>) -> Result<Answer, Problem> {
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let tenant_id = read.caller.tenant_id;
    let key = (tenant_id, IdentityPolicyId(tenant_id.0));
    let policy = state.app.reader().get::<IdentityPolicy>(&key).await?;
    let none = IdentityPolicyView { object: "identity_policy", ..IdentityPolicyView::default() };
    Answer::ok(&policy.as_ref().map_or(none, IdentityPolicyView::of))
}

/// Changes the rules for identity checks; payments under way are held to them with their next attempt.
#[utoipa::path(patch, path = "/v1/identity_policy", tag = "identity", request_body = IdentityPolicyUpdate,
    responses((status = 200, body = IdentityPolicyView)))]
pub async fn update(
    State(state): State<WebState>,
    patch: Change<ConfigWrite, IdentityPolicyUpdate>,
) -> Result<Answer, Problem> {
    let (tenant_id, body) = (patch.caller.tenant_id, patch.body);
    let provider = match (body.provider, body.credentials) {
        (None, None) => None,
        (Some(settings), Some(secrets)) => {
            let (settings, secrets) = (settings.to_string(), secrets.to_string());
            let sealed = state.app.seal_provider(tenant_id, (&settings, &secrets)).map_err(|error| {
                Problem::field(Code::FieldMalformed, format!("#/{}", error.field), error.reason)
            })?;
            Some((settings, sealed.ok_or(Code::Internal)?))
        }
        (_, _) => {
            return Err(Problem::field(
                Code::FieldMissing,
                "#/credentials",
                "provider and credentials together",
            ));
        }
    };
    let terms = IdentityPolicyTerms {
        name_from_minor: body.name_from.map(minor),
        face_from_minor: body.face_from.map(minor),
        consent_version: body.consent_version.map(|text| text.0),
        provider,
    };
    let by = body.actor.0;
    let command = SaveIdentityPolicy { tenant_id, terms, by, origin: patch.caller.origin() };
    let policy = change(&state, &patch.caller, command).await?;
    Answer::ok(&IdentityPolicyView::of(&policy))
}

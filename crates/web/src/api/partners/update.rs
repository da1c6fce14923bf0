//! `PATCH /v1/partners/{id}`.

use super::PartnerView;
use crate::api::answer::Answer;
use crate::api::once::change;
use crate::api::refer;
use crate::auth::ConfigWrite;
use crate::parse::{Change, Name, Text, day_of, present};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use tk_domain::id::TenantId;
use tk_domain::partner::{PartnerTerms, UpdatePartner};
use utoipa::ToSchema;

/// Products that a licence may name.
const PRODUCTS_MAX: usize = 1_000;

/// What is said about a licence; absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null removes what absence leaves")]
pub struct LicenceTerms {
    /// Its number.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub number: Option<Text<1, 64>>,
    /// The products that it covers, by identifier or code; null means all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub products: Option<Option<Vec<Text<1, 64>>>>,
    /// The last day on which it holds, in Shanghai: `YYYY-MM-DD`.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<Text<10, 10>>,
}

/// What changes; absent stays. Code and kind never change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerUpdate {
    /// For people.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<Name>,
    /// The licence.
    pub licence: Option<LicenceTerms>,
    /// Whether new payments may be made through it.
    pub enabled: Option<bool>,
    /// The name of who changes it.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Changes a partner; a payment under way gets no new attempt once its partner may bring none.
#[utoipa::path(patch, path = "/v1/partners/{id}", tag = "partners", params(("id" = String, Path)),
    request_body = PartnerUpdate, responses((status = 200, body = PartnerView)))]
pub async fn update(
    State(state): State<WebState>,
    Path(id): Path<String>,
    patch: Change<ConfigWrite, PartnerUpdate>,
) -> Result<Answer, Problem> {
    let partner = refer::partner(&state, patch.caller.tenant_id, &id).await?;
    let body = patch.body;
    let command = UpdatePartner {
        tenant_id: partner.tenant_id,
        partner_id: partner.id,
        terms: terms(&state, partner.tenant_id, (body.name, body.licence, body.enabled)).await?,
        by: body.actor.0,
        origin: patch.caller.origin(),
    };
    let partner = change(&state, &patch.caller, command).await?;
    Answer::ok(&PartnerView::of(&partner, state.live()))
}

/// The terms with every product found.
pub(super) async fn terms(
    state: &WebState,
    tenant_id: TenantId,
    (name, licence, enabled): (Option<Name>, Option<LicenceTerms>, Option<bool>),
) -> Result<PartnerTerms, Problem> {
    let licence = licence.unwrap_or_default();
    let until = licence.valid_until.map(|text| {
        let malformed = || Problem::field(Code::FieldMalformed, "#/licence/valid_until", "YYYY-MM-DD");
        day_of(&text.0).ok_or_else(malformed)
    });
    let licence_scope = match licence.products {
        Some(Some(texts)) => Some(Some(product_ids(state, tenant_id, &texts).await?)),
        Some(None) => Some(None),
        None => None,
    };
    Ok(PartnerTerms {
        name: name.map(|name| name.0),
        licence_no: licence.number.map(|text| text.0),
        licence_scope,
        licence_until_day: until.transpose()?,
        enabled,
    })
}

async fn product_ids(
    state: &WebState,
    tenant_id: TenantId,
    texts: &[Text<1, 64>],
) -> Result<String, Problem> {
    if !(1..=PRODUCTS_MAX).contains(&texts.len()) {
        return Err(Problem::field(Code::FieldMalformed, "#/licence/products", "1 to 1000 products"));
    }
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        ids.push(refer::product(state, tenant_id, &text.0).await?.id);
    }
    Ok(json!(ids).to_string())
}

//! `PATCH /v1/merchants/{id}`.

use super::{FeeTerms, MerchantView};
use crate::api::answer::Answer;
use crate::api::once::change;
use crate::api::refer;
use crate::auth::ConfigWrite;
use crate::parse::{Change, Name, Phone, Text, present};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use serde::Deserialize;
use tk_domain::merchant::UpdateMerchant;
use utoipa::ToSchema;

/// What changes; absent stays. The code never changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null and absent differ")]
pub struct MerchantUpdate {
    /// The payee's name shown to the payer.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<Name>,
    /// What new payments are charged.
    pub fee: Option<FeeTerms>,
    /// Whose merchant it is, as registered.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub legal_entity: Option<Text<1, 64>>,
    /// Where payers get help, shown on the payment pages; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 32)]
    pub phone: Option<Option<Phone>>,
    /// Whether new payments may be made.
    pub enabled: Option<bool>,
}

/// Changes a merchant; payments made before keep their fee terms.
#[utoipa::path(patch, path = "/v1/merchants/{id}", tag = "merchants", params(("id" = String, Path)),
    request_body = MerchantUpdate, responses((status = 200, body = MerchantView)))]
pub async fn update(
    State(state): State<WebState>,
    Path(id): Path<String>,
    patch: Change<ConfigWrite, MerchantUpdate>,
) -> Result<Answer, Problem> {
    let merchant = refer::merchant(&state, &patch.caller, &id).await?;
    let fee = match &patch.body.fee {
        Some(terms) => Some(terms.snapshot(&state, merchant.tenant_id).await?),
        None => None,
    };
    let command = UpdateMerchant {
        tenant_id: merchant.tenant_id,
        merchant_id: merchant.id,
        name: patch.body.name.map(|name| name.0),
        fee,
        legal_entity: patch.body.legal_entity.map(|name| Some(name.0)),
        phone: patch.body.phone.map(|phone| phone.map(|phone| phone.0)),
        enabled: patch.body.enabled,
        origin: patch.caller.origin(),
    };
    let merchant = change(&state, &patch.caller, command).await?;
    Answer::ok(&MerchantView::of(&merchant, state.live()))
}

//! `POST /v1/merchants`.

use super::{FeeTerms, MerchantView};
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::auth::ConfigWrite;
use crate::parse::{CodeText, Name, Phone, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::merchant::{CreateMerchant, Merchant};
use tk_domain::payment::FeeSnapshot;
use utoipa::ToSchema;

/// A merchant to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MerchantCreate {
    /// Unique per tenant, for ever.
    pub code: CodeText,
    /// The payee's name shown to the payer.
    #[schema(value_type = String, max_length = 100)]
    pub name: Name,
    /// What it is charged; nothing by default.
    pub fee: Option<FeeTerms>,
    /// Whose merchant it is, as registered; merchants of one legal entity may share money in the books.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub legal_entity: Option<Text<1, 64>>,
    /// Where payers get help, shown on the payment pages.
    pub phone: Option<Phone>,
}

/// Creates a merchant.
#[utoipa::path(post, path = "/v1/merchants", tag = "merchants", request_body = MerchantCreate,
    responses((status = 201, body = MerchantView)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<ConfigWrite, MerchantCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let tenant_id = effect.caller.tenant_id;
    let fee = match &body.fee {
        Some(terms) => terms.snapshot(&state, tenant_id).await?,
        None => FeeSnapshot::default(),
    };
    let command = CreateMerchant {
        tenant_id,
        code: body.code.0,
        name: body.name.0,
        fee,
        legal_entity: body.legal_entity.map(|name| name.0),
        phone: body.phone.map(|phone| phone.0),
        counted: state.app.reader().count::<Merchant>(tenant_id).await?,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, MerchantView::of)).await
}

//! `POST /v1/products`.

use super::ProductView;
use super::update::{ExtFieldCreate, ProductUpdate};
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::refer;
use crate::auth::ConfigWrite;
use crate::parse::{CodeText, MinorUnits, Name, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::product::{CreateProduct, IssueOn, Premium, Product, StrayMoney};
use utoipa::ToSchema;

/// A product to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductCreate {
    /// Unique per tenant, for ever.
    pub code: CodeText,
    /// Shown to the payer.
    #[schema(value_type = String, max_length = 100)]
    pub name: Name,
    /// The one partner through which it is sold: `ptn_…` or its code; anybody by default. Never changes.
    pub partner: Option<CodeText>,
    /// Methods and groups allowed; all by default.
    #[schema(value_type = Option<Vec<String>>)]
    pub methods: Option<Vec<crate::parse::Text<1, 32>>>,
    /// How often the premium is paid; `single` by default.
    #[schema(value_type = Option<String>)]
    pub premium: Option<Premium>,
    /// Methods and groups allowed for instalments after the first; by default as for the first.
    #[schema(value_type = Option<Vec<String>>)]
    pub instalment_methods: Option<Vec<crate::parse::Text<1, 32>>>,
    /// The fields that its payments have of their own.
    #[schema(max_items = 32)]
    pub ext_fields: Option<Vec<ExtFieldCreate>>,
    /// The least amount, minor units; 1 by default.
    pub amount_min: Option<MinorUnits>,
    /// The greatest amount, minor units.
    pub amount_max: Option<MinorUnits>,
    /// How long a payment stays open, 60 to 2592000 seconds; 7200 by default.
    pub expires_after_s: Option<i64>,
    /// How often a payer may ask for a quarter of an hour more, 0 to 10; 10 by default, and never for a payment that was
    /// made with an `expires_at` of its own.
    pub extensions_max: Option<i64>,
    /// From this sum of a payer's day on, name and number are checked; by default as the tenant says.
    pub identity_name_from: Option<MinorUnits>,
    /// From this sum on, so is the face; by default as the tenant says.
    pub identity_face_from: Option<MinorUnits>,
    /// When money counts as received; `channel_success` by default.
    #[schema(value_type = Option<String>)]
    pub issue_on: Option<IssueOn>,
    /// What happens to stray money; `refund` by default.
    #[schema(value_type = Option<String>)]
    pub stray_money: Option<StrayMoney>,
    /// From the money that counts to the policy, 60 to 31536000 seconds; no limit by default.
    pub issue_within_s: Option<i64>,
    /// From a policy issued before its money to that money, 60 to 31536000 seconds; no limit by default.
    pub pay_within_s: Option<i64>,
}

/// Creates a product.
#[utoipa::path(post, path = "/v1/products", tag = "products", request_body = ProductCreate,
    responses((status = 201, body = ProductView)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<ConfigWrite, ProductCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let tenant_id = effect.caller.tenant_id;
    let partner = body.partner.as_ref().map(|text| text.0.as_str());
    let partner_id = refer::partner_of(&state, &effect.caller, partner).await?;
    let terms = ProductUpdate {
        name: Some(body.name),
        methods: body.methods.map(Some),
        premium: body.premium,
        instalment_methods: body.instalment_methods.map(Some),
        ext_fields: body.ext_fields,
        amount_min: body.amount_min,
        amount_max: body.amount_max,
        expires_after_s: body.expires_after_s,
        extensions_max: body.extensions_max,
        issue_on: body.issue_on,
        stray_money: body.stray_money,
        issue_within_s: body.issue_within_s.map(Some),
        pay_within_s: body.pay_within_s.map(Some),
        identity_name_from: body.identity_name_from.map(Some),
        identity_face_from: body.identity_face_from.map(Some),
        enabled: None,
    };
    let command = CreateProduct {
        tenant_id,
        code: body.code.0,
        partner_id,
        terms: terms.terms()?,
        counted: state.app.reader().count::<Product>(tenant_id).await?,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, ProductView::of)).await
}

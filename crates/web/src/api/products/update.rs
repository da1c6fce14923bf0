//! `PATCH /v1/products/{id}`.

use super::ProductView;
use crate::api::answer::Answer;
use crate::api::once::change;
use crate::api::refer;
use crate::auth::ConfigWrite;
use crate::parse::{Change, MinorUnits, Name, Text, method_words, minor, present};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use serde::Deserialize;
use tk_domain::product::{ExtField, ExtKind, IssueOn, Premium, ProductTerms, StrayMoney, UpdateProduct};
use utoipa::ToSchema;

/// A field that the payments of a product have of their own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtFieldCreate {
    /// Lower-case letters, digits and underscores; says what the field holds.
    #[schema(value_type = String, max_length = 40)]
    pub name: Text<1, 40>,
    /// `text`, `integer`, `amount`, `boolean` or `date`; the same in every version.
    #[schema(value_type = String)]
    pub kind: ExtKind,
    /// Whether each payment must have it.
    #[serde(default)]
    pub required: bool,
    /// The words that a text is limited to; any by default.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 50)]
    pub values: Vec<Text<1, 200>>,
}

impl ExtFieldCreate {
    fn field(self) -> ExtField {
        let values = self.values.into_iter().map(|word| word.0).collect();
        ExtField { name: self.name.0, kind: self.kind, required: self.required, values }
    }
}

/// What changes; absent stays. The code never changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null removes what absence leaves")]
pub struct ProductUpdate {
    /// Shown to the payer.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<Name>,
    /// Methods and groups allowed; null allows all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub methods: Option<Option<Vec<Text<1, 32>>>>,
    /// How often the premium is paid.
    #[schema(value_type = Option<String>)]
    pub premium: Option<Premium>,
    /// Methods and groups allowed for instalments after the first; null means as for the first.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub instalment_methods: Option<Option<Vec<Text<1, 32>>>>,
    /// The fields that its payments have of their own; other fields than now make a new version.
    #[schema(max_items = 32)]
    pub ext_fields: Option<Vec<ExtFieldCreate>>,
    /// The least amount, minor units.
    pub amount_min: Option<MinorUnits>,
    /// The greatest amount, minor units.
    pub amount_max: Option<MinorUnits>,
    /// How long a payment stays open, seconds.
    pub expires_after_s: Option<i64>,
    /// How often a payer may ask for a quarter of an hour more, 0 to 10.
    pub extensions_max: Option<i64>,
    /// When money counts as received.
    #[schema(value_type = Option<String>)]
    pub issue_on: Option<IssueOn>,
    /// What happens to stray money.
    #[schema(value_type = Option<String>)]
    pub stray_money: Option<StrayMoney>,
    /// From the money that counts to the policy, seconds; null removes the limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub issue_within_s: Option<Option<i64>>,
    /// From a policy issued before its money to that money, seconds; null removes the limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub pay_within_s: Option<Option<i64>>,
    /// From this sum of a payer's day on, name and number are checked; null leaves it to the tenant.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub identity_name_from: Option<Option<MinorUnits>>,
    /// From this sum on, so is the face; null leaves it to the tenant.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub identity_face_from: Option<Option<MinorUnits>>,
    /// Whether new payments may be made.
    pub enabled: Option<bool>,
}

impl ProductUpdate {
    /// The terms, if every word of the list is a method or group.
    pub(super) fn terms(self) -> Result<ProductTerms, Problem> {
        let words = |at: &'static str, list: Option<Option<Vec<Text<1, 32>>>>| {
            list.map(|list| list.map(|words| method_words(at, &words)).transpose()).transpose()
        };
        Ok(ProductTerms {
            name: self.name.map(|name| name.0),
            methods_allow: words("#/methods", self.methods)?,
            premium: self.premium,
            instalment_methods_allow: words("#/instalment_methods", self.instalment_methods)?,
            ext_fields: self.ext_fields.map(|list| list.into_iter().map(ExtFieldCreate::field).collect()),
            amount_min_minor: minor(self.amount_min),
            amount_max_minor: minor(self.amount_max),
            expires_after_s: self.expires_after_s,
            extensions_max: self.extensions_max,
            issue_on: self.issue_on,
            stray_money: self.stray_money,
            issue_within_s: self.issue_within_s,
            pay_within_s: self.pay_within_s,
            identity_name_from_minor: self.identity_name_from.map(minor),
            identity_face_from_minor: self.identity_face_from.map(minor),
            enabled: self.enabled,
        })
    }
}

/// Changes a product; payments made before keep their amount and expiry.
#[utoipa::path(patch, path = "/v1/products/{id}", tag = "products", params(("id" = String, Path)),
    request_body = ProductUpdate, responses((status = 200, body = ProductView)))]
pub async fn update(
    State(state): State<WebState>,
    Path(id): Path<String>,
    patch: Change<ConfigWrite, ProductUpdate>,
) -> Result<Answer, Problem> {
    let product = refer::product(&state, patch.caller.tenant_id, &id).await?;
    let command = UpdateProduct {
        tenant_id: product.tenant_id,
        product_id: product.id,
        terms: patch.body.terms()?,
        origin: patch.caller.origin(),
    };
    let product = change(&state, &patch.caller, command).await?;
    Answer::ok(&ProductView::of(&product, state.live()))
}

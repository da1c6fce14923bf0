//! Products as published.

use serde::Serialize;
use serde_json::Value;
use tk_domain::moment::time_text;
use tk_domain::product::Product;
use utoipa::ToSchema;

/// A product as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductView {
    /// `prd_…`
    pub id: String,
    /// Always `product`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// Usable instead of the id.
    pub code: String,
    /// Shown to the payer.
    pub name: String,
    /// The one partner through which it is sold, `ptn_…`; null means anybody.
    pub partner: Option<String>,
    /// Methods and groups allowed; null means all.
    pub methods: Value,
    /// How often the premium is paid: `single` or `regular`.
    pub premium: &'static str,
    /// Methods and groups allowed for instalments after the first; null means as for the first.
    pub instalment_methods: Value,
    /// All versions of the fields that its payments have of their own, the current one last.
    pub ext_schemas: Value,
    /// The least amount, minor units.
    pub amount_min: i64,
    /// The greatest amount, minor units.
    pub amount_max: i64,
    /// How long a payment stays open, seconds.
    pub expires_after_s: i64,
    /// How often a payer may ask for a quarter of an hour more.
    pub extensions_max: i64,
    /// When money counts as received: `channel_success`, `reconciled` or `settled`.
    pub issue_on: &'static str,
    /// What happens to stray money: `refund` or `hold`.
    pub stray_money: &'static str,
    /// From the money that counts to the policy, seconds.
    pub issue_within_s: Option<i64>,
    /// From a policy issued before its money to that money, seconds.
    pub pay_within_s: Option<i64>,
    /// From this sum of a payer's day on, name and number are checked; null leaves it to the tenant.
    pub identity_name_from: Option<i64>,
    /// From this sum on, so is the face; null leaves it to the tenant.
    pub identity_face_from: Option<i64>,
    /// Whether new payments may be made.
    pub enabled: bool,
    /// RFC 3339.
    pub created: String,
}

impl ProductView {
    /// The published form.
    #[must_use]
    pub fn of(product: &Product, live: bool) -> Self {
        let stored = |list: Option<&str>| list.and_then(|list| serde_json::from_str(list).ok());
        Self {
            id: product.id.to_string(),
            object: "product",
            livemode: live,
            code: product.code.clone(),
            name: product.name.clone(),
            partner: product.partner_id.map(|id| id.to_string()),
            methods: stored(product.methods_allow.as_deref()).unwrap_or(Value::Null),
            premium: product.premium.word(),
            instalment_methods: stored(product.instalment_methods_allow.as_deref()).unwrap_or(Value::Null),
            ext_schemas: stored(product.ext_schemas.as_deref()).unwrap_or_else(|| Value::Array(Vec::new())),
            amount_min: product.amount_min_minor,
            amount_max: product.amount_max_minor,
            expires_after_s: product.expires_after_s,
            extensions_max: product.extensions_max,
            issue_on: product.issue_on.word(),
            stray_money: product.stray_money.word(),
            issue_within_s: product.limits.issue_within_s,
            pay_within_s: product.limits.pay_within_s,
            identity_name_from: product.identity_name_from_minor,
            identity_face_from: product.identity_face_from_minor,
            enabled: product.enabled,
            created: time_text(product.created_at_us),
        }
    }
}

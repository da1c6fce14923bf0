//! Merchants as published, and their fee terms as sent.

use crate::api::refer;
use crate::parse::{MinorUnits, Text, minor};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use serde::{Deserialize, Serialize};
use tk_domain::id::TenantId;
use tk_domain::merchant::Merchant;
use tk_domain::moment::time_text;
use tk_domain::payment::FeeSnapshot;
use utoipa::ToSchema;

/// A merchant as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Merchant)]
pub struct MerchantView {
    /// `mch_…`
    pub id: String,
    /// Always `merchant`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// Usable instead of the id.
    pub code: String,
    /// The payee's name shown to the payer.
    pub name: String,
    /// What it is charged.
    pub fee: FeeView,
    /// Whose merchant it is, as registered.
    pub legal_entity: Option<String>,
    /// Where payers get help.
    pub phone: Option<String>,
    /// Whether new payments may be made.
    pub enabled: bool,
    /// RFC 3339.
    pub created: String,
}

/// Fee terms as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fee)]
pub struct FeeView {
    /// Share of the amount, such as `0.0060`.
    pub rate: String,
    /// Added to the share, minor units.
    pub fixed: i64,
    /// The least fee, minor units.
    pub min: Option<i64>,
    /// The greatest fee, minor units.
    pub max: Option<i64>,
    /// Whether a refund returns the fee in proportion.
    pub returned: bool,
    /// The partner that owes the fee in the merchant's place, `ptn_…`.
    pub bearer: Option<String>,
}

impl MerchantView {
    /// The published form.
    #[must_use]
    pub fn of(merchant: &Merchant, live: bool) -> Self {
        let fee = &merchant.fee;
        Self {
            id: merchant.id.to_string(),
            object: "merchant",
            livemode: live,
            code: merchant.code.clone(),
            name: merchant.name.clone(),
            fee: FeeView {
                rate: fee.rate.to_string(),
                fixed: fee.fixed_minor,
                min: fee.min_minor,
                max: fee.max_minor,
                returned: fee.returned,
                bearer: fee.bearer.map(|id| id.to_string()),
            },
            legal_entity: merchant.legal_entity.clone(),
            phone: merchant.phone.clone(),
            enabled: merchant.enabled,
            created: time_text(merchant.created_at_us),
        }
    }
}

/// Fee terms as sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeTerms {
    /// Share of the amount as text, such as `0.0060`.
    #[schema(value_type = String, example = "0.0060")]
    pub rate: Text<1, 10>,
    /// Added to the share, minor units; 0 by default.
    pub fixed: Option<MinorUnits>,
    /// The least fee, minor units.
    pub min: Option<MinorUnits>,
    /// The greatest fee, minor units.
    pub max: Option<MinorUnits>,
    /// Whether a refund returns the fee in proportion; false by default.
    pub returned: Option<bool>,
    /// The partner that owes the fee in the merchant's place, such as the bank that serves a hospital: `ptn_…` or code.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub bearer: Option<Text<1, 64>>,
}

impl FeeTerms {
    /// The terms, if the rate is one and the bearer is known.
    pub async fn snapshot(&self, state: &WebState, tenant_id: TenantId) -> Result<FeeSnapshot, Problem> {
        let bearer = match &self.bearer {
            Some(named) => Some(refer::partner(state, tenant_id, &named.0).await?.id),
            None => None,
        };
        let malformed = |_| Problem::field(Code::FieldMalformed, "#/fee/rate", "a decimal from 0 to 1");
        Ok(FeeSnapshot {
            rate: self.rate.0.parse().map_err(malformed)?,
            fixed_minor: minor(self.fixed).unwrap_or(0),
            min_minor: minor(self.min),
            max_minor: minor(self.max),
            returned: self.returned.unwrap_or(false),
            bearer,
        })
    }
}

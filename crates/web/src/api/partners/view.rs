//! Partners as published.

use serde::Serialize;
use serde_json::Value;
use tk_domain::moment::{date_text, time_text};
use tk_domain::partner::Partner;
use utoipa::ToSchema;

/// A partner as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Partner)]
pub struct PartnerView {
    /// `ptn_…`
    pub id: String,
    /// Always `partner`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// Usable instead of the id.
    pub code: String,
    /// For people.
    pub name: String,
    /// `licensed` or `unlicensed`.
    pub kind: &'static str,
    /// The licence of a licensed partner.
    pub licence: Option<LicenceView>,
    /// Whether new payments may be made through it.
    pub enabled: bool,
    /// RFC 3339.
    pub created: String,
}

/// A licence as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Licence)]
pub struct LicenceView {
    /// Its number.
    pub number: String,
    /// The products that it covers, `prd_…`; null means all.
    pub products: Value,
    /// The last day on which it holds, in Shanghai.
    pub valid_until: String,
}

impl PartnerView {
    /// The published form.
    #[must_use]
    pub fn of(partner: &Partner, live: bool) -> Self {
        let scope = partner.licence_scope.as_deref().and_then(|list| serde_json::from_str(list).ok());
        let licence = partner.licence_no.clone().zip(partner.licence_until_day);
        Self {
            id: partner.id.to_string(),
            object: "partner",
            livemode: live,
            code: partner.code.clone(),
            name: partner.name.clone(),
            kind: partner.kind.word(),
            licence: licence.map(|(number, day)| LicenceView {
                number,
                products: scope.unwrap_or(Value::Null),
                valid_until: date_text(day),
            }),
            enabled: partner.enabled,
            created: time_text(partner.created_at_us),
        }
    }
}

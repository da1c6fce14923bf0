//! Apps as published.

use serde::Serialize;
use tk_domain::access::App;
use tk_domain::moment::time_text;
use utoipa::ToSchema;

/// An app as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = App)]
pub struct AppView {
    /// `app_…`
    pub id: String,
    /// Always `app`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// For people.
    pub name: String,
    /// The one merchant it may act for, `mch_…`; null means all.
    pub merchant: Option<String>,
    /// The one partner whose payments it makes and sees, `ptn_…`; null means all.
    pub partner: Option<String>,
    /// Whether every write must carry a signature.
    pub requires_signature: bool,
    /// Whether its keys work.
    pub enabled: bool,
    /// RFC 3339.
    pub created: String,
}

impl AppView {
    /// The published form.
    #[must_use]
    pub fn of(app: &App, live: bool) -> Self {
        Self {
            id: app.id.to_string(),
            object: "app",
            livemode: live,
            name: app.name.clone(),
            merchant: app.merchant_id.map(|id| id.to_string()),
            partner: app.partner_id.map(|id| id.to_string()),
            requires_signature: app.requires_signature,
            enabled: app.enabled,
            created: time_text(app.created_at_us),
        }
    }
}

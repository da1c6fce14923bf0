//! Keys as published: never the secret, except in the one answer that makes it.

use serde::Serialize;
use serde_json::Value;
use tk_domain::access::{ApiKey, SignatureAlgorithm};
use tk_domain::moment::time_text;
use utoipa::ToSchema;

/// A key as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyView {
    /// `key_…`; also the `keyid` of its signatures.
    pub id: String,
    /// Always `api_key`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `app_…`
    pub app: String,
    /// What it is recognised by.
    pub prefix: String,
    /// The whole key, in the one answer that makes it; null ever after.
    pub secret: Option<String>,
    /// What it may do.
    pub scopes: Value,
    /// Address blocks it may be used from; null means any.
    pub ip_allow: Value,
    /// How its requests are signed, if they are.
    pub signature_algorithm: Option<&'static str>,
    /// Requests allowed per second.
    pub rate_per_s: i64,
    /// RFC 3339.
    pub revoked_at: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl KeyView {
    /// The published form, without secret.
    #[must_use]
    pub fn of(key: &ApiKey, live: bool) -> Self {
        let list = |text: Option<&String>| text.and_then(|text| serde_json::from_str(text).ok());
        Self {
            id: key.id.to_string(),
            object: "api_key",
            livemode: live,
            app: key.app_id.to_string(),
            prefix: key.prefix.clone(),
            secret: None,
            scopes: list(Some(&key.scopes)).unwrap_or(Value::Null),
            ip_allow: list(key.ip_allow.as_ref()).unwrap_or(Value::Null),
            signature_algorithm: key.signature_algorithm.map(SignatureAlgorithm::word),
            rate_per_s: key.rate_per_s,
            revoked_at: key.revoked_at_us.map(time_text),
            created: time_text(key.created_at_us),
        }
    }
}

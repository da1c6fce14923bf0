//! Webhook endpoints as published, and the parts of them that are checked before a command is made.

use crate::parse::Text;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use serde::Serialize;
use serde_json::{Value, json};
use tk_app::webhooks::{AddressRefusal, check_url, new_secret};
use tk_domain::id::WebhookEndpointId;
use tk_domain::moment::time_text;
use tk_domain::webhook::{EventKind, WebhookEndpoint};
use utoipa::ToSchema;

/// A webhook endpoint as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct WebhookEndpointView {
    /// `whe_…`
    pub id: String,
    /// Always `webhook_endpoint`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// The address.
    pub url: String,
    /// Events wanted; null means all.
    pub events: Value,
    /// The signing secret, in the one answer that makes it; null ever after.
    pub secret: Option<String>,
    /// Whether the secret before the last rotation signs too.
    pub previous_secret_signs: bool,
    /// `status` (any 2xx) or `body_success` (the text `success` too).
    pub ack: &'static str,
    /// Whether events are sent.
    pub enabled: bool,
    /// Since when every delivery fails, RFC 3339.
    pub failing_since: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl WebhookEndpointView {
    /// The published form, without secret.
    #[must_use]
    pub fn of(endpoint: &WebhookEndpoint, live: bool) -> Self {
        let events = endpoint.kinds.as_deref().and_then(|list| serde_json::from_str(list).ok());
        Self {
            id: endpoint.id.to_string(),
            object: "webhook_endpoint",
            livemode: live,
            url: endpoint.url.clone(),
            events: events.unwrap_or(Value::Null),
            secret: None,
            previous_secret_signs: endpoint.previous_secret.is_some(),
            ack: if endpoint.ack_body_success { "body_success" } else { "status" },
            enabled: endpoint.enabled,
            failing_since: endpoint.failing_since_us.map(time_text),
            created: time_text(endpoint.created_at_us),
        }
    }
}

/// The address as it is kept, if webhooks may go there as far as its text tells.
pub fn checked_url(state: &WebState, text: &str) -> Result<String, Problem> {
    let code = match check_url(text, state.app.webhook_rule()) {
        Ok(url) => return Ok(url.to_string()),
        Err(AddressRefusal::Scheme) => Code::UrlScheme,
        Err(AddressRefusal::Forbidden) => Code::UrlForbidden,
        Err(AddressRefusal::Malformed) => Code::FieldMalformed,
    };
    Err(Problem::field(code, "#/url", "an https address outside private networks"))
}

/// The list of events as it is kept, if each is one.
pub fn kind_words(words: &[Text<1, 64>]) -> Result<String, Problem> {
    let unknown = words.iter().position(|word| EventKind::parse(&word.0).is_none());
    match unknown {
        None if !words.is_empty() => {
            Ok(json!(words.iter().map(|word| &word.0).collect::<Vec<_>>()).to_string())
        }
        None => Err(Problem::field(Code::FieldMalformed, "#/events", "empty")),
        Some(at) => Err(Problem::field(Code::FieldMalformed, format!("#/events/{at}"), "not an event")),
    }
}

/// A new secret, and the same sealed for its endpoint.
pub fn sealed_secret(state: &WebState, id: WebhookEndpointId) -> Result<(String, Vec<u8>), Problem> {
    let random = || state.app.random_bits();
    let secret = new_secret([random(), random()]);
    let sealed = state.app.seal().seal(secret.as_bytes(), &id.to_string(), random());
    Ok((secret, sealed.map_err(|_| Code::Internal)?))
}

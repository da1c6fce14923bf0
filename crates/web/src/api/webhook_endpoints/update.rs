//! `PATCH /v1/webhook_endpoints/{id}`.

use super::create::Ack;
use super::{WebhookEndpointView, checked_url, kind_words};
use crate::api::answer::Answer;
use crate::api::once::change;
use crate::api::refer;
use crate::auth::EventsWrite;
use crate::parse::{Change, Text, present};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use serde::Deserialize;
use tk_domain::webhook::{EndpointTerms, UpdateWebhookEndpoint};
use utoipa::ToSchema;

/// What changes; absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null removes what absence leaves")]
pub struct WebhookEndpointUpdate {
    /// An https address outside private networks.
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub url: Option<Text<1, 2000>>,
    /// Events wanted; null wants all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub events: Option<Option<Vec<Text<1, 64>>>>,
    /// How a delivery is acknowledged.
    pub ack: Option<Ack>,
    /// Whether events are sent.
    pub enabled: Option<bool>,
}

/// Changes a webhook endpoint.
#[utoipa::path(patch, path = "/v1/webhook_endpoints/{id}", tag = "webhook_endpoints",
    params(("id" = String, Path)), request_body = WebhookEndpointUpdate,
    responses((status = 200, body = WebhookEndpointView)))]
pub async fn update(
    State(state): State<WebState>,
    Path(id): Path<String>,
    patch: Change<EventsWrite, WebhookEndpointUpdate>,
) -> Result<Answer, Problem> {
    let body = patch.body;
    let kinds = body.events.map(|list| list.map(|words| kind_words(&words)).transpose()).transpose()?;
    let terms = EndpointTerms {
        url: body.url.map(|url| checked_url(&state, &url.0)).transpose()?,
        kinds,
        ack_body_success: body.ack.map(|ack| ack == Ack::BodySuccess),
        enabled: body.enabled,
    };
    let command = UpdateWebhookEndpoint {
        tenant_id: patch.caller.tenant_id,
        webhook_endpoint_id: refer::parse_id(&id)?,
        terms,
        origin: patch.caller.origin(),
    };
    let endpoint = change(&state, &patch.caller, command).await?;
    Answer::ok(&WebhookEndpointView::of(&endpoint, state.live()))
}

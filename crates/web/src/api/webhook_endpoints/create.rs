//! `POST /v1/webhook_endpoints`.

use super::{WebhookEndpointView, checked_url, kind_words, sealed_secret};
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::auth::EventsWrite;
use crate::parse::{Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::id::{Id128, WebhookEndpointId};
use tk_domain::webhook::{CreateWebhookEndpoint, EndpointTerms, WebhookEndpoint};
use utoipa::ToSchema;

/// How a delivery is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ack {
    /// By any 2xx.
    Status,
    /// By 2xx and the text `success`.
    BodySuccess,
}

/// A webhook endpoint to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpointCreate {
    /// An https address outside private networks.
    #[schema(value_type = String, max_length = 2000)]
    pub url: Text<1, 2000>,
    /// Events wanted; all by default.
    #[schema(value_type = Option<Vec<String>>)]
    pub events: Option<Vec<Text<1, 64>>>,
    /// How a delivery is acknowledged; `status` by default.
    pub ack: Option<Ack>,
}

/// Creates a webhook endpoint; its secret is in this answer only.
#[utoipa::path(post, path = "/v1/webhook_endpoints", tag = "webhook_endpoints",
    request_body = WebhookEndpointCreate, responses((status = 201, body = WebhookEndpointView)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<EventsWrite, WebhookEndpointCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let id = WebhookEndpointId(Id128::v7(state.app.now_us(), state.app.random_bits()));
    let (secret, sealed) = sealed_secret(&state, id)?;
    let command = CreateWebhookEndpoint {
        tenant_id: effect.caller.tenant_id,
        webhook_endpoint_id: id,
        url: checked_url(&state, &body.url.0)?,
        terms: EndpointTerms {
            kinds: body.events.as_deref().map(kind_words).transpose()?.map(Some),
            ack_body_success: body.ack.map(|ack| ack == Ack::BodySuccess),
            ..EndpointTerms::default()
        },
        secret: sealed,
        origin: effect.caller.origin(),
    };
    let render =
        |row: &WebhookEndpoint, live: bool| record(StatusCode::CREATED, &WebhookEndpointView::of(row, live));
    match effect.submit(&state, command, render).await? {
        Came::Replayed(answer) => Ok(answer),
        Came::Fresh(row, _) => {
            let view =
                WebhookEndpointView { secret: Some(secret), ..WebhookEndpointView::of(&row, state.live()) };
            Answer::new(StatusCode::CREATED, &view)
        }
    }
}

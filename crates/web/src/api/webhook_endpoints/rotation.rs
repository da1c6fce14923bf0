//! `POST /v1/webhook_endpoints/{id}/secret_rotation`.

use super::{WebhookEndpointView, sealed_secret};
use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::refer;
use crate::auth::EventsWrite;
use crate::parse::{Nothing, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::webhook::{RotateWebhookSecret, WebhookEndpoint};

/// Gives an endpoint a new secret, shown once; the one before it signs too until the next rotation.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/secret_rotation", tag = "webhook_endpoints",
    params(("id" = String, Path)), request_body = Nothing, responses((status = 201, body = WebhookEndpointView)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<EventsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (mut effect, _) = Effect::begin(write, &state)?;
    let id = refer::parse_id(&id)?;
    let (secret, sealed) = sealed_secret(&state, id)?;
    let command = RotateWebhookSecret {
        tenant_id: effect.caller.tenant_id,
        webhook_endpoint_id: id,
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

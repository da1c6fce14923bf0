//! `POST /v1/webhook_endpoints/{id}/test_events`.

use crate::api::answer::Answer;
use crate::api::events::EventView;
use crate::api::once::Effect;
use crate::api::refer;
use crate::auth::EventsWrite;
use crate::parse::{Nothing, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::webhook::SendTestEvent;

/// Sends the endpoint an event of type `test`, whatever events it wants.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/test_events", tag = "webhook_endpoints",
    params(("id" = String, Path)), request_body = Nothing, responses((status = 201, body = EventView)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<EventsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (effect, _) = Effect::begin(write, &state)?;
    let command = SendTestEvent {
        tenant_id: effect.caller.tenant_id,
        webhook_endpoint_id: refer::parse_id(&id)?,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, EventView::of)).await
}

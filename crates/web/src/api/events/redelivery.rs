//! `POST /v1/deliveries/{id}/redelivery`.

use crate::api::answer::Answer;
use crate::api::deliveries::DeliveryView;
use crate::api::once::Effect;
use crate::api::refer;
use crate::auth::EventsWrite;
use crate::parse::{Nothing, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::webhook::RedeliverEvent;

/// Sends an event again to the endpoint of a delivery: the same event id and body.
#[utoipa::path(post, path = "/v1/deliveries/{id}/redelivery", tag = "events", params(("id" = String, Path)),
    request_body = Nothing, responses((status = 202, body = DeliveryView)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<EventsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (effect, _) = Effect::begin(write, &state)?;
    let command = RedeliverEvent {
        tenant_id: effect.caller.tenant_id,
        delivery_id: refer::parse_id(&id)?,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::ACCEPTED, DeliveryView::of)).await
}

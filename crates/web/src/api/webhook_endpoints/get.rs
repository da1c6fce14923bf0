//! `GET /v1/webhook_endpoints/{id}`.

use super::WebhookEndpointView;
use crate::api::answer::Answer;
use crate::api::refer;
use crate::auth::EventsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::webhook::WebhookEndpoint;

/// Reads a webhook endpoint.
#[utoipa::path(get, path = "/v1/webhook_endpoints/{id}", tag = "webhook_endpoints", params(("id" = String, Path)),
    responses((status = 200, body = WebhookEndpointView)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<EventsRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let key = (read.caller.tenant_id, refer::parse_id(&id)?);
    let endpoint: WebhookEndpoint = refer::row(&state, &key).await?;
    Answer::ok(&WebhookEndpointView::of(&endpoint, state.live()))
}

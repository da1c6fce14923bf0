//! `DELETE /v1/webhook_endpoints/{id}`.

use super::WebhookEndpointView;
use crate::api::answer::Answer;
use crate::api::once::change;
use crate::api::refer;
use crate::auth::EventsWrite;
use crate::parse::{Change, Nothing};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use tk_domain::webhook::{EndpointTerms, UpdateWebhookEndpoint};

/// Switches a webhook endpoint off; its deliveries stay readable.
#[utoipa::path(delete, path = "/v1/webhook_endpoints/{id}", tag = "webhook_endpoints",
    params(("id" = String, Path)), responses((status = 200, body = WebhookEndpointView)))]
pub async fn delete(
    State(state): State<WebState>,
    Path(id): Path<String>,
    request: Change<EventsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let command = UpdateWebhookEndpoint {
        tenant_id: request.caller.tenant_id,
        webhook_endpoint_id: refer::parse_id(&id)?,
        terms: EndpointTerms { enabled: Some(false), ..EndpointTerms::default() },
        origin: request.caller.origin(),
    };
    let endpoint = change(&state, &request.caller, command).await?;
    Answer::ok(&WebhookEndpointView::of(&endpoint, state.live()))
}

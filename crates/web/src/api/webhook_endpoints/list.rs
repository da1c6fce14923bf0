//! `GET /v1/webhook_endpoints`.

use super::WebhookEndpointView;
use crate::api::answer::{Answer, List};
use crate::api::refer::check_cursor;
use crate::auth::EventsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_domain::id::{TypedId, WebhookEndpointId};
use tk_domain::webhook::WebhookEndpoint;

/// Lists webhook endpoints, newest first.
#[utoipa::path(get, path = "/v1/webhook_endpoints", tag = "webhook_endpoints",
    params(("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query)),
    responses((status = 200, body = List<WebhookEndpointView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<EventsRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<WebhookEndpointId>()?;
    read.params.finish()?;
    let caller = &read.caller;
    caller.check_whole_tenant()?;
    check_cursor::<WebhookEndpoint>(&state, &page, |id| {
        (caller.tenant_id, WebhookEndpointId::from_id128(id))
    })
    .await?;
    let listed = state.app.reader().webhook_endpoints(caller.tenant_id, page).await?;
    List::of(&listed, |row| WebhookEndpointView::of(row, state.live())).answer()
}

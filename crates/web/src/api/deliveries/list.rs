//! `GET /v1/deliveries`.

use super::DeliveryView;
use crate::api::answer::{Answer, List};
use crate::api::refer::check_cursor;
use crate::auth::EventsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::DeliveryFilter;
use tk_domain::id::{DeliveryId, EventId, TypedId, WebhookEndpointId};
use tk_domain::webhook::{Delivery, DeliveryStatus};

/// Lists deliveries, newest first; `status=dead` lists the dead letters.
#[utoipa::path(get, path = "/v1/deliveries", tag = "events",
    params(
        ("event" = Option<String>, Query), ("webhook_endpoint" = Option<String>, Query),
        ("status" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<DeliveryView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<EventsRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<DeliveryId>()?;
    let filter = DeliveryFilter {
        endpoint_id: read.params.read("webhook_endpoint", WebhookEndpointId::parse)?,
        event_id: read.params.read("event", EventId::parse)?,
        status: read.params.read("status", DeliveryStatus::parse)?,
    };
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let tenant_id = read.caller.tenant_id;
    check_cursor::<Delivery>(&state, &page, |id| (tenant_id, DeliveryId::from_id128(id))).await?;
    let listed = state.app.reader().deliveries(tenant_id, filter, page).await?;
    List::of(&listed, |delivery| DeliveryView::of(delivery, state.live())).answer()
}

//! `GET /v1/events`.

use super::EventView;
use crate::api::answer::{Answer, List};
use crate::api::payments::list::created_range;
use crate::api::refer::check_cursor;
use crate::auth::EventsRead;
use crate::parse::Read;
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::State;
use tk_app::store::EventFilter;
use tk_domain::id::{EventId, Id128, TypedId};
use tk_domain::webhook::{Event, EventKind};

/// Lists events, newest first, for browsing; whoever must not miss any follows `/v1/event_feed`.
#[utoipa::path(get, path = "/v1/events", tag = "events",
    params(
        ("object" = Option<String>, Query), ("type" = Option<String>, Query),
        ("created_from" = Option<String>, Query), ("created_until" = Option<String>, Query),
        ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<EventView>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<EventsRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<EventId>()?;
    let filter = EventFilter {
        object_id: read.params.read("object", object_id)?,
        kind: read.params.read("type", EventKind::parse)?,
        created: created_range(&mut read.params)?,
    };
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let tenant_id = read.caller.tenant_id;
    check_cursor::<Event>(&state, &page, |id| (tenant_id, EventId::from_id128(id))).await?;
    let listed = state.app.reader().events(tenant_id, filter, page).await?;
    List::of(&listed, |event| EventView::of(event, state.live())).answer()
}

/// The bytes of any identifier with a prefix.
fn object_id(text: &str) -> Option<Id128> {
    Id128::from_base32(text.split_once('_')?.1)
}

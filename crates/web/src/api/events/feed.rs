//! `GET /v1/event_feed`.

use super::EventView;
use crate::api::answer::Answer;
use crate::auth::EventsRead;
use crate::parse::Read;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use serde::Serialize;
use tk_app::store::FeedCursor;
use utoipa::ToSchema;

/// Events after a cursor, in order within each writer lane.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventFeed {
    /// Always `event_feed`.
    pub object: &'static str,
    /// The events.
    pub data: Vec<EventView>,
    /// What to ask with next; keep it, it is opaque.
    pub cursor: String,
    /// Whether more are there already.
    pub has_more: bool,
}

/// Reads events after a cursor; none is ever skipped. Without a cursor it begins at the beginning.
#[utoipa::path(get, path = "/v1/event_feed", tag = "events",
    params(("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = EventFeed)))]
pub async fn get(State(state): State<WebState>, mut read: Read<EventsRead>) -> Result<Answer, Problem> {
    let limit = read.params.limit()?;
    let cursor = match read.params.take("cursor")? {
        None => FeedCursor::default(),
        Some(text) => FeedCursor::parse(&text)
            .ok_or_else(|| Problem::field(Code::CursorInvalid, "?cursor", "not a cursor of this feed"))?,
    };
    read.params.finish()?;
    read.caller.check_whole_tenant()?;
    let (events, cursor) = state.app.reader().feed(read.caller.tenant_id, &cursor, limit).await?;
    let full = i64::try_from(events.len()).unwrap_or(i64::MAX) >= limit;
    Answer::ok(&EventFeed {
        object: "event_feed",
        data: events.iter().map(|event| EventView::of(event, state.live())).collect(),
        cursor: cursor.to_string(),
        has_more: full,
    })
}

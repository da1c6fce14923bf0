//! The event feed: a position per writer lane, so that no event is ever skipped.
//!
//! Within a lane, sequences become visible in order and without gaps; across lanes they do not, which is why
//! one number cannot be the cursor.

use crate::failure::Failure;
use crate::reader::{CreatedRange, Listed, Page, Query, records, tuples};
use crate::store::Store;
use crate::value::{Column, Kind};
use crate::writer::request::Sql;
use std::collections::BTreeMap;
use std::fmt;
use tk_domain::id::{Id128, TenantId};
use tk_domain::webhook::{Event, EventKind};

/// A position in the event feed, opaque to callers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedCursor {
    positions: BTreeMap<i64, i64>,
}

/// The most lanes a cursor may name.
const LANES_MAX: usize = 64;

impl FeedCursor {
    /// Reads a cursor as it was given out; anything else is nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut positions = BTreeMap::new();
        for part in text.split('-').filter(|part| !part.is_empty()) {
            let (lane, seq) = part.split_once('.')?;
            let (lane, seq): (i64, i64) = (lane.parse().ok()?, seq.parse().ok()?);
            if lane < 0 || seq < 0 || positions.insert(lane, seq).is_some() || positions.len() > LANES_MAX {
                return None;
            }
        }
        Some(Self { positions })
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.positions.iter().map(|(lane, seq)| format!("{lane}.{seq}")).collect();
        f.write_str(&parts.join("-"))
    }
}

/// Which events a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// About this object.
    pub object_id: Option<Id128>,
    /// Of this kind.
    pub kind: Option<EventKind>,
    /// Created in this range.
    pub created: CreatedRange,
}

impl Store {
    /// Events, newest first: for browsing. Whoever must not miss any follows [`Store::feed`].
    pub async fn events(
        &self,
        tenant_id: TenantId,
        filter: EventFilter,
        page: Page,
    ) -> Result<Listed<Event>, Failure> {
        let query = Query::of(tenant_id)
            .only("object_id =", filter.object_id)
            .only("kind =", filter.kind)
            .created(filter.created);
        self.list(query, page).await
    }

    /// Up to `limit` events after the cursor, and the cursor after them; none is ever skipped.
    pub async fn feed(
        &self,
        tenant_id: TenantId,
        cursor: &FeedCursor,
        limit: i64,
    ) -> Result<(Vec<Event>, FeedCursor), Failure> {
        let limit = Page::first(limit).rows();
        let lanes = Sql {
            text: "SELECT lane FROM heads WHERE tenant_id = ?1 ORDER BY lane".to_owned(),
            params: vec![tenant_id.to_value()],
            returns: vec![Kind::Int],
        };
        let lanes: Vec<i64> = tuples(self.read_one(tenant_id, lanes).await?)?;
        let statements = lanes.iter().map(|lane| {
            let seen = cursor.positions.get(lane).copied().unwrap_or(0);
            let query =
                Query::<Event>::of(tenant_id).only("lane =", Some(*lane)).only("lane_seq >", Some(seen));
            query.all("lane_seq", limit)
        });
        let returned = self.read(vec![tenant_id], statements.collect()).await?;
        let mut events: Vec<Event> = Vec::new();
        for rows in returned {
            events.extend(records::<Event>(rows)?);
        }
        // Times grow within a lane, so cutting by time cuts each lane at the end.
        events.sort_by_key(|event| (event.created_at_us, event.lane, event.lane_seq));
        events.truncate(usize::try_from(limit).unwrap_or(1));
        let mut next = cursor.clone();
        for event in &events {
            next.positions.insert(event.lane, event.lane_seq);
        }
        Ok((events, next))
    }
}

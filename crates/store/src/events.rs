//! Events.

use crate::record::{decided, record};
use tk_domain::id::{EventId, Id128, TenantId};
use tk_domain::webhook::{Event, EventKind};

record! {
    Event in "events", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: EventId,
    kind: EventKind,
    object_id: Id128,
    object: String,
    object_seq: i64,
    body: String,
    created_at_us: i64,
    lane: i64,
    lane_seq: i64,
}
decided!(Event, known_events);

//! Heads of the gapless sequences.

use crate::record::{decided, record};
use tk_domain::id::TenantId;
use tk_domain::key::Head;

record! {
    Head in "heads", keys 2, Contended, Locked;
    tenant_id: TenantId,
    lane: i64,
    entry_seq: i64,
    entry_hash: Vec<u8>,
    event_seq: i64,
    audit_seq: i64,
    audit_hash: Vec<u8>,
    last_at_us: i64,
    version: i64,
}
decided!(Head, heads);

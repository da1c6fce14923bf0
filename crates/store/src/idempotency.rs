//! Requests already answered.

use crate::record::{decided, record};
use tk_domain::id::RequestId;
use tk_domain::key::{IdempotencyName, IdempotencyRecord};

record! {
    IdempotencyRecord in "idempotency_records", keys 3, Contended, Unlocked;
    name: IdempotencyName as ["tenant_id", "app_id", "idempotency_key"],
    fingerprint: Vec<u8>,
    request_id: RequestId,
    status: i64,
    body: String,
    created_at_us: i64,
    version: i64,
}
decided!(IdempotencyRecord, idempotency);

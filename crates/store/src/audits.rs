//! The audit log.

use crate::failure::Failure;
use crate::reader::{Query, records};
use crate::record::record;
use crate::store::Store;
use tk_domain::audit::{Act, Audit};
use tk_domain::id::{AuditId, RequestId, TenantId};

record! {
    Audit in "audits", keys 4, Fresh, Unlocked;
    tenant_id: TenantId,
    lane: i64,
    seq: i64,
    id: AuditId,
    at_us: i64,
    actor: String,
    act: Act,
    object: String,
    detail: String,
    request_id: Option<RequestId>,
    ip: Option<String>,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
}

/// The most acts read about one object.
const AUDITS_MAX: i64 = 1_000;

impl Store {
    /// The acts upon an object, by its identifier as text, oldest first.
    pub async fn audits_of(&self, tenant_id: TenantId, object: &str) -> Result<Vec<Audit>, Failure> {
        let query = Query::<Audit>::of(tenant_id).only("object =", Some(object.to_owned()));
        records(self.read_one(tenant_id, query.all("at_us, lane, seq", AUDITS_MAX)).await?)
    }
}

//! The audit chain.

use crate::checker::Checker;
use std::collections::BTreeMap;
use tk_domain::audit::Audit;
use tk_domain::id::TenantId;

/// The last act seen per tenant and lane.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    heads: BTreeMap<(TenantId, i64), (i64, Vec<u8>)>,
}

impl Checker {
    /// inv-37: each act carries the hash of the one before, without a gap.
    pub(super) fn inv_37_chain(&mut self, audit: &Audit) {
        let head = self.chain.heads.entry((audit.tenant_id, audit.lane)).or_insert_with(|| (0, vec![0; 32]));
        let holds = audit.seq == head.0.saturating_add(1)
            && audit.prev_hash == head.1
            && audit.hash == audit.computed_hash();
        *head = (audit.seq, audit.hash.clone());
        self.require(holds, "inv-37", || {
            format!("act {} of lane {} breaks the chain", audit.seq, audit.lane)
        });
    }
}

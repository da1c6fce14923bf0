//! Partners.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{PartnerId, TenantId};
use tk_domain::partner::{Partner, PartnerKind};

record! {
    Partner in "partners", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: PartnerId,
    code: String,
    name: String,
    kind: PartnerKind,
    licence_no: Option<String>,
    licence_scope: Option<String>,
    licence_until_day: Option<i64>,
    enabled: bool,
    created_at_us: i64,
    version: i64,
}
decided!(Partner, partners);

impl Store {
    /// Partners, newest first.
    pub async fn partners(&self, tenant_id: TenantId, page: Page) -> Result<Listed<Partner>, Failure> {
        self.list(Query::of(tenant_id), page).await
    }
}

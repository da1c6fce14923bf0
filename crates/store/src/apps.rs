//! Programs that call the API.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::access::App;
use tk_domain::id::{AppId, MerchantId, PartnerId, TenantId};

record! {
    App in "apps", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: AppId,
    name: String,
    merchant_id: Option<MerchantId>,
    partner_id: Option<PartnerId>,
    requires_signature: bool,
    enabled: bool,
    created_at_us: i64,
    version: i64,
}
decided!(App, apps);

impl Store {
    /// Apps, newest first.
    pub async fn apps(
        &self,
        tenant_id: TenantId,
        partner_id: Option<PartnerId>,
        page: Page,
    ) -> Result<Listed<App>, Failure> {
        self.list(Query::of(tenant_id).only("partner_id =", partner_id), page).await
    }
}

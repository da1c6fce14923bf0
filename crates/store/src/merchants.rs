//! Merchants.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{MerchantId, TenantId};
use tk_domain::merchant::Merchant;
use tk_domain::payment::FeeSnapshot;

record! {
    Merchant in "merchants", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: MerchantId,
    code: String,
    name: String,
    fee: FeeSnapshot as ["fee_rate_ppm", "fee_fixed_minor", "fee_min_minor", "fee_max_minor", "fee_returned", "fee_bearer_id"],
    legal_entity: Option<String>,
    phone: Option<String>,
    enabled: bool,
    created_at_us: i64,
    version: i64,
}
decided!(Merchant, merchants);

impl Store {
    /// Merchants, newest first.
    pub async fn merchants(&self, tenant_id: TenantId, page: Page) -> Result<Listed<Merchant>, Failure> {
        self.list(Query::of(tenant_id), page).await
    }
}

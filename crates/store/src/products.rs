//! Products.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{PartnerId, ProductId, TenantId};
use tk_domain::product::{IssueOn, Product, StrayMoney};

record! {
    Product in "products", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: ProductId,
    code: String,
    name: String,
    partner_id: Option<PartnerId>,
    methods_allow: Option<String>,
    amount_min_minor: i64,
    amount_max_minor: i64,
    expires_after_s: i64,
    issue_on: IssueOn,
    stray_money: StrayMoney,
    enabled: bool,
    created_at_us: i64,
    version: i64,
}
decided!(Product, products);

impl Store {
    /// Products, newest first.
    pub async fn products(
        &self,
        tenant_id: TenantId,
        partner_id: Option<PartnerId>,
        page: Page,
    ) -> Result<Listed<Product>, Failure> {
        self.list(Query::of(tenant_id).only("partner_id =", partner_id), page).await
    }
}

//! Products.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use crate::value::{Cells, Columns, Kind, Unreadable, Value};
use tk_domain::id::{PartnerId, ProductId, TenantId};
use tk_domain::product::{IssueOn, Product, ProductLimits, StrayMoney};

impl Columns for ProductLimits {
    const KINDS: &'static [Kind] = &[Kind::Int; 2];
    fn put(&self, out: &mut Vec<Value>) {
        self.issue_within_s.put(out);
        self.pay_within_s.put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        Ok(Self { issue_within_s: cells.take()?, pay_within_s: cells.take()? })
    }
}

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
    limits: ProductLimits as ["issue_within_s", "pay_within_s"],
    identity_name_from_minor: Option<i64>,
    identity_face_from_minor: Option<i64>,
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

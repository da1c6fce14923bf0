//! Products.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use crate::value::{Cells, Columns, Kind, Unreadable, Value};
use tk_domain::id::{InstalmentId, MerchantId, PartnerId, PaymentId, ProductId, TenantId};
use tk_domain::instalment::Instalment;
use tk_domain::product::{IssueOn, Premium, Product, ProductLimits, StrayMoney};

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
    premium: Premium,
    instalment_methods_allow: Option<String>,
    ext_schemas: Option<String>,
    amount_min_minor: i64,
    amount_max_minor: i64,
    expires_after_s: i64,
    extensions_max: i64,
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

record! {
    Instalment in "instalments", keys 2, Contended, Unlocked, frozen ["merchant_id", "policy_no", "number"];
    tenant_id: TenantId,
    id: InstalmentId,
    merchant_id: MerchantId,
    policy_no: String,
    number: i64,
    payment_id: PaymentId,
    version: i64,
}
decided!(Instalment, instalments);

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

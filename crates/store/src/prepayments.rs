//! Prepayments and their draws.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{DrawId, MerchantId, PrepaymentId, TenantId};
use tk_domain::prepayment::{Draw, DrawStatus, Prepayment};
use tk_money::Currency;

record! {
    Prepayment in "prepayments", keys 2, Contended, Locked, frozen [
        "merchant_id",
        "account_no",
        "currency",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: PrepaymentId,
    merchant_id: MerchantId,
    account_no: String,
    currency: Currency,
    drawn_minor: i64,
    draws_count: i64,
    created_at_us: i64,
    version: i64,
}
decided!(Prepayment, prepayments);

record! {
    Draw in "prepayment_draws", keys 2, Fresh, Locked, frozen [
        "prepayment_id",
        "draw_no",
        "amount_minor",
        "currency",
        "made_by",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: DrawId,
    prepayment_id: PrepaymentId,
    draw_no: String,
    amount_minor: i64,
    currency: Currency,
    status: DrawStatus,
    made_by: String,
    undone_by: Option<String>,
    reason: Option<String>,
    created_at_us: i64,
    undone_at_us: Option<i64>,
    version: i64,
}
decided!(Draw, draws);

impl Store {
    /// Prepayments in a fixed order without meaning; of one merchant or one number if given.
    pub async fn prepayments(
        &self,
        tenant_id: TenantId,
        (merchant_id, account_no): (Option<MerchantId>, Option<String>),
        page: Page,
    ) -> Result<Listed<Prepayment>, Failure> {
        let query = Query::of(tenant_id).only("merchant_id =", merchant_id).only("account_no =", account_no);
        self.list(query, page).await
    }

    /// Draws of a prepayment, newest first.
    pub async fn draws(
        &self,
        tenant_id: TenantId,
        prepayment_id: PrepaymentId,
        page: Page,
    ) -> Result<Listed<Draw>, Failure> {
        self.list(Query::of(tenant_id).only("prepayment_id =", Some(prepayment_id)), page).await
    }
}

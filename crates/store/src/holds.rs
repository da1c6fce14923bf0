//! Holds.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{HoldId, MerchantId, PrepaymentId, RefundId, TenantId};
use tk_domain::ledger::{Hold, HoldStatus};
use tk_money::Currency;

record! {
    Hold in "holds", keys 2, Fresh, Locked, frozen [
        "merchant_id",
        "refund_id",
        "currency",
        "pending_settlement_minor",
        "collected_for_others_minor",
        "cash_minor",
        "prepayment_id",
        "prepaid_minor",
        "duplicate_minor",
        "late_success_minor",
        "suspense_minor",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: HoldId,
    merchant_id: MerchantId,
    refund_id: RefundId,
    currency: Currency,
    pending_settlement_minor: i64,
    collected_for_others_minor: i64,
    cash_minor: i64,
    prepayment_id: Option<PrepaymentId>,
    prepaid_minor: i64,
    duplicate_minor: i64,
    late_success_minor: i64,
    suspense_minor: i64,
    status: HoldStatus,
    created_at_us: i64,
    ended_at_us: Option<i64>,
    version: i64,
}
decided!(Hold, holds);

impl Store {
    /// Holds, newest first; of one merchant or one status if given.
    pub async fn holds(
        &self,
        tenant_id: TenantId,
        (merchant_id, status): (Option<MerchantId>, Option<HoldStatus>),
        page: Page,
    ) -> Result<Listed<Hold>, Failure> {
        let query = Query::of(tenant_id).only("merchant_id =", merchant_id).only("status =", status);
        self.list(query, page).await
    }
}

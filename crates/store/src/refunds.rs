//! Refunds.

use crate::failure::Failure;
use crate::reader::{CreatedRange, Listed, Page, Query, records};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{AttemptId, ChannelAccountId, HoldId, MerchantId, PaymentId, RefundId, TenantId};
use tk_domain::refund::{Line, Refund, RefundOrigin, RefundRoute, RefundState, Shares};
use tk_money::Currency;

record! {
    Refund in "refunds", keys 2, Fresh, Locked, frozen [
        "payment_id",
        "attempt_id",
        "merchant_id",
        "channel_account_id",
        "merchant_refund_no",
        "origin",
        "out_no",
        "amount_minor",
        "order_minor",
        "currency",
        "hold_id",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: RefundId,
    payment_id: PaymentId,
    attempt_id: AttemptId,
    merchant_id: MerchantId,
    channel_account_id: ChannelAccountId,
    merchant_refund_no: Option<String>,
    origin: RefundOrigin,
    out_no: String,
    amount_minor: i64,
    order_minor: i64,
    shares: Shares as ["discount_minor", "discount_merchant_minor", "parts_minor"],
    parts: Option<String>,
    items: Option<String>,
    payer_back_minor: Option<i64>,
    settled_back_minor: Option<i64>,
    currency: Currency,
    reason: String,
    status: RefundState,
    route: RefundRoute,
    line: Line,
    hold_id: HoldId,
    fee_refund_minor: i64,
    channel_fee_refund_minor: i64,
    accepted_at_us: Option<i64>,
    unknown_since_us: Option<i64>,
    queries_count: i64,
    needs_manual: bool,
    failure_code: Option<String>,
    failure_message: Option<String>,
    succeeded_at_us: Option<i64>,
    ended_at_us: Option<i64>,
    late_succeeded_at_us: Option<i64>,
    event_seq: i64,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(Refund, refunds);

/// Which refunds a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundFilter {
    /// Of this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Of this payment.
    pub payment_id: Option<PaymentId>,
    /// In this status.
    pub status: Option<RefundState>,
    /// Created in this range.
    pub created: CreatedRange,
}

/// The most refunds read of one payment.
const REFUNDS_MAX: i64 = 1_000;

impl Store {
    /// Refunds, newest first.
    pub async fn refunds(
        &self,
        tenant_id: TenantId,
        filter: RefundFilter,
        page: Page,
    ) -> Result<Listed<Refund>, Failure> {
        let query = Query::of(tenant_id)
            .only("merchant_id =", filter.merchant_id)
            .only("payment_id =", filter.payment_id)
            .only("status =", filter.status)
            .created(filter.created);
        self.list(query, page).await
    }

    /// The refunds of a payment, oldest first.
    pub async fn refunds_of(
        &self,
        tenant_id: TenantId,
        payment_id: PaymentId,
    ) -> Result<Vec<Refund>, Failure> {
        let query = Query::<Refund>::of(tenant_id).only("payment_id =", Some(payment_id));
        records(self.read_one(tenant_id, query.all("id", REFUNDS_MAX)).await?)
    }
}

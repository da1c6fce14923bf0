//! Payments.

use crate::failure::Failure;
use crate::reader::{CreatedRange, Listed, Page, Query, tuples};
use crate::record::{decided, record};
use crate::store::Store;
use crate::value::{Cells, Columns, Kind, Unreadable, Value};
use tk_domain::id::{
    AppId, AttemptId, MerchantId, PartnerId, PayerId, PaymentId, PrepaymentId, ProductId, TenantId,
};
use tk_domain::instalment::Period;
use tk_domain::payment::{FeeSnapshot, Payment, PaymentStatus, RefundStatus};
use tk_domain::product::Terminal;
use tk_money::Currency;

impl Columns for Option<Period> {
    const KINDS: &'static [Kind] = &[Kind::Text, Kind::Int];
    fn put(&self, out: &mut Vec<Value>) {
        self.as_ref().map(|period| period.policy_no.clone()).put(out);
        self.as_ref().map(|period| period.number).put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        let (policy_no, number): (Option<String>, Option<i64>) = (cells.take()?, cells.take()?);
        Ok(policy_no.zip(number).map(|(policy_no, number)| Period { policy_no, number }))
    }
}

record! {
    Payment in "payments", keys 2, Fresh, Unlocked, frozen [
        "merchant_id",
        "product_id",
        "app_id",
        "partner_id",
        "payer_id",
        "merchant_order_no",
        "amount_minor",
        "payer_minor",
        "parts",
        "currency",
        "methods_allow",
        "single_attempt",
        "ext",
        "policy_no",
        "instalment_no",
        "prepayment_id",
        "items",
        "bill",
        "splits",
        "payer",
        "payer_sealed",
        "fee_rate_ppm",
        "fee_fixed_minor",
        "fee_min_minor",
        "fee_max_minor",
        "fee_returned",
        "fee_bearer_id",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: PaymentId,
    merchant_id: MerchantId,
    product_id: ProductId,
    app_id: Option<AppId>,
    partner_id: Option<PartnerId>,
    payer_id: Option<PayerId>,
    merchant_order_no: String,
    amount_minor: i64,
    payer_minor: i64,
    discount_minor: i64,
    parts: Option<String>,
    parts_back: Option<String>,
    currency: Currency,
    description: String,
    terminal: Option<Terminal>,
    methods_allow: Option<String>,
    single_attempt: bool,
    status: PaymentStatus,
    refund_status: RefundStatus,
    expires_at_us: i64,
    extensions_left: i64,
    return_url: Option<String>,
    metadata: Option<String>,
    ext: Option<String>,
    period: Option<Period> as ["policy_no", "instalment_no"],
    prepayment_id: Option<PrepaymentId>,
    fulfilment: Option<String>,
    items: Option<String>,
    items_back: Option<String>,
    bill: Option<String>,
    splits: Option<String>,
    insured: Option<String>,
    payer: Option<String>,
    payer_sealed: Option<Vec<u8>>,
    fee: FeeSnapshot as ["fee_rate_ppm", "fee_fixed_minor", "fee_min_minor", "fee_max_minor", "fee_returned", "fee_bearer_id"],
    fee_minor: i64,
    fee_returned_minor: i64,
    open_attempt_id: Option<AttemptId>,
    latest_attempt_id: Option<AttemptId>,
    effective_attempt_id: Option<AttemptId>,
    attempts_count: i64,
    unknown_since_us: Option<i64>,
    refunded_minor: i64,
    late_refunded_minor: i64,
    reversed_minor: i64,
    reversed_others_minor: i64,
    beside_minor: i64,
    splits_count: i64,
    split_lines_count: i64,
    refunding_minor: i64,
    close_requested_at_us: Option<i64>,
    succeeded_at_us: Option<i64>,
    ended_at_us: Option<i64>,
    accounting_day: Option<i64>,
    event_seq: i64,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(Payment, payments);

/// Which payments a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// Of this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Through this partner.
    pub partner_id: Option<PartnerId>,
    /// In this status.
    pub status: Option<PaymentStatus>,
    /// This one.
    pub id: Option<PaymentId>,
    /// Paid in advance for this stay or case.
    pub prepayment_id: Option<PrepaymentId>,
    /// Created in this range.
    pub created: CreatedRange,
}

impl PaymentFilter {
    fn query(self, tenant_id: TenantId) -> Query<Payment> {
        Query::of(tenant_id)
            .only("merchant_id =", self.merchant_id)
            .only("partner_id =", self.partner_id)
            .only("status =", self.status)
            .only("id =", self.id)
            .only("prepayment_id =", self.prepayment_id)
            .created(self.created)
    }
}

impl Store {
    /// Payments, newest first.
    pub async fn payments(
        &self,
        tenant_id: TenantId,
        filter: PaymentFilter,
        page: Page,
    ) -> Result<Listed<Payment>, Failure> {
        self.list(filter.query(tenant_id), page).await
    }

    /// How many payments the filter shows and the sum of their amounts, minor units.
    pub async fn payments_summary(
        &self,
        tenant_id: TenantId,
        filter: PaymentFilter,
    ) -> Result<(i64, i64), Failure> {
        let rows = self.read_one(tenant_id, filter.query(tenant_id).totals("amount_minor")).await?;
        Ok(tuples::<(i64, i64)>(rows)?.pop().unwrap_or_default())
    }
}

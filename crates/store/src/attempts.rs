//! Attempts.

use crate::failure::Failure;
use crate::reader::{Query, records};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::channel_account::{Channel, Method};
use tk_domain::id::{AttemptId, ChannelAccountId, PaymentId, TenantId};
use tk_domain::payment::{Action, Attempt, AttemptStatus, Discount, Disposition};
use tk_money::Currency;

record! {
    Attempt in "attempts", keys 2, Fresh, Unlocked, frozen [
        "payment_id",
        "channel",
        "channel_account_id",
        "method",
        "out_no",
        "amount_minor",
        "currency",
        "routing",
        "payer_masked",
        "payer_sealed",
        "payer_mark",
        "channel_expires_at_us",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: AttemptId,
    payment_id: PaymentId,
    channel: Channel,
    channel_account_id: ChannelAccountId,
    method: Method,
    out_no: String,
    amount_minor: i64,
    currency: Currency,
    status: AttemptStatus,
    action: Option<Action> as ["action_kind", "action_value"],
    channel_expires_at_us: i64,
    channel_txn_no: Option<String>,
    scanned_at_us: Option<i64>,
    disposition: Option<Disposition>,
    received_minor: i64,
    discount: Discount as [
        "discount_minor",
        "discount_merchant_minor",
        "discount_back_minor",
        "discount_merchant_back_minor",
        "discount_gone_minor",
    ],
    undone_minor: i64,
    credited_minor: i64,
    refunding_minor: i64,
    refunded_minor: i64,
    late_refunded_minor: i64,
    reversed_minor: i64,
    refunds_count: i64,
    next_refund_at_us: i64,
    channel_fee_minor: i64,
    channel_fee_returned_minor: i64,
    unknown_since_us: Option<i64>,
    queries_count: i64,
    close_requested_at_us: Option<i64>,
    failure_code: Option<String>,
    failure_message: Option<String>,
    needs_manual: bool,
    routing: String,
    payer_masked: Option<String>,
    payer_sealed: Option<Vec<u8>>,
    payer_mark: Option<String>,
    paid_at_us: Option<i64>,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(Attempt, attempts);

/// The most attempts read of one payment.
const ATTEMPTS_MAX: i64 = 1_000;

impl Store {
    /// The attempts of a payment, oldest first.
    pub async fn attempts_of(
        &self,
        tenant_id: TenantId,
        payment_id: PaymentId,
    ) -> Result<Vec<Attempt>, Failure> {
        let query = Query::<Attempt>::of(tenant_id).only("payment_id =", Some(payment_id));
        records(self.read_one(tenant_id, query.all("id", ATTEMPTS_MAX)).await?)
    }
}

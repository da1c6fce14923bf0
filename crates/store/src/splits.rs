//! Splits, their shares, and what refunds take back of them.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, records};
use crate::record::{decided, record};
use crate::store::Store;
use crate::writer::request::Sql;
use tk_domain::channel_account::Channel;
use tk_domain::id::{
    AttemptId, ChannelAccountId, MerchantId, PaymentId, RefundId, SplitId, SplitLineId, SplitReceiverId,
    SplitReturnId, TenantId,
};
use tk_domain::split::{
    Binding, LINES_MAX, ReceiverKind, Relation, ReturnMode, ReturnStatus, Split, SplitLine, SplitLineStatus,
    SplitMode, SplitReceiver, SplitReturn, SplitState,
};
use tk_money::Currency;

record! {
    Split in "splits", keys 2, Contended, Unlocked, frozen [
        "payment_id",
        "attempt_id",
        "merchant_id",
        "channel_account_id",
        "mode",
        "merchant_split_no",
        "out_no",
        "amount_minor",
        "currency",
        "legal_entity",
        "first_line",
        "lines_count",
        "last",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: SplitId,
    payment_id: PaymentId,
    attempt_id: AttemptId,
    merchant_id: MerchantId,
    channel_account_id: ChannelAccountId,
    mode: SplitMode,
    merchant_split_no: Option<String>,
    out_no: String,
    amount_minor: i64,
    currency: Currency,
    legal_entity: Option<String>,
    first_line: i64,
    lines_count: i64,
    last: bool,
    status: SplitState,
    accepted_at_us: Option<i64>,
    unknown_since_us: Option<i64>,
    queries_count: i64,
    needs_manual: bool,
    failure_code: Option<String>,
    failure_message: Option<String>,
    abandonment: Option<String>,
    ended_at_us: Option<i64>,
    event_seq: i64,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(Split, splits);

record! {
    SplitLine in "split_lines", keys 2, Contended, Unlocked, frozen [
        "split_id",
        "payment_id",
        "position",
        "merchant_id",
        "to_merchant_id",
        "to_receiver_id",
        "amount_minor",
        "currency",
        "item",
        "refunded_before_minor",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: SplitLineId,
    split_id: SplitId,
    payment_id: PaymentId,
    position: i64,
    merchant_id: MerchantId,
    to_merchant_id: Option<MerchantId>,
    to_receiver_id: Option<SplitReceiverId>,
    amount_minor: i64,
    currency: Currency,
    item: Option<i64>,
    refunded_before_minor: i64,
    status: SplitLineStatus,
    returning_minor: i64,
    returned_minor: i64,
    returns_count: i64,
    returnable: bool,
    failure_code: Option<String>,
    ended_at_us: Option<i64>,
    created_at_us: i64,
    version: i64,
}
decided!(SplitLine, split_lines);

record! {
    SplitReturn in "split_returns", keys 2, Contended, Unlocked, frozen [
        "refund_id",
        "payment_id",
        "split_id",
        "line_id",
        "mode",
        "out_no",
        "currency",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: SplitReturnId,
    refund_id: RefundId,
    payment_id: PaymentId,
    split_id: SplitId,
    line_id: SplitLineId,
    mode: ReturnMode,
    out_no: String,
    amount_minor: i64,
    cash_minor: i64,
    currency: Currency,
    status: ReturnStatus,
    unknown_since_us: Option<i64>,
    queries_count: i64,
    failure_code: Option<String>,
    abandonment: Option<String>,
    ended_at_us: Option<i64>,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(SplitReturn, split_returns);

record! {
    SplitReceiver in "split_receivers", keys 2, Fresh, Unlocked, frozen [
        "channel_account_id",
        "channel",
        "kind",
        "account",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: SplitReceiverId,
    channel_account_id: ChannelAccountId,
    channel: Channel,
    kind: ReceiverKind,
    account: String,
    name_sealed: Option<Vec<u8>>,
    relation: Option<Relation>,
    custom_relation: Option<String>,
    status: Binding,
    unknown_since_us: Option<i64>,
    tries: i64,
    failure_code: Option<String>,
    failure_message: Option<String>,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(SplitReceiver, split_receivers);

/// Which splits a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SplitFilter {
    /// Of this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Of this payment.
    pub payment_id: Option<PaymentId>,
    /// In this status.
    pub status: Option<SplitState>,
}

impl Store {
    /// Splits, those of the newest payments first.
    pub async fn splits(
        &self,
        tenant_id: TenantId,
        filter: SplitFilter,
        page: Page,
    ) -> Result<Listed<Split>, Failure> {
        let query = Query::of(tenant_id)
            .only("merchant_id =", filter.merchant_id)
            .only("payment_id =", filter.payment_id)
            .only("status =", filter.status);
        self.list(query, page).await
    }

    /// Receivers of shares, newest first.
    pub async fn split_receivers(
        &self,
        tenant_id: TenantId,
        channel_account_id: Option<ChannelAccountId>,
        page: Page,
    ) -> Result<Listed<SplitReceiver>, Failure> {
        self.list(Query::of(tenant_id).only("channel_account_id =", channel_account_id), page).await
    }

    /// What a refund takes back of shares.
    pub async fn split_returns_of(
        &self,
        tenant_id: TenantId,
        refund_id: RefundId,
    ) -> Result<Vec<SplitReturn>, Failure> {
        let query = Query::<SplitReturn>::of(tenant_id).only("refund_id =", Some(refund_id));
        records(self.read_one(tenant_id, query.all("id", LINES_MAX)).await?)
    }

    /// The shares of a payment, in their order.
    pub async fn split_lines_of(
        &self,
        tenant_id: TenantId,
        payment_id: PaymentId,
    ) -> Result<Vec<SplitLine>, Failure> {
        records(self.read_one(tenant_id, lines_of(tenant_id, payment_id)).await?)
    }

    /// The shares of each of these splits, read together, in their order.
    pub async fn split_lines_of_each(
        &self,
        tenant_id: TenantId,
        splits: &[Split],
    ) -> Result<Vec<Vec<SplitLine>>, Failure> {
        if splits.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = splits.iter().map(|split| lines_of(tenant_id, split.payment_id)).collect();
        let mut shares = Vec::with_capacity(splits.len());
        for (split, returned) in splits.iter().zip(self.read(vec![tenant_id], wanted).await?) {
            let mut lines: Vec<SplitLine> = records(returned)?;
            lines.retain(|line| line.split_id == split.id);
            shares.push(lines);
        }
        Ok(shares)
    }
}

fn lines_of(tenant_id: TenantId, payment_id: PaymentId) -> Sql {
    Query::<SplitLine>::of(tenant_id).only("payment_id =", Some(payment_id)).all("position", LINES_MAX)
}

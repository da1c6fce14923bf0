//! Cheques.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, records};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::cheque::{Cheque, ChequeStatus};
use tk_domain::id::{BankLineId, ChannelAccountId, ChequeId, EntryId, MerchantId, PaymentId, TenantId};
use tk_money::Currency;

record! {
    Cheque in "cheques", keys 2, Fresh, Locked, frozen [
        "payment_id",
        "merchant_id",
        "channel_account_id",
        "bank",
        "cheque_no",
        "amount_minor",
        "currency",
        "issued_day",
        "made_by",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: ChequeId,
    payment_id: PaymentId,
    merchant_id: MerchantId,
    channel_account_id: ChannelAccountId,
    bank: String,
    cheque_no: String,
    amount_minor: i64,
    currency: Currency,
    issued_day: i64,
    presented_day: Option<i64>,
    status: ChequeStatus,
    entry_id: Option<EntryId>,
    clearing_asked_by: Option<String>,
    bank_line_id: Option<BankLineId>,
    reason: Option<String>,
    made_by: String,
    changed_by: Option<String>,
    event_seq: i64,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(Cheque, cheques);

/// Which cheques a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChequeFilter {
    /// In this status.
    pub status: Option<ChequeStatus>,
    /// For this payment.
    pub payment_id: Option<PaymentId>,
    /// Drawn on this bank.
    pub bank: Option<String>,
    /// With this number.
    pub cheque_no: Option<String>,
}

impl Store {
    /// Cheques, newest first.
    pub async fn cheques(
        &self,
        tenant_id: TenantId,
        filter: ChequeFilter,
        page: Page,
    ) -> Result<Listed<Cheque>, Failure> {
        let query = Query::of(tenant_id)
            .only("status =", filter.status)
            .only("payment_id =", filter.payment_id)
            .only("bank =", filter.bank)
            .only("cheque_no =", filter.cheque_no);
        self.list(query, page).await
    }

    /// The cheque that a bank's line shows the money of.
    pub async fn cheque_of_line(
        &self,
        tenant_id: TenantId,
        line: BankLineId,
    ) -> Result<Option<Cheque>, Failure> {
        let query = Query::<Cheque>::of(tenant_id).only("bank_line_id =", Some(line));
        Ok(records(self.read_one(tenant_id, query.all("id", 1)).await?)?.pop())
    }
}

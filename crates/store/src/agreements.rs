//! Cards opened for payment by token.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query, records};
use crate::record::{Record, decided, record};
use crate::store::Store;
use crate::value::Value;
use crate::writer::request::Sql;
use tk_domain::agreement::{Agreement, AgreementStatus};
use tk_domain::id::{AgreementId, AttemptId, ChannelAccountId, PayerId, PaymentId, TenantId, TypedId};

record! {
    Agreement in "agreements", keys 2, Fresh, Unlocked, frozen [
        "payment_id",
        "channel_account_id",
        "payer_id",
        "expires_at_us",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: AgreementId,
    payment_id: PaymentId,
    channel_account_id: ChannelAccountId,
    payer_id: Option<PayerId>,
    status: AgreementStatus,
    masked: Option<String>,
    sealed: Option<Vec<u8>>,
    expires_at_us: i64,
    ask_due_at_us: Option<i64>,
    asks_count: i64,
    code_payment_id: Option<PaymentId>,
    code_attempt_id: Option<AttemptId>,
    code_at_us: Option<i64>,
    codes_day: i64,
    codes_count: i64,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(Agreement, agreements);

/// Which agreements are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct AgreementFilter {
    /// Those opened during one payment.
    pub payment_id: Option<PaymentId>,
    /// Those of one payer.
    pub payer_id: Option<PayerId>,
    /// Those that stand there.
    pub status: Option<AgreementStatus>,
}

impl Store {
    /// Agreements, newest first.
    pub async fn agreements(
        &self,
        tenant_id: TenantId,
        which: AgreementFilter,
        page: Page,
    ) -> Result<Listed<Agreement>, Failure> {
        let query =
            Query::of(tenant_id).only("payment_id =", which.payment_id).only("status =", which.status);
        self.list(query.only("payer_id =", which.payer_id), page).await
    }

    /// Openings of a tenant about which their channel is to be asked now, the longest overdue first.
    pub async fn agreements_to_ask(
        &self,
        tenant_id: TenantId,
        now_us: i64,
        limit: i64,
    ) -> Result<Vec<Agreement>, Failure> {
        let table = Agreement::table();
        let statement = Sql {
            text: format!(
                "SELECT {} FROM {} WHERE tenant_id = ?1 AND ask_due_at_us <= ?2
                   AND ask_due_at_us IS NOT NULL ORDER BY ask_due_at_us LIMIT ?3",
                table.column_list(),
                table.name
            ),
            params: vec![Value::Id(tenant_id.id128().0), Value::Int(now_us), Value::Int(limit)],
            returns: table.kinds.clone(),
        };
        records(self.read_one(tenant_id, statement).await?)
    }
}

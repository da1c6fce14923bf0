//! What became of the policies of payments.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::fulfilment::{Fulfilment, FulfilmentStatus};
use tk_domain::id::{MerchantId, PaymentId, ProductId, TenantId};
use tk_domain::product::IssueOn;

record! {
    Fulfilment in "fulfilments", keys 2, Fresh, Locked, frozen [
        "merchant_id",
        "product_id",
        "issue_on",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: PaymentId,
    merchant_id: MerchantId,
    product_id: ProductId,
    issue_on: IssueOn,
    rests_on: Option<IssueOn>,
    status: FulfilmentStatus,
    policy_no: Option<String>,
    items: Option<String>,
    paid_at_us: Option<i64>,
    stopped_at_us: Option<i64>,
    issued_at_us: Option<i64>,
    due_at_us: Option<i64>,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(Fulfilment, fulfilments);

/// What a payment with a policy lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Its money counts, and no policy was reported.
    Policy,
    /// Its policy was reported, and no money came.
    Money,
}

impl Missing {
    /// Reads `policy` or `money`; anything else is nothing.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "policy" => Some(Self::Policy),
            "money" => Some(Self::Money),
            _ => None,
        }
    }
}

/// Which fulfilments a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FulfilmentFilter {
    /// Those that lack this.
    pub missing: Option<Missing>,
    /// Those whose time is up at this moment, Unix microseconds.
    pub overdue_at_us: Option<i64>,
    /// In this status.
    pub status: Option<FulfilmentStatus>,
    /// Of this merchant.
    pub merchant_id: Option<MerchantId>,
}

impl Store {
    /// Fulfilments, newest first.
    pub async fn fulfilments(
        &self,
        tenant_id: TenantId,
        filter: FulfilmentFilter,
        page: Page,
    ) -> Result<Listed<Fulfilment>, Failure> {
        let lacking = |missing| (filter.missing == Some(missing)).then_some(missing);
        let query = Query::of(tenant_id)
            .only("status =", lacking(Missing::Policy).map(|_| FulfilmentStatus::Announced))
            .only(
                "paid_at_us IS NULL AND status =",
                lacking(Missing::Money).map(|_| FulfilmentStatus::Issued),
            )
            .only("due_at_us <", filter.overdue_at_us)
            .only("status =", filter.status)
            .only("merchant_id =", filter.merchant_id);
        self.list(query, page).await
    }
}

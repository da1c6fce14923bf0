//! Direct links of bank accounts.

use crate::claims::Lease;
use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::bank_link::{BankLink, LinkRoad, LinkStatus, PullTrouble};
use tk_domain::id::{ChannelAccountId, TenantId};

record! {
    BankLink in "bank_links", keys 2, Contended, Unlocked, frozen ["created_at_us"];
    tenant_id: TenantId,
    id: ChannelAccountId,
    status: LinkStatus,
    road: LinkRoad,
    keeper: String,
    every_us: i64,
    final_after_us: i64,
    final_day: i64,
    gap_day: Option<i64>,
    due_at_us: i64,
    lease_until_us: i64,
    tries: i64,
    failures: i64,
    heard_at_us: i64,
    trouble: Option<PullTrouble>,
    trouble_detail: Option<String>,
    last_hash: Option<String>,
    event_seq: i64,
    created_at_us: i64,
    updated_at_us: i64,
    version: i64,
}
decided!(BankLink, bank_links);

impl Store {
    /// Claims direct links whose bank is to be asked and that no other worker has.
    pub async fn claim_bank_links(
        &self,
        tenant_id: TenantId,
        lease: Lease,
    ) -> Result<Vec<BankLink>, Failure> {
        self.claim(tenant_id, "status = 'active'", lease).await
    }

    /// Direct links, the newest account first.
    pub async fn bank_links(
        &self,
        tenant_id: TenantId,
        status: Option<LinkStatus>,
        page: Page,
    ) -> Result<Listed<BankLink>, Failure> {
        self.list(Query::of(tenant_id).only("status =", status), page).await
    }
}

//! Accounts with their cached balances.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{AccountId, TenantId};
use tk_domain::ledger::{Account, AccountKind, Owner};
use tk_money::Currency;

record! {
    Account in "accounts", keys 2, Contended, Locked, frozen [
        "owner_kind",
        "owner_id",
        "kind",
        "currency",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: AccountId,
    owner: Owner as ["owner_kind", "owner_id"],
    kind: AccountKind,
    currency: Currency,
    balance_minor: i64,
    credit_limit_minor: i64,
    created_at_us: i64,
    version: i64,
}
decided!(Account, accounts);

/// Which accounts a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Of this owner.
    pub owner: Option<Owner>,
    /// Of this kind.
    pub kind: Option<AccountKind>,
    /// In this currency.
    pub currency: Option<Currency>,
}

impl Store {
    /// Accounts in descending order of identifier, which says nothing about their age.
    pub async fn accounts(
        &self,
        tenant_id: TenantId,
        filter: AccountFilter,
        page: Page,
    ) -> Result<Listed<Account>, Failure> {
        let query = Query::of(tenant_id)
            .only("owner_kind =", filter.owner.map(|owner| owner.word().to_owned()))
            .only("owner_id =", filter.owner.map(Owner::id128))
            .only("kind =", filter.kind)
            .only("currency =", filter.currency);
        self.list(query, page).await
    }
}

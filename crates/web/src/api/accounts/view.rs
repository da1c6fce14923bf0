//! Accounts as published.

use crate::auth::Caller;
use serde::Serialize;
use tk_domain::ledger::{Account, Owner};
use utoipa::ToSchema;

/// An account of the books as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// `acc_…`
    pub id: String,
    /// Always `account`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `mch_…`, `cha_…` or `tenant`.
    pub owner: String,
    /// What it holds, such as `pending_settlement`.
    pub kind: &'static str,
    /// ISO 4217.
    pub currency: &'static str,
    /// Credits minus debits, minor units.
    pub balance: i64,
    /// What may still be drawn, minor units.
    pub available: i64,
    /// How far below zero it may go, minor units.
    pub credit_limit: i64,
}

/// The owner's identifier, or `tenant`.
#[must_use]
pub fn owner_text(owner: Owner) -> String {
    match owner {
        Owner::Tenant => "tenant".to_owned(),
        Owner::Merchant(id) => id.to_string(),
        Owner::ChannelAccount(id) => id.to_string(),
        Owner::Cashier(id) => id.to_string(),
        Owner::Receiver(id) => id.to_string(),
        Owner::Partner(id) => id.to_string(),
        Owner::Prepayment(id) => id.to_string(),
    }
}

/// Whether a caller may see the accounts of an owner.
#[must_use]
pub fn sees_owner(caller: &Caller, owner: Owner) -> bool {
    match owner {
        Owner::Merchant(id) => caller.sees(id),
        Owner::Tenant
        | Owner::ChannelAccount(_)
        | Owner::Cashier(_)
        | Owner::Receiver(_)
        | Owner::Partner(_)
        | Owner::Prepayment(_) => caller.sees_all(),
    }
}

impl AccountView {
    /// The published form.
    #[must_use]
    pub fn of(account: &Account, live: bool) -> Self {
        Self {
            id: account.id.to_string(),
            object: "account",
            livemode: live,
            owner: owner_text(account.owner),
            kind: account.kind.word(),
            currency: account.currency.code(),
            balance: account.balance_minor,
            available: account.available_minor(),
            credit_limit: account.credit_limit_minor,
        }
    }
}

//! Entries as published.

use crate::api::accounts::{owner_text, sees_owner};
use crate::auth::Caller;
use serde::Serialize;
use tk_app::store::Booked;
use tk_domain::moment::time_text;
use utoipa::ToSchema;

/// A double entry as published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct EntryView {
    /// `ent_…`
    pub id: String,
    /// Always `entry`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// The business event, such as `collect`.
    pub kind: &'static str,
    /// `pay_…`
    pub payment: Option<String>,
    /// `att_…`
    pub attempt: Option<String>,
    /// `ref_…`
    pub refund: Option<String>,
    /// The entry that it reverses, `ent_…`.
    pub reverses: Option<String>,
    /// ISO 4217.
    pub currency: &'static str,
    /// The sum of each side, minor units.
    pub amount: i64,
    /// The lines, at least two; for an app of one merchant only those of that merchant's accounts.
    pub lines: Vec<LineView>,
    /// RFC 3339.
    pub booked_at: String,
}

/// One line of an entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntryLine)]
pub struct LineView {
    /// `acc_…`
    pub account: String,
    /// `mch_…`, `cha_…` or `tenant`.
    pub owner: String,
    /// What the account holds.
    pub kind: &'static str,
    /// `debit` or `credit`.
    pub side: &'static str,
    /// Minor units.
    pub amount: i64,
    /// The account's balance after this line, minor units.
    pub balance_after: i64,
}

impl EntryView {
    /// The published form: other owners' balances and the channel's charges are not for an app of one merchant.
    #[must_use]
    pub fn of(booked: &Booked, caller: &Caller, live: bool) -> Self {
        let entry = &booked.entry;
        let seen = booked.lines.iter().filter(|booked| sees_owner(caller, booked.account.owner));
        let lines = seen.map(|booked| LineView {
            account: booked.line.account_id.to_string(),
            owner: owner_text(booked.account.owner),
            kind: booked.account.kind.word(),
            side: booked.line.side.word(),
            amount: booked.line.amount_minor,
            balance_after: booked.line.balance_after_minor,
        });
        Self {
            id: entry.id.to_string(),
            object: "entry",
            livemode: live,
            kind: entry.kind.word(),
            payment: entry.payment_id.map(|id| id.to_string()),
            attempt: entry.attempt_id.map(|id| id.to_string()),
            refund: entry.refund_id.map(|id| id.to_string()),
            reverses: entry.reverses.map(|id| id.to_string()),
            currency: entry.currency.code(),
            amount: entry.debit_minor,
            lines: lines.collect(),
            booked_at: time_text(entry.booked_at_us),
        }
    }
}

//! Entries with their lines, as they are kept.

use crate::record::record;
use tk_domain::id::{AccountId, AttemptId, EntryId, PaymentId, RefundId, TenantId, TypedId};
use tk_domain::ledger::{Entry, EntryKind, EntryLink, LinkLine, Side};
use tk_money::Currency;

/// An entry's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// The tenant whose books these are.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: EntryId,
    /// The business event.
    pub kind: EntryKind,
    /// The payment it belongs to.
    pub payment_id: Option<PaymentId>,
    /// The attempt it belongs to.
    pub attempt_id: Option<AttemptId>,
    /// The refund it belongs to.
    pub refund_id: Option<RefundId>,
    /// The entry it reverses.
    pub reverses: Option<EntryId>,
    /// Its one currency.
    pub currency: Currency,
    /// When it was booked, Unix microseconds.
    pub booked_at_us: i64,
    /// The writer lane that booked it.
    pub lane: i64,
    /// Gapless per tenant and lane.
    pub seq: i64,
    /// The sum of its debit lines, minor units.
    pub debit_minor: i64,
    /// The sum of its credit lines, minor units.
    pub credit_minor: i64,
    /// The link of its lane's chain.
    pub hash: Vec<u8>,
}

record! {
    EntryRow in "entries", keys 2, Fresh, Unlocked;
    tenant_id: TenantId,
    id: EntryId,
    kind: EntryKind,
    payment_id: Option<PaymentId>,
    attempt_id: Option<AttemptId>,
    refund_id: Option<RefundId>,
    reverses: Option<EntryId>,
    currency: Currency,
    booked_at_us: i64,
    lane: i64,
    seq: i64,
    debit_minor: i64,
    credit_minor: i64,
    hash: Vec<u8>,
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRow {
    /// The tenant whose books these are.
    pub tenant_id: TenantId,
    /// The entry it belongs to.
    pub entry_id: EntryId,
    /// Its place in the entry, from 1.
    pub line_no: i64,
    /// The account posted to.
    pub account_id: AccountId,
    /// On which side.
    pub side: Side,
    /// Minor units, above zero.
    pub amount_minor: i64,
    /// The account's balance after this line, minor units.
    pub balance_after_minor: i64,
}

record! {
    LineRow in "entry_lines", keys 3, Fresh, Unlocked;
    tenant_id: TenantId,
    entry_id: EntryId,
    line_no: i64,
    account_id: AccountId,
    side: Side,
    amount_minor: i64,
    balance_after_minor: i64,
}

/// That an entry was reversed, and by which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalRow {
    /// The tenant whose books these are.
    pub tenant_id: TenantId,
    /// The entry reversed.
    pub reverses: EntryId,
    /// The reversing entry.
    pub entry_id: EntryId,
}

record! {
    ReversalRow in "entry_reversals", keys 2, Contended, Unlocked;
    tenant_id: TenantId,
    reverses: EntryId,
    entry_id: EntryId,
}

impl EntryRow {
    /// The header of an entry that was applied.
    pub fn of(entry: &Entry) -> Self {
        let credits = entry.lines().iter().filter(|line| line.side == Side::Credit);
        Self {
            tenant_id: entry.tenant_id,
            id: entry.id,
            kind: entry.kind,
            payment_id: entry.payment_id,
            attempt_id: entry.attempt_id,
            refund_id: entry.refund_id,
            reverses: entry.reverses,
            currency: entry.currency,
            booked_at_us: entry.booked_at_us,
            lane: entry.lane,
            seq: entry.seq,
            debit_minor: entry.total_minor(),
            credit_minor: credits.fold(0_i64, |sum, line| sum.saturating_add(line.amount_minor)),
            hash: entry.hash.clone(),
        }
    }

    /// The hash that it must carry with these lines, behind the entry whose hash this is.
    pub fn computed_hash(&self, prev_hash: &[u8], lines: &[LineRow]) -> Vec<u8> {
        let link = EntryLink {
            prev_hash,
            tenant_id: self.tenant_id,
            id: self.id,
            kind: self.kind,
            subjects: [
                self.payment_id.map(TypedId::id128),
                self.attempt_id.map(TypedId::id128),
                self.refund_id.map(TypedId::id128),
                self.reverses.map(TypedId::id128),
            ],
            currency: self.currency,
            booked_at_us: self.booked_at_us,
            lane: self.lane,
            seq: self.seq,
        };
        link.hash(lines.iter().map(|line| LinkLine {
            account_id: line.account_id,
            side: line.side,
            amount_minor: line.amount_minor,
            balance_after_minor: line.balance_after_minor,
        }))
    }

    /// The reversal that this entry is, if it is one.
    pub fn reversal(&self) -> Option<ReversalRow> {
        self.reverses.map(|reverses| ReversalRow { tenant_id: self.tenant_id, reverses, entry_id: self.id })
    }
}

/// The lines of an entry that was applied.
pub fn line_rows(entry: &Entry) -> impl Iterator<Item = LineRow> {
    entry.lines().iter().zip(1_i64..).map(|(line, line_no)| LineRow {
        tenant_id: entry.tenant_id,
        entry_id: entry.id,
        line_no,
        account_id: line.account.id(),
        side: line.side,
        amount_minor: line.amount_minor,
        balance_after_minor: line.balance_after_minor,
    })
}

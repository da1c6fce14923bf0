//! The chain of hashes through a lane's entries, by which a changed or missing one is found.

use super::{EntryKind, Side};
use crate::id::{AccountId, EntryId, Id128, TenantId, TypedId};
use sha2::{Digest, Sha256};
use tk_money::Currency;

/// What the hash of an entry covers besides its lines.
#[derive(Debug, Clone, Copy)]
pub struct EntryLink<'a> {
    /// The hash of the entry ahead of it in its lane; 32 zero bytes before the first.
    pub prev_hash: &'a [u8],
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: EntryId,
    /// The business event.
    pub kind: EntryKind,
    /// Payment, attempt, refund and the entry that it reverses, where it has them.
    pub subjects: [Option<Id128>; 4],
    /// Its one currency.
    pub currency: Currency,
    /// When it was booked, Unix microseconds.
    pub booked_at_us: i64,
    /// The writer lane that booked it.
    pub lane: i64,
    /// Gapless per tenant and lane.
    pub seq: i64,
}

/// A line as the hash covers it.
#[derive(Debug, Clone, Copy)]
pub struct LinkLine {
    /// The account posted to.
    pub account_id: AccountId,
    /// On which side.
    pub side: Side,
    /// Minor units.
    pub amount_minor: i64,
    /// The account's balance after it, minor units.
    pub balance_after_minor: i64,
}

impl EntryLink<'_> {
    /// SHA-256 over the previous hash, every field and every line, each of a fixed length or with its length before it.
    #[must_use]
    pub fn hash(&self, lines: impl Iterator<Item = LinkLine>) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.prev_hash);
        hash.update(self.tenant_id.id128().0);
        hash.update(self.id.id128().0);
        for word in [self.kind.word(), self.currency.code()] {
            hash.update(u64::try_from(word.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(word);
        }
        for subject in self.subjects {
            hash.update([u8::from(subject.is_some())]);
            hash.update(subject.unwrap_or_default().0);
        }
        for number in [self.booked_at_us, self.lane, self.seq] {
            hash.update(number.to_be_bytes());
        }
        for line in lines {
            hash.update(line.account_id.id128().0);
            hash.update([u8::from(line.side == Side::Credit)]);
            hash.update(line.amount_minor.to_be_bytes());
            hash.update(line.balance_after_minor.to_be_bytes());
        }
        hash.finalize().to_vec()
    }
}

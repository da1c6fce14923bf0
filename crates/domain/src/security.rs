//! Who was turned away at the door, counted by minute.

use crate::id::{Id128, SecurityRecordId, TenantId};
use crate::moment::MINUTE_US;
use sha2::{Digest, Sha256};

/// The source that stands for all those beyond the ones told apart within a minute.
pub const OTHERS: &str = "others";

/// Callers turned away for one reason, from one source, within one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityRecord {
    /// The tenant that they named.
    pub tenant_id: TenantId,
    /// Derived from the minute and what tells the record apart; sorts by time.
    pub id: SecurityRecordId,
    /// Why, as the wire code that they were answered.
    pub code: String,
    /// The address they came from, or [`OTHERS`].
    pub source: String,
    /// What they spoke for: a key, or the channel account of a callback, where it is known.
    pub subject: Option<String>,
    /// How often.
    pub times: i64,
    /// The first of them, Unix microseconds.
    pub first_at_us: i64,
    /// The last of them, Unix microseconds.
    pub last_at_us: i64,
}

impl SecurityRecord {
    /// The identifier of the record of this minute, reason, source and subject.
    #[must_use]
    pub fn id_of(at_us: i64, (code, source, subject): (&str, &str, Option<&str>)) -> SecurityRecordId {
        let mut hash = Sha256::new();
        for part in [code, source, subject.unwrap_or_default()] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let told_apart = u128::from_be_bytes(Id128::of_hash(hash).0);
        SecurityRecordId(Id128::v7(at_us.div_euclid(MINUTE_US).saturating_mul(MINUTE_US), told_apart))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_per_minute_reason_source_and_subject() {
        let at_us = 90 * MINUTE_US + 7;
        let one = SecurityRecord::id_of(at_us, ("token_invalid", "203.0.113.1", None));
        assert_eq!(one, SecurityRecord::id_of(at_us + MINUTE_US - 8, ("token_invalid", "203.0.113.1", None)));
        for other in [
            SecurityRecord::id_of(at_us + MINUTE_US, ("token_invalid", "203.0.113.1", None)),
            SecurityRecord::id_of(at_us, ("token_invalid", "203.0.113.2", None)),
            SecurityRecord::id_of(at_us, ("key_revoked", "203.0.113.1", None)),
            SecurityRecord::id_of(at_us, ("token_invalid", "203.0.113.1", Some("key"))),
        ] {
            assert_ne!(one, other);
        }
        assert!(one < SecurityRecord::id_of(at_us + MINUTE_US, ("a", "b", None)), "it sorts by time");
    }
}

//! An exception: a matter about money that needs further evidence or a person.

use crate::id::{AttemptId, ExceptionId, Id128, PaymentId, RefundId, TenantId};
use crate::snapshot::Snapshot;
use crate::words::words;
use sha2::{Digest, Sha256};

words! {
    /// What kind of matter it is.
    ExceptionKind {
        /// The channel names an amount or currency that is not the order's.
        AmountMismatch = "amount_mismatch",
        /// The channel names another app or merchant than ours.
        PayeeMismatch = "payee_mismatch",
        /// A verified message about an order that is not ours.
        OrphanReport = "orphan_report",
        /// A second success of one payment.
        DuplicatePaid = "duplicate_paid",
        /// A success after close, expiry or failure.
        LateSuccess = "late_success",
        /// A payment unknown for a day.
        PaymentUnknown = "payment_unknown",
        /// A refund unknown for a day, or refused for a day.
        RefundUnknown = "refund_unknown",
        /// The channel names a refunded amount that is not the refund's.
        RefundMismatch = "refund_mismatch",
        /// The channel says failed or not found about a refund it had reported done.
        RefundReopened = "refund_reopened",
        /// The channel takes back a success it had proven.
        SuccessContradicted = "success_contradicted",
    }
}

words! {
    /// Whether the matter is settled.
    ExceptionStatus {
        /// Somebody has to look, or evidence is awaited.
        Open = "open",
        /// Settled by evidence or by a person.
        Closed = "closed",
    }
}

/// A matter about money that needs further evidence or a person; one per kind and subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from kind and subject, so that the same matter is opened once.
    pub id: ExceptionId,
    /// What kind.
    pub kind: ExceptionKind,
    /// The payment concerned.
    pub payment_id: Option<PaymentId>,
    /// The attempt concerned.
    pub attempt_id: Option<AttemptId>,
    /// The refund concerned.
    pub refund_id: Option<RefundId>,
    /// The sum concerned, minor units.
    pub amount_minor: i64,
    /// What was seen, without personal data, JSON.
    pub detail: String,
    /// Whether it is settled.
    pub status: ExceptionStatus,
    /// Unix microseconds.
    pub opened_at_us: i64,
    /// Unix microseconds.
    pub closed_at_us: Option<i64>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Exception {
    /// The identifier of the matter of this kind about this subject.
    #[must_use]
    pub fn id_of(tenant_id: TenantId, kind: ExceptionKind, subject: &str) -> ExceptionId {
        let mut hash = Sha256::new();
        hash.update(tenant_id.0.0);
        hash.update(kind.word().as_bytes());
        hash.update([0]);
        hash.update(subject.as_bytes());
        let mut bytes = [0_u8; 16];
        for (byte, from) in bytes.iter_mut().zip(hash.finalize().iter()) {
            *byte = *from;
        }
        ExceptionId(Id128(bytes))
    }

    /// This matter, unless it is open already; a settled one opens again.
    #[must_use]
    pub(crate) fn unless_open(self, snapshot: &Snapshot) -> Option<Self> {
        let known = snapshot.exceptions.get(&(self.tenant_id, self.id));
        known.is_none_or(|known| known.status == ExceptionStatus::Closed).then_some(self)
    }

    /// The open matter of this name, settled by evidence.
    #[must_use]
    pub(crate) fn settled(
        (tenant_id, id): (TenantId, ExceptionId),
        snapshot: &Snapshot,
        now_us: i64,
    ) -> Option<Self> {
        let open = snapshot.exceptions.get(&(tenant_id, id))?;
        (open.status == ExceptionStatus::Open).then(|| Self {
            status: ExceptionStatus::Closed,
            closed_at_us: Some(now_us),
            ..open.clone()
        })
    }
}

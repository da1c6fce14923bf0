//! An exception: a matter about money that needs further evidence or a person.

mod acknowledge;
mod resolve;

pub use acknowledge::AcknowledgeException;
pub use resolve::{
    DecideResolution, ProposeResolution, Resolution, ResolutionKind, ResolutionStatus, Subject,
};

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, ChannelAccountId, ExceptionId, Id128, PaymentId, RefundId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::words::words;
use serde_json::json;
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
        /// A refund was done after it had failed or been withdrawn.
        RefundLateSuccess = "refund_late_success",
        /// A payment ended although part of its transfer had arrived.
        TransferIncomplete = "transfer_incomplete",
        /// A policy was issued although its money was given back or is on its way back.
        IssuedAndRefunded = "issued_and_refunded",
        /// The bank took back money that had been given to an order.
        TransferReversed = "transfer_reversed",
        /// The bank took money back, and it is not sure which.
        ReversalUnlinked = "reversal_unlinked",
        /// Money that had been sent to somebody came back.
        ReturnBounced = "return_bounced",
        /// What a payment brought does not cover the shares agreed with it.
        SplitUncovered = "split_uncovered",
        /// A split unknown for a day, or refused for a day.
        SplitUnknown = "split_unknown",
        /// The channel names shares that are not ours.
        SplitMismatch = "split_mismatch",
        /// The channel says the opposite of what it had proven of a share; the books follow the first.
        SplitContradicted = "split_contradicted",
        /// Shares were proven not paid; they are the merchant's again.
        SplitFailed = "split_failed",
        /// A refund is done, and the channel did not take a share back for it; the merchant bears it.
        SplitNotReturned = "split_not_returned",
        /// A slip is in the books and no statement has proven it within its time.
        SlipUnproven = "slip_unproven",
        /// A statement does not begin where the one before it ended.
        StatementGap = "statement_gap",
        /// Two statements tell of equal lines without numbers or balances; they were taken for the same.
        StatementOverlap = "statement_overlap",
        /// A bank's direct link has brought nothing for a day.
        BankLinkSilent = "bank_link_silent",
        /// A file of a bank's direct link was refused as a whole.
        StatementRefused = "statement_refused",
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
    /// What a person proposed to do with money in suspense, and what was decided, JSON.
    pub resolution: Option<String>,
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
        ExceptionId(Id128::of_hash(hash))
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

words! {
    /// What a message about something that is not ours names.
    OrphanOf {
        /// An order: money that came in.
        Order = "order",
        /// A refund: money that left.
        Refund = "refund",
    }
}

/// Opens the matter of a verified message about an order or a refund that is not ours; again where a person had ended it.
#[derive(Debug, Clone)]
pub struct OpenOrphan {
    /// The tenant whose channel account was told.
    pub tenant_id: TenantId,
    /// The channel account that was told.
    pub channel_account_id: ChannelAccountId,
    /// What it names.
    pub of: OrphanOf,
    /// The number that the channel named.
    pub out_no: String,
    /// The amount that the channel named, minor units; 0 if none.
    pub amount_minor: i64,
}

impl OpenOrphan {
    fn id(&self) -> ExceptionId {
        let subject = match self.of {
            OrphanOf::Order => format!("{}/{}", self.channel_account_id, self.out_no),
            OrphanOf::Refund => format!("{}/refund/{}", self.channel_account_id, self.out_no),
        };
        Exception::id_of(self.tenant_id, ExceptionKind::OrphanReport, &subject)
    }
}

impl Command for OpenOrphan {
    type Reply = Exception;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Exception(self.tenant_id, self.id()));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Exception>, Refusal> {
        let known = snapshot.exceptions.get(&(self.tenant_id, self.id()));
        if let Some(open) = known.filter(|row| row.status == ExceptionStatus::Open) {
            return Ok(Decision::nothing(open.clone()));
        }
        let out_no: String = self.out_no.chars().take(64).collect();
        let exception = Exception {
            tenant_id: self.tenant_id,
            id: self.id(),
            kind: ExceptionKind::OrphanReport,
            payment_id: None,
            attempt_id: None,
            refund_id: None,
            amount_minor: self.amount_minor.max(0),
            detail: json!({ "channel_account": self.channel_account_id, "of": self.of, "out_no": out_no })
                .to_string(),
            resolution: None,
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        };
        let mut changes = Changes::default();
        let origin = Origin::channel(self.channel_account_id);
        let detail = json!({ "of": self.of, "out_no": out_no });
        changes.audit((self.tenant_id, &origin), Act::ExceptionOpen, &exception.id, &detail, moment);
        changes.put(exception.clone());
        Ok(Decision::new(exception, changes))
    }
}

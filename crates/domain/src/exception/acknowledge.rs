//! Ending a matter in which nothing is left to move: a named person says why it is over.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{
    Exception, ExceptionKind, ExceptionStatus, Resolution, ResolutionKind, ResolutionStatus,
};
use crate::id::{AttemptId, ExceptionId, TenantId};
use crate::moment::Moment;
use crate::payment::Disposition;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Ends a matter in which nothing is left to move. It opens again if the same is seen again.
#[derive(Debug, Clone)]
pub struct AcknowledgeException {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The exception.
    pub exception_id: ExceptionId,
    /// The attempt that the exception is about, if it is about one.
    pub attempt_id: Option<AttemptId>,
    /// Why it is over.
    pub reason: String,
    /// The person who says so.
    pub maker: String,
    /// Who asks.
    pub origin: Origin,
}

/// What has to be so before a matter of a kind ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// A person who has looked into it.
    Seen,
    /// The same, once the attempt's money has gone back or was taken for something else.
    MoneyGone,
    /// The same, once the attempt is over and no other amount was booked for it.
    NothingBooked,
    /// The same, once nothing of the transfer is held for the ended order.
    TransferUndone,
    /// Only what proves it: a channel's answer, a bank's statement, or two persons who move the money.
    Proven,
}

const fn ends(kind: ExceptionKind) -> Ends {
    match kind {
        ExceptionKind::DuplicatePaid | ExceptionKind::LateSuccess => Ends::MoneyGone,
        ExceptionKind::TransferIncomplete => Ends::TransferUndone,
        ExceptionKind::AmountMismatch => Ends::NothingBooked,
        ExceptionKind::PaymentUnknown
        | ExceptionKind::RefundUnknown
        | ExceptionKind::SplitUnknown
        | ExceptionKind::SlipUnproven
        | ExceptionKind::ReversalUnlinked
        | ExceptionKind::BankLinkSilent => Ends::Proven,
        ExceptionKind::PayeeMismatch
        | ExceptionKind::OrphanReport
        | ExceptionKind::RefundMismatch
        | ExceptionKind::RefundReopened
        | ExceptionKind::RefundLateSuccess
        | ExceptionKind::IssuedAndRefunded
        | ExceptionKind::TransferReversed
        | ExceptionKind::ReturnBounced
        | ExceptionKind::SplitUncovered
        | ExceptionKind::SplitMismatch
        | ExceptionKind::SplitContradicted
        | ExceptionKind::SplitFailed
        | ExceptionKind::SplitNotReturned
        | ExceptionKind::StatementGap
        | ExceptionKind::StatementOverlap
        | ExceptionKind::StatementRefused
        | ExceptionKind::SuccessContradicted => Ends::Seen,
    }
}

impl AcknowledgeException {
    fn check(&self) -> Result<(), Refusal> {
        let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
        if self.maker.trim().is_empty() {
            return invalid("maker", "the person's name");
        }
        if self.reason.trim().is_empty() {
            return invalid("reason", "why");
        }
        Ok(())
    }

    /// Whether no money waits behind the matter.
    fn nothing_waits(&self, kind: ExceptionKind, snapshot: &Snapshot) -> bool {
        let key = self.attempt_id.map(|id| (self.tenant_id, id));
        let attempt = key.and_then(|key| snapshot.attempts.get(&key));
        let order = key.and_then(|key| snapshot.transfer_orders.get(&key));
        match ends(kind) {
            Ends::Seen => true,
            Ends::MoneyGone => attempt.is_some_and(|row| row.not_refunded_minor() <= row.credited_minor),
            Ends::NothingBooked => attempt
                .is_some_and(|row| !row.status.open() && row.disposition != Some(Disposition::Mismatch)),
            Ends::TransferUndone => order.is_some_and(|row| row.received_minor == 0),
            Ends::Proven => false,
        }
    }
}

impl Command for AcknowledgeException {
    type Reply = Exception;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Exception(self.tenant_id, self.exception_id));
        if let Some(attempt_id) = self.attempt_id {
            wants.add(Want::Attempt(self.tenant_id, attempt_id));
            wants.add(Want::TransferOrder(self.tenant_id, attempt_id));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Exception>, Refusal> {
        self.check()?;
        let exception = snapshot
            .exceptions
            .get(&(self.tenant_id, self.exception_id))
            .filter(|row| row.attempt_id == self.attempt_id)
            .ok_or(Refusal::NotFound { what: "exception" })?;
        if exception.status == ExceptionStatus::Closed {
            return Err(Refusal::NotResolvable);
        }
        if !self.nothing_waits(exception.kind, snapshot) {
            return Err(Refusal::MatterNotOver);
        }
        let resolution = Resolution {
            kind: ResolutionKind::Acknowledged,
            amount: 0,
            merchant_order_no: None,
            reason: self.reason.clone(),
            maker: self.maker.clone(),
            proposed_at_us: moment.now_us,
            status: ResolutionStatus::Approved,
            checker: None,
            decided_at_us: Some(moment.now_us),
        };
        let over = Exception {
            resolution: serde_json::to_string(&resolution).ok(),
            status: ExceptionStatus::Closed,
            closed_at_us: Some(moment.now_us),
            ..exception.clone()
        };
        let mut changes = Changes::default();
        let detail = json!({ "resolution": resolution });
        let by = (self.tenant_id, &self.origin);
        changes.audit(by, Act::ExceptionAcknowledge, &over.id, &detail, moment);
        changes.put(over.clone());
        Ok(Decision::new(over, changes))
    }
}

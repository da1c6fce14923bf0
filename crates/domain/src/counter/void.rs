//! Undoing a taking within its shift: the cashier asks, a second person decides, and the money goes back as a refund.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::counter::hand_over::{HandOverRefund, Seen};
use crate::counter::{CounterFlow, CounterMovement, Shift, ShiftStatus, Slip, VoidStatus};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, MovementId, PaymentId, RefundId, ShiftId, TenantId, TypedId};
use crate::moment::Moment;
use crate::person::{name_of_actor, second_person};
use crate::refund::{CreateRefund, Refund, RejectRefund, ask_void};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::Verdict;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Asks to undo a taking of an open shift. The merchant's money is held until a second person has decided.
#[derive(Debug, Clone)]
pub struct AskVoid {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The taking's shift, payment and attempt, named so that all rows are locked in one order.
    pub rows: (ShiftId, PaymentId, AttemptId),
    /// Why.
    pub reason: String,
    /// The cashier's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl AskVoid {
    fn refund(&self, amount_minor: i64) -> CreateRefund {
        CreateRefund {
            tenant_id: self.tenant_id,
            app_id: None,
            payment_id: self.rows.1,
            attempt_id: Some(self.rows.2),
            merchant_refund_no: String::new(),
            amount_minor,
            items: Vec::new(),
            currency: None,
            reason: self.reason.clone(),
            origin: self.origin.clone(),
        }
    }

    fn movement(&self, snapshot: &Snapshot) -> Result<CounterMovement, Refusal> {
        let id = MovementId(self.rows.2.id128());
        let movement = snapshot.counter_movements.get(&(self.tenant_id, id)).cloned();
        let (shift_id, payment_id, attempt_id) = self.rows;
        let named = |row: &CounterMovement| {
            (row.shift_id, row.payment_id, row.attempt_id) == (shift_id, payment_id, attempt_id)
        };
        movement.filter(named).ok_or(Refusal::NotFound { what: "counter_movement" })
    }
}

impl Command for AskVoid {
    type Reply = CounterMovement;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        self.refund(0).want_rows(snapshot, wants);
        if snapshot.attempts.get(&(self.tenant_id, self.rows.2)).is_some() {
            wants.add(Want::Shift(self.tenant_id, self.rows.0));
            wants.add(Want::CounterMovement(self.tenant_id, MovementId(self.rows.2.id128())));
        }
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<CounterMovement>, Refusal> {
        name_of_actor(&self.by)?;
        let mut movement = self.movement(snapshot)?;
        let shift = snapshot.shifts.get(&(self.tenant_id, self.rows.0));
        let shift = shift.ok_or(Refusal::NotFound { what: "shift" })?;
        if shift.status != ShiftStatus::Open {
            return Err(Refusal::ShiftNotOpen);
        }
        if movement.flow != CounterFlow::In || movement.void_status != VoidStatus::None {
            return Err(Refusal::NotVoidable);
        }
        let mut changes = Changes::default();
        let command = self.refund(movement.amount_minor);
        let refund = ask_void(&command, (snapshot, &mut changes), moment)?;
        movement.void_status = VoidStatus::PendingApproval;
        movement.void_reason = Some(self.reason.clone());
        movement.void_by = Some(self.by.clone());
        movement.void_refund_id = Some(refund.id);
        let detail = json!({ "refund": refund.id, "reason": self.reason, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::TakingVoid, &movement.attempt_id, &detail, moment);
        changes.put(refund);
        changes.put(Shift { voids_pending: shift.voids_pending.saturating_add(1), ..shift.clone() });
        changes.put(movement.clone());
        Ok(Decision::new(movement, changes))
    }
}

/// Decides about an undoing that was asked for. Another person than the one who asked.
#[derive(Debug, Clone)]
pub struct DecideVoid {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The taking's shift, payment and attempt and the refund, named so that all rows are locked in one order.
    pub rows: (ShiftId, PaymentId, AttemptId, RefundId),
    /// Yes or no.
    pub verdict: Verdict,
    /// The hash of what the person saw; see [`CounterMovement::content_hash`].
    pub seen: Vec<u8>,
    /// The slip that undoes the first one, for anything but cash.
    pub slip: Option<Slip>,
    /// The person's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// The taking and the refund as they then stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voided {
    /// The taking.
    pub movement: CounterMovement,
    /// The refund.
    pub refund: Refund,
}

impl CounterMovement {
    /// The hash over what a second person decides about.
    #[must_use]
    pub fn content_hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.id.0.0);
        hash.update(self.shift_id.0.0);
        hash.update(self.amount_minor.to_be_bytes());
        hash.update(self.void_refund_id.map(|id| id.0.0).unwrap_or_default());
        let reason = self.void_reason.as_deref().unwrap_or_default();
        for text in [self.method.word(), self.void_status.word(), reason] {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().to_vec()
    }
}

impl DecideVoid {
    fn hand_over(&self) -> HandOverRefund {
        let (shift_id, payment_id, attempt_id, refund_id) = self.rows;
        HandOverRefund {
            tenant_id: self.tenant_id,
            shift_id,
            rows: (payment_id, attempt_id, refund_id),
            slip: self.slip.clone(),
            by: self.by.clone(),
            origin: self.origin.clone(),
        }
    }

    fn reject(
        &self,
        seen: &Seen<'_>,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<(Refund, Shift, Changes), Refusal> {
        let (refund_id, origin) = (self.rows.3, self.origin.clone());
        let command = RejectRefund { tenant_id: self.tenant_id, refund_id, origin };
        let Decision { reply, changes } = command.decide(snapshot, moment)?;
        Ok((reply, seen.shift.clone(), changes))
    }

    fn movement(&self, snapshot: &Snapshot) -> Result<CounterMovement, Refusal> {
        let id = MovementId(self.rows.2.id128());
        let movement = snapshot.counter_movements.get(&(self.tenant_id, id)).cloned();
        let movement = movement.ok_or(Refusal::NotFound { what: "counter_movement" })?;
        let waits = movement.void_status == VoidStatus::PendingApproval
            && movement.void_refund_id == Some(self.rows.3)
            && movement.shift_id == self.rows.0;
        if !waits || movement.content_hash() != self.seen {
            return Err(Refusal::ApprovalConsumed);
        }
        second_person(movement.void_by.as_deref().unwrap_or_default(), &self.by, &self.origin)?;
        Ok(movement)
    }
}

impl Command for DecideVoid {
    type Reply = Voided;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        self.hand_over().want(snapshot, wants);
        if snapshot.refunds.get(&(self.tenant_id, self.rows.3)).is_some() {
            wants.add(Want::CounterMovement(self.tenant_id, MovementId(self.rows.2.id128())));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Voided>, Refusal> {
        let mut movement = self.movement(snapshot)?;
        let hand_over = self.hand_over();
        let seen = hand_over.seen(snapshot)?;
        let (refund, shift, mut changes) = match self.verdict {
            Verdict::Approve => {
                let (done, shift, changes) = hand_over.hand_over(&seen, snapshot, moment)?;
                movement.void_status = VoidStatus::Approved;
                (done.refund, shift, changes)
            }
            Verdict::Reject => {
                let rejected = self.reject(&seen, snapshot, moment)?;
                movement.void_status = VoidStatus::None;
                rejected
            }
        };
        movement.decided_by = Some(self.by.clone());
        changes.put(Shift { voids_pending: shift.voids_pending.saturating_sub(1), ..shift });
        let detail = json!({ "verdict": self.verdict, "refund": refund.id, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::VoidDecide, &movement.attempt_id, &detail, moment);
        changes.put(movement.clone());
        Ok(Decision::new(Voided { movement, refund }, changes))
    }
}

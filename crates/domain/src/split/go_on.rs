//! A refund that waits until it is known what became of the shares it takes back.

use super::rows::{ReturnStatus, SplitLineStatus};
use super::undo::{end, put_all, returns_of, want_undoing};
use crate::ask;
use crate::audit::Origin;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{PaymentId, RefundId, TenantId, TypedId};
use crate::instruction::{InstructionKind, InstructionStatus};
use crate::moment::{Moment, SECOND_US};
use crate::refund::{Refund, refund_limits};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// How soon it is looked at again.
const LOOK_AGAIN_US: i64 = 5 * SECOND_US;

/// Sends a refund on its way if the channel has said of every share that it takes back whether it was paid.
#[derive(Debug, Clone)]
pub struct ContinueRefund {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment refunded.
    pub payment_id: PaymentId,
    /// The refund.
    pub refund_id: RefundId,
    /// Who asks.
    pub origin: Origin,
}

impl ContinueRefund {
    /// A refund that has waited for a day is looked at by a person, as one that nobody answers.
    fn escalate(
        &self,
        mut refund: Refund,
        snapshot: &Snapshot,
        changes: &mut Changes,
        moment: &Moment<'_>,
    ) -> Refund {
        let age_us = moment.now_us.saturating_sub(refund.created_at_us);
        if age_us < ask::MANUAL_AFTER_US || refund.needs_manual {
            return refund;
        }
        refund.needs_manual = true;
        refund.updated_at_us = moment.now_us;
        let raised = Exception {
            tenant_id: self.tenant_id,
            id: refund.unknown(),
            kind: ExceptionKind::RefundUnknown,
            payment_id: Some(refund.payment_id),
            attempt_id: Some(refund.attempt_id),
            refund_id: Some(refund.id),
            amount_minor: refund.amount_minor,
            detail: json!({ "waits_for": "shares" }).to_string(),
            resolution: None,
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        };
        changes.put_some(raised.unless_open(snapshot));
        changes.put(refund.clone());
        refund
    }
}

impl Command for ContinueRefund {
    type Reply = Refund;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        // What ranks below an attempt waits until the payment names the one whose money is shared.
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        wants.add_some(payment.effective_attempt_id.map(|id| Want::Attempt(self.tenant_id, id)));
        wants.add(Want::Refund(self.tenant_id, self.refund_id));
        wants.add(Want::Instruction(self.tenant_id, self.refund_id.id128()));
        if let Some(refund) = snapshot.refunds.get(&(self.tenant_id, self.refund_id)) {
            wants.add(Want::Exception(self.tenant_id, refund.unknown()));
        }
        want_undoing(payment, Some(self.refund_id), snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Refund>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing("payment"))?;
        let refund = snapshot.refunds.get(&(self.tenant_id, self.refund_id));
        let refund = refund.filter(|row| row.payment_id == self.payment_id).ok_or(missing("refund"))?;
        let attempt = payment.effective_attempt_id.filter(|id| *id == refund.attempt_id);
        let attempt = attempt.and_then(|id| snapshot.attempts.get(&(self.tenant_id, id)));
        let instruction = snapshot.instructions.get(&(self.tenant_id, refund.id.id128()));
        let waits = instruction
            .filter(|row| row.status == InstructionStatus::Open && row.kind == InstructionKind::RefundAwait);
        let Some(mut instruction) = waits.cloned() else { return Ok(Decision::nothing(refund.clone())) };
        let mut rows = returns_of(refund, payment, snapshot);
        rows.retain(|(back, _)| back.status == ReturnStatus::Waiting);
        let mut changes = Changes::default();
        // Nothing was said: what is said next is the first.
        instruction.tries = 0;
        if rows.iter().any(|(_, line)| line.status == SplitLineStatus::Pending) {
            instruction.next(InstructionKind::RefundAwait, moment.after(LOOK_AGAIN_US));
            changes.put(instruction);
            let refund = self.escalate(refund.clone(), snapshot, &mut changes, moment);
            return Ok(Decision::new(refund, changes));
        }
        let mut attempt = attempt.ok_or(missing("attempt"))?.clone();
        // What was never paid needs no return at the channel: its money is the merchant's already.
        rows.retain(|(_, line)| line.status == SplitLineStatus::Failed);
        for row in &mut rows {
            end(row, ReturnStatus::Done, moment);
        }
        put_all(rows, &mut changes);
        // Others of the payment were sent while it waited: it takes its turn after them.
        let due_at_us = attempt.next_refund_at_us.max(moment.now_us);
        attempt.next_refund_at_us = due_at_us.saturating_add(refund_limits(attempt.channel).spacing_us);
        attempt.updated_at_us = moment.now_us;
        changes.put(attempt);
        instruction.next(InstructionKind::Refund, due_at_us);
        changes.put(instruction);
        Ok(Decision::new(refund.clone(), changes))
    }
}

//! A refund that waits until it is known what became of the shares it takes back.

use super::rows::{ReturnStatus, SplitLineStatus};
use super::undo::{end, put_all, returns_of, want_undoing};
use crate::audit::Origin;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, RefundId, TenantId, TypedId};
use crate::instruction::{InstructionKind, InstructionStatus};
use crate::moment::{Moment, SECOND_US};
use crate::refund::Refund;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;

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
        wants.add(Want::Refund(self.tenant_id, self.refund_id));
        wants.add(Want::Instruction(self.tenant_id, self.refund_id.id128()));
        if let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) {
            want_undoing(payment, Some(self.refund_id), snapshot, wants);
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Refund>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let refund = snapshot.refunds.get(&(self.tenant_id, self.refund_id));
        let refund = refund.filter(|row| row.payment_id == self.payment_id).ok_or(missing("refund"))?;
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing("payment"))?;
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
            return Ok(Decision::new(refund.clone(), changes));
        }
        // What was never paid needs no return at the channel: its money is the merchant's already.
        rows.retain(|(_, line)| line.status == SplitLineStatus::Failed);
        for row in &mut rows {
            end(row, ReturnStatus::Done, moment);
        }
        put_all(rows, &mut changes);
        instruction.next(InstructionKind::Refund, moment.now_us);
        changes.put(instruction);
        Ok(Decision::new(refund.clone(), changes))
    }
}

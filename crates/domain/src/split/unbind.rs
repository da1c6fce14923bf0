//! Ends the binding of a party, so that it gets no more shares.

use super::receiver::{Binding, SplitReceiver};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{SplitReceiverId, TenantId, TypedId};
use crate::instruction::InstructionKind;
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Has the channel unbind a party. Payments name it no more from now on; a split agreed before and not said yet is refused
/// here once it is unbound, and its shares are the merchant's.
#[derive(Debug, Clone)]
pub struct RemoveSplitReceiver {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The party.
    pub receiver_id: SplitReceiverId,
    /// Who asks.
    pub origin: Origin,
}

impl Command for RemoveSplitReceiver {
    type Reply = SplitReceiver;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::SplitReceiver(self.tenant_id, self.receiver_id));
        wants.add(Want::Instruction(self.tenant_id, self.receiver_id.id128()));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<SplitReceiver>, Refusal> {
        let missing = Refusal::NotFound { what: "split_receiver" };
        let row = snapshot.split_receivers.get(&(self.tenant_id, self.receiver_id)).cloned();
        let mut row = row.ok_or(missing)?;
        match row.status {
            Binding::Bound => {}
            Binding::Unbinding | Binding::Unbound => return Ok(Decision::nothing(row)),
            // What was never bound, or may be on its way to be, is not unbound.
            Binding::Pending | Binding::Refused => return Err(Refusal::ReceiverNotBound),
        }
        let said = snapshot.instructions.get(&(self.tenant_id, self.receiver_id.id128())).cloned();
        let mut said = said.ok_or(Refusal::NotFound { what: "instruction" })?;
        row.status = Binding::Unbinding;
        (row.failure_code, row.failure_message) = (None, None);
        row.updated_at_us = moment.now_us;
        said.next(InstructionKind::ReceiverUnbind, moment.now_us);
        let mut changes = Changes::default();
        let (who, detail) = ((self.tenant_id, &self.origin), json!({ "kind": row.kind }));
        changes.audit(who, Act::SplitReceiverRemove, &row.id, &detail, moment);
        changes.put(said);
        changes.put(row.clone());
        Ok(Decision::new(row, changes))
    }
}

//! A reason to ask now what became of a split: somebody says that money moved.

use super::rows::Split;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{SplitId, TenantId, TypedId};
use crate::instruction::{InstructionKind, InstructionStatus};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;

/// Has the channel asked about a split as soon as anybody can. What made us ask proves nothing; one that was never said, is
/// being spoken of or is not asked about any more is left as it is.
#[derive(Debug, Clone)]
pub struct RequestSplitQuery {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The split.
    pub split_id: SplitId,
}

impl Command for RequestSplitQuery {
    type Reply = Split;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Split(self.tenant_id, self.split_id));
        wants.add(Want::Instruction(self.tenant_id, self.split_id.id128()));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Split>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let split = snapshot.splits.get(&(self.tenant_id, self.split_id)).ok_or(missing("split"))?;
        let said = snapshot.instructions.get(&(self.tenant_id, self.split_id.id128()));
        let waits = said.filter(|row| {
            row.status == InstructionStatus::Open
                && row.kind == InstructionKind::SplitQuery
                && row.lease_until_us <= moment.now_us
                && row.due_at_us > moment.now_us
        });
        let Some(mut said) = waits.cloned() else { return Ok(Decision::nothing(split.clone())) };
        said.next(InstructionKind::SplitQuery, moment.now_us);
        let mut changes = Changes::default();
        changes.put(said);
        Ok(Decision::new(split.clone(), changes))
    }
}

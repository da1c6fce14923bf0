//! A share that the merchant lets its receiver keep whatever is refunded.

use super::create::lines_of;
use super::create::want_lines;
use super::rows::{Split, SplitLine, SplitLineStatus, SplitState};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, SplitId, SplitReceiverId, TenantId};
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Says that refunds from now on leave a receiver its share and the merchant bears it: the way out where the channel does
/// not give a share back and does not say that it never will.
#[derive(Debug, Clone)]
pub struct WaiveShare {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment divided.
    pub payment_id: PaymentId,
    /// The split.
    pub split_id: SplitId,
    /// The party that keeps its share.
    pub receiver_id: SplitReceiverId,
    /// Why.
    pub reason: String,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// The split with its shares as they then stand.
#[derive(Debug, Clone)]
pub struct ShareWaived {
    /// The split.
    pub split: Split,
    /// Its shares.
    pub lines: Vec<SplitLine>,
}

impl Command for WaiveShare {
    type Reply = ShareWaived;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Split(self.tenant_id, self.split_id));
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id));
        if let Some(payment) = payment {
            want_lines(payment, wants);
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<ShareWaived>, Refusal> {
        name_of_actor(&self.by)?;
        if self.reason.trim().is_empty() {
            return Err(Refusal::FieldInvalid { param: "reason", reason: "empty" });
        }
        let missing = |what| Refusal::NotFound { what };
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing("payment"))?;
        let split = snapshot.splits.get(&(self.tenant_id, self.split_id));
        let split = split.filter(|row| row.payment_id == payment.id).ok_or(missing("split"))?;
        let of_split = |line: &&SplitLine| line.split_id == split.id;
        let mut lines: Vec<SplitLine> =
            lines_of(payment, snapshot).into_iter().filter(of_split).cloned().collect();
        let line = lines.iter_mut().find(|line| line.to_receiver_id == Some(self.receiver_id));
        let line = line.ok_or(missing("split_receiver"))?;
        if line.status != SplitLineStatus::Done || split.status == SplitState::Failed {
            return Err(Refusal::NotSplittable);
        }
        if line.returning_minor > 0 {
            return Err(Refusal::RefundInProgress);
        }
        let mut changes = Changes::default();
        if line.returnable {
            line.returnable = false;
            changes.put(line.clone());
            let detail = json!({
                "payment": payment.id, "receiver": self.receiver_id, "kept": line.kept_minor(),
                "reason": self.reason, "by": self.by,
            });
            changes.audit((self.tenant_id, &self.origin), Act::ShareWaive, &split.id, &detail, moment);
        }
        Ok(Decision::new(ShareWaived { split: split.clone(), lines }, changes))
    }
}

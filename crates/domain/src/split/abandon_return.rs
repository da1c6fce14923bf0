//! A share that a channel refuses to give back for ever, without saying so for good: given up by two persons.

use super::abandon::{Abandonment, AbandonmentDecided, AbandonmentProposed};
use super::create::{lines_of, want_lines};
use super::rows::{ReturnMode, ReturnStatus, SplitReturn};
use crate::ask;
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, RefundId, SplitReceiverId, SplitReturnId, TenantId, TypedId};
use crate::instruction::InstructionKind;
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Proposes to give up a share's return that the channel refuses, for which a refund waits. Moves nothing.
#[derive(Debug, Clone)]
pub struct AskReturnAbandonment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment refunded.
    pub payment_id: PaymentId,
    /// The refund that waits.
    pub refund_id: RefundId,
    /// The party that has the share.
    pub receiver_id: SplitReceiverId,
    /// What is proposed, and by whom.
    pub proposed: AbandonmentProposed,
    /// Who asks.
    pub origin: Origin,
}

impl AskReturnAbandonment {
    /// The return that the channel was told of, and has refused or said nothing of for a day.
    fn waiting(&self, snapshot: &Snapshot, now_us: i64) -> Result<SplitReturn, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing("payment"))?;
        let mut backs = Vec::new();
        for line in lines_of(payment, snapshot) {
            let id = SplitReturn::id_of(self.refund_id, line.position);
            let back = snapshot.split_returns.get(&(self.tenant_id, id));
            backs.extend(back.filter(|_| line.to_receiver_id == Some(self.receiver_id)));
        }
        if backs.is_empty() {
            return Err(missing("split_return"));
        }
        let refused = |back: &&&SplitReturn| {
            let long = now_us.saturating_sub(back.created_at_us) >= ask::MANUAL_AFTER_US;
            back.mode == ReturnMode::Ahead
                && back.status == ReturnStatus::Processing
                && (back.failure_code.is_some() || long)
        };
        let mut refused = backs.iter().filter(refused).map(|back| (*back).clone()).peekable();
        let first = refused.peek().cloned();
        // Of several shares of one receiver, one that nobody has proposed to give up.
        refused.find(|back| back.abandonment().is_none()).or(first).ok_or(Refusal::NotAbandonable)
    }
}

impl Command for AskReturnAbandonment {
    type Reply = SplitReturn;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        want_lines(payment, wants);
        for n in 0..payment.split_lines_count {
            wants.add(Want::SplitReturn(self.tenant_id, SplitReturn::id_of(self.refund_id, n)));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<SplitReturn>, Refusal> {
        self.proposed.check()?;
        let mut back = self.waiting(snapshot, moment.now_us)?;
        let mut changes = Changes::default();
        if let Some(asked) = self.proposed.beside(back.abandonment(), moment.now_us)? {
            back.abandonment = asked.text();
            back.updated_at_us = moment.now_us;
            let detail = json!({ "reason": asked.reason, "evidence": asked.evidence, "by": asked.maker });
            changes.audit((self.tenant_id, &self.origin), Act::AbandonmentAsk, &back.id, &detail, moment);
            changes.put(back.clone());
        }
        Ok(Decision::new(back, changes))
    }
}

/// Decides whether a share's return is given up, once; the second person is another, and never a key. A yes ends nothing by
/// itself: the channel is asked, and where it does not know the return, its refund fails and the receiver keeps the share.
#[derive(Debug, Clone)]
pub struct DecideReturnAbandonment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The return.
    pub return_id: SplitReturnId,
    /// What is decided, and by whom.
    pub decided: AbandonmentDecided,
    /// Who asks; never a key.
    pub origin: Origin,
}

impl Command for DecideReturnAbandonment {
    type Reply = SplitReturn;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::SplitReturn(self.tenant_id, self.return_id));
        wants.add(Want::Instruction(self.tenant_id, self.return_id.id128()));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<SplitReturn>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let back = snapshot.split_returns.get(&(self.tenant_id, self.return_id));
        let mut back = back.cloned().ok_or(missing("split_return"))?;
        let said = snapshot.instructions.get(&(self.tenant_id, back.id.id128()));
        let mut said = said.cloned().ok_or(Refusal::ApprovalConsumed)?;
        if back.status != ReturnStatus::Processing {
            return Err(Refusal::ApprovalConsumed);
        }
        let kinds = [InstructionKind::SplitReturnQuery, InstructionKind::SplitReturn];
        let (subject, how) = (back.id.to_string(), (kinds, &self.origin));
        let decided = self.decided.on((back.abandonment(), &subject), &mut said, how, moment.now_us)?;
        back.abandonment = decided.text();
        back.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "verdict": self.decided.verdict, "by": self.decided.by });
        changes.audit((self.tenant_id, &self.origin), Act::AbandonmentDecide, &back.id, &detail, moment);
        changes.put(said);
        changes.put(back.clone());
        Ok(Decision::new(back, changes))
    }
}

impl SplitReturn {
    /// The proposal to give it up, with what was decided.
    #[must_use]
    pub fn abandonment(&self) -> Option<Abandonment> {
        Abandonment::stored(self.abandonment.as_ref())
    }
}

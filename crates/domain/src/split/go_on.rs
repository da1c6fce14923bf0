//! A refund that waits until it is known what became of the shares it takes back, and until they came back where they do so
//! by calls of their own.

use super::came_back::saying;
use super::rows::{ReturnMode, ReturnStatus, SplitLine, SplitLineStatus, SplitReturn};
use super::undo::{end, may_have_been_said, put_all, returns_of};
use crate::ask;
use crate::audit::Origin;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{AttemptId, PaymentId, RefundId, TenantId, TypedId};
use crate::instruction::{Instruction, InstructionKind, InstructionStatus};
use crate::moment::{MINUTE_US, Moment, SECOND_US};
use crate::payment::{Attempt, Payment};
use crate::refund::{Refund, TakeRefundReport, refund_limits};
use crate::refusal::Refusal;
use crate::report::{RefundFinding, RefundReport, Source};
use crate::snapshot::Snapshot;
use serde_json::json;

/// How soon it is looked at again.
const LOOK_AGAIN_US: i64 = 5 * SECOND_US;
/// The longest time between two looks.
const LOOK_AGAIN_MAX_US: i64 = 10 * MINUTE_US;

/// The code of a refund that failed because the channel does not give a share back.
pub const SHARE_NOT_RETURNED: &str = "SPLIT_RETURN_REFUSED";

/// Sends a refund on its way if the channel has said of every share that it takes back whether it was paid, and has given
/// back those that come back ahead of it.
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
        (mut refund, rows): (Refund, &[(SplitReturn, SplitLine)]),
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
            detail: json!({ "waits_for": "shares", "shares": waited_for(rows) }).to_string(),
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

/// How long until the next look at what a refund waits for: an eighth of its age, five seconds to ten minutes. Some wait for
/// days, until two persons give a share up.
fn look_again_us(age_us: i64) -> i64 {
    age_us.div_euclid(8).clamp(LOOK_AGAIN_US, LOOK_AGAIN_MAX_US)
}

/// The shares that a refund waits for, as a person is told of them.
fn waited_for(rows: &[(SplitReturn, SplitLine)]) -> Vec<serde_json::Value> {
    let waited = |(back, line): &&(SplitReturn, SplitLine)| {
        line.status == SplitLineStatus::Pending || back.status == ReturnStatus::Processing
    };
    let told = |(back, line): &(SplitReturn, SplitLine)| {
        json!({
            "split": back.split_id, "receiver": line.to_receiver_id, "amount": back.amount_minor,
            "share": line.status, "return": back.status, "code": back.failure_code,
        })
    };
    rows.iter().filter(waited).map(told).collect()
}

/// Where the shares that a refund takes back at the channel stand, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Of one it is not known whether it was paid, or whether it came back.
    Open,
    /// All is known, and some were not yet asked back.
    ToBeAsked,
    /// The channel will not give one back.
    Refused,
    /// Nothing has to come before the refund.
    Ready,
}

impl Standing {
    fn of(rows: &[(SplitReturn, SplitLine)], snapshot: &Snapshot) -> Self {
        let any = |wanted: fn(&(SplitReturn, SplitLine)) -> bool| rows.iter().any(wanted);
        let said = |row: &(SplitReturn, SplitLine)| {
            row.0.status == ReturnStatus::Processing && may_have_been_said(&row.0, snapshot)
        };
        // One that is refused fails the refund: what was not said for it, or not taken, need not come back any more.
        if any(|row| row.0.status == ReturnStatus::Refused) && !rows.iter().any(said) {
            return Self::Refused;
        }
        if any(|(_, line)| line.status == SplitLineStatus::Pending) {
            return Self::Open;
        }
        if any(|row| row.0.status == ReturnStatus::Waiting && comes_ahead(row)) {
            return Self::ToBeAsked;
        }
        match (
            any(|row| row.0.status == ReturnStatus::Processing),
            any(|row| row.0.status == ReturnStatus::Refused),
        ) {
            (true, _) => Self::Open,
            (false, true) => Self::Refused,
            (false, false) => Self::Ready,
        }
    }
}

fn comes_ahead((back, line): &(SplitReturn, SplitLine)) -> bool {
    back.mode == ReturnMode::Ahead && line.status == SplitLineStatus::Done
}

/// The rows of a refund that waits.
struct Waiting<'a> {
    refund: &'a Refund,
    attempt: &'a Attempt,
    instruction: Instruction,
    rows: Vec<(SplitReturn, SplitLine)>,
}

impl Waiting<'_> {
    /// Has what comes back ahead asked back; the refund goes on waiting.
    fn ask(mut self, changes: &mut Changes, moment: &Moment<'_>) {
        self.rows.retain(|row| row.0.status == ReturnStatus::Waiting && comes_ahead(row));
        for (back, _) in &mut self.rows {
            back.status = ReturnStatus::Processing;
            back.updated_at_us = moment.now_us;
            changes.put(saying(back, self.refund, InstructionKind::SplitReturn, moment.now_us));
        }
        self.rows.into_iter().for_each(|(back, _)| changes.put(back));
        self.instruction.next(InstructionKind::RefundAwait, moment.after(LOOK_AGAIN_US));
        changes.put(self.instruction);
    }

    fn send(mut self, changes: &mut Changes, moment: &Moment<'_>) {
        // What was never paid needs no return at the channel: its money is the merchant's already.
        self.rows.retain(|(_, line)| line.status == SplitLineStatus::Failed);
        for row in &mut self.rows {
            end(row, ReturnStatus::Done, moment);
        }
        put_all(self.rows, changes);
        // Others of the payment were sent while it waited: it takes its turn after them.
        let mut attempt = self.attempt.clone();
        let due_at_us = attempt.next_refund_at_us.max(moment.now_us);
        attempt.next_refund_at_us = due_at_us.saturating_add(refund_limits(attempt.channel).spacing_us);
        attempt.updated_at_us = moment.now_us;
        changes.put(attempt);
        self.instruction.next(InstructionKind::Refund, due_at_us);
        changes.put(self.instruction);
    }
}

impl ContinueRefund {
    /// Fails a refund one of whose shares does not come back, before anything was sent: asked for again, it takes that share
    /// back no more, so that the merchant bears it knowingly.
    fn failing(&self, attempt_id: AttemptId, code: Option<&str>) -> TakeRefundReport {
        let (code, message) = (SHARE_NOT_RETURNED.to_owned(), code.unwrap_or_default().to_owned());
        TakeRefundReport {
            tenant_id: self.tenant_id,
            payment_id: self.payment_id,
            attempt_id,
            refund_id: self.refund_id,
            report: RefundReport { source: Source::Query, finding: RefundFinding::Failed { code, message } },
            origin: self.origin.clone(),
        }
    }

    fn waiting<'a>(
        &self,
        (refund, payment): (&'a Refund, &Payment),
        attempt: &'a Attempt,
        snapshot: &Snapshot,
    ) -> Option<Waiting<'a>> {
        let said = snapshot.instructions.get(&(self.tenant_id, refund.id.id128()))?;
        let waits = said.status == InstructionStatus::Open && said.kind == InstructionKind::RefundAwait;
        // Nothing was said: what is said next is the first.
        let instruction = waits.then(|| Instruction { tries: 0, ..said.clone() })?;
        let mut rows = returns_of(refund, payment, snapshot);
        rows.retain(|(back, _)| back.open() && back.mode != ReturnMode::Books);
        Some(Waiting { refund, attempt, instruction, rows })
    }
}

impl Command for ContinueRefund {
    type Reply = Refund;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        // What ranks below an attempt waits until the payment names the one whose money is shared.
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        wants.add_some(payment.effective_attempt_id.map(|id| Want::Attempt(self.tenant_id, id)));
        if let Some(refund) = snapshot.refunds.get(&(self.tenant_id, self.refund_id)) {
            wants.add(Want::Exception(self.tenant_id, refund.unknown()));
        }
        match payment.effective_attempt_id {
            Some(attempt_id) => self.failing(attempt_id, None).wants(snapshot, wants),
            None => wants.add(Want::Refund(self.tenant_id, self.refund_id)),
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Refund>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing("payment"))?;
        let refund = snapshot.refunds.get(&(self.tenant_id, self.refund_id));
        let refund = refund.filter(|row| row.payment_id == self.payment_id).ok_or(missing("refund"))?;
        let attempt = payment.effective_attempt_id.filter(|id| *id == refund.attempt_id);
        let attempt = attempt.and_then(|id| snapshot.attempts.get(&(self.tenant_id, id)));
        let Some(attempt) = attempt else { return Ok(Decision::nothing(refund.clone())) };
        let Some(waiting) = self.waiting((refund, payment), attempt, snapshot) else {
            return Ok(Decision::nothing(refund.clone()));
        };
        let mut changes = Changes::default();
        match Standing::of(&waiting.rows, snapshot) {
            Standing::Refused => {
                let code = waiting.rows.iter().find_map(|(back, _)| back.failure_code.as_deref());
                let failed = self.failing(attempt.id, code).decide(snapshot, moment)?;
                return Ok(Decision::new(failed.reply.refund, failed.changes));
            }
            Standing::Open => {
                let mut instruction = waiting.instruction;
                let look_us = look_again_us(moment.now_us.saturating_sub(refund.created_at_us));
                instruction.next(InstructionKind::RefundAwait, moment.after(look_us));
                changes.put(instruction);
                let told = (refund.clone(), waiting.rows.as_slice());
                let refund = self.escalate(told, snapshot, &mut changes, moment);
                return Ok(Decision::new(refund, changes));
            }
            Standing::ToBeAsked => waiting.ask(&mut changes, moment),
            Standing::Ready => waiting.send(&mut changes, moment),
        }
        Ok(Decision::new(refund.clone(), changes))
    }
}

//! Withdrawing a refund that was not sent, and asking about one that was.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind};
use crate::id::{AttemptId, ExceptionId, PaymentId, RefundId, TenantId, TypedId};
use crate::instruction::{Instruction, InstructionKind};
use crate::ledger::{AccountKind, AccountRef, EntryKind, HoldStatus};
use crate::moment::Moment;
use crate::payment::{Attempt, Disposition, Payment};
use crate::refund::{Refund, RefundOrigin, RefundRoute, RefundState, postings, shares};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::split::{self, want_undoing};
use crate::view::refund_event;
use crate::webhook::EventKind;
use serde_json::json;

/// Withdraws a refund before anything was sent, and gives the hold back.
#[derive(Debug, Clone)]
pub struct CancelRefund {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment refunded.
    pub payment_id: PaymentId,
    /// The attempt whose money would go back.
    pub attempt_id: AttemptId,
    /// The refund.
    pub refund_id: RefundId,
    /// Who asks.
    pub origin: Origin,
}

/// Asks the channel about a refund now, about one that ended without success too; changes no state by itself.
#[derive(Debug, Clone)]
pub struct RequestRefundQuery {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The refund.
    pub refund_id: RefundId,
    /// Who asks.
    pub origin: Origin,
}

fn find(tenant_id: TenantId, refund_id: RefundId, snapshot: &Snapshot) -> Result<&Refund, Refusal> {
    snapshot.refunds.get(&(tenant_id, refund_id)).ok_or(Refusal::NotFound { what: "refund" })
}

impl CancelRefund {
    fn check(&self, refund: &Refund, snapshot: &Snapshot) -> Result<(), Refusal> {
        let instruction = snapshot.instructions.get(&(self.tenant_id, self.refund_id.id128()));
        match refund.status {
            RefundState::Processing => Err(Refusal::RefundInProgress),
            RefundState::Succeeded => Err(Refusal::RefundEnded { done: true }),
            RefundState::Failed | RefundState::Rejected => Err(Refusal::RefundEnded { done: false }),
            // Once approved, staff may have sent it.
            RefundState::Approved if refund.route != RefundRoute::OriginalOnline => {
                Err(Refusal::RefundInProgress)
            }
            RefundState::Approved if instruction.is_some_and(Instruction::may_have_been_said) => {
                Err(Refusal::RefundInProgress)
            }
            RefundState::Approved if being_returned(refund, snapshot) => Err(Refusal::RefundInProgress),
            RefundState::Approved | RefundState::PendingApproval | RefundState::Cancelled => Ok(()),
        }
    }
}

/// Whether the channel may be giving shares back for it by calls of their own.
fn being_returned(refund: &Refund, snapshot: &Snapshot) -> bool {
    let payment = snapshot.payments.get(&(refund.tenant_id, refund.payment_id));
    payment.is_some_and(|payment| split::being_returned(refund, payment, snapshot))
}

impl Command for CancelRefund {
    type Reply = Refund;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Attempt(self.tenant_id, self.attempt_id));
        wants.add(Want::Refund(self.tenant_id, self.refund_id));
        let Some(refund) = snapshot.refunds.get(&(self.tenant_id, self.refund_id)) else { return };
        wants.add(Want::Hold(self.tenant_id, refund.hold_id));
        wants.add(Want::Instruction(self.tenant_id, self.refund_id.id128()));
        wants.add(Want::Exception(self.tenant_id, refund.unknown()));
        if let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) {
            want_undoing(payment, Some(refund.id), snapshot, wants);
            wants.add(Want::Account(payment.credited_account()));
            payment.want_others(wants);
        }
        for kind in [
            AccountKind::Held,
            AccountKind::PendingSettlement,
            AccountKind::Cash,
            AccountKind::Duplicate,
            AccountKind::LateSuccess,
        ] {
            let name = AccountRef::merchant(self.tenant_id, refund.merchant_id, kind, refund.currency);
            wants.add(Want::Account(name));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Refund>, Refusal> {
        let refund = find(self.tenant_id, self.refund_id, snapshot)?;
        if refund.payment_id != self.payment_id || refund.attempt_id != self.attempt_id {
            return Err(Refusal::NotFound { what: "refund" });
        }
        self.check(refund, snapshot)?;
        let attempt = snapshot.attempts.get(&(self.tenant_id, refund.attempt_id));
        let by_two = attempt.is_some_and(|row| row.disposition == Some(Disposition::Mismatch));
        if by_two || refund.origin == RefundOrigin::Void {
            // Two persons decide on it.
            return Err(Refusal::RefundInProgress);
        }
        if refund.status == RefundState::Cancelled {
            return Ok(Decision::nothing(refund.clone()));
        }
        let mut changes = Changes::default();
        let mut refund = refund.clone();
        refund.status = RefundState::Cancelled;
        refund.ended_at_us = Some(moment.now_us);
        refund.updated_at_us = moment.now_us;
        give_back(&refund, snapshot, &mut changes, moment)?;
        changes.put_some(refund.waited(snapshot, moment.now_us));
        changes.put(refund_event(EventKind::RefundCancelled, &mut refund, moment));
        let detail = json!({ "amount": refund.amount_minor });
        changes.audit((self.tenant_id, &self.origin), Act::RefundCancel, &refund.id, &detail, moment);
        changes.put(refund.clone());
        Ok(Decision::new(refund, changes))
    }
}

impl Refund {
    /// The matter of a refund that waited for a day.
    pub(crate) fn unknown(&self) -> ExceptionId {
        Exception::id_of(self.tenant_id, ExceptionKind::RefundUnknown, &self.id.to_string())
    }

    /// Nobody waits for it any longer: the matter of having waited for long, settled.
    pub(super) fn waited(&mut self, snapshot: &Snapshot, now_us: i64) -> Option<Exception> {
        let told = std::mem::take(&mut self.needs_manual);
        Exception::settled((self.tenant_id, self.unknown()), snapshot, now_us).filter(|_| told)
    }
}

/// Withdraws a refund that was not sent, because something else must not stand beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WithdrawUnsent<'a> {
    /// The refund.
    pub refund: &'a Refund,
    /// Who asks.
    pub origin: &'a Origin,
}

impl WithdrawUnsent<'_> {
    /// The hold and its accounts, and the matter of having waited for long.
    pub(crate) fn want(refund: &Refund, payment: &Payment, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Exception(refund.tenant_id, refund.unknown()));
        want_undoing(payment, Some(refund.id), snapshot, wants);
        wants.add(Want::Hold(refund.tenant_id, refund.hold_id));
        wants.add(Want::Account(payment.credited_account()));
        payment.want_others(wants);
        for kind in [AccountKind::Held, AccountKind::PendingSettlement, AccountKind::Cash] {
            let name = AccountRef::merchant(refund.tenant_id, refund.merchant_id, kind, refund.currency);
            wants.add(Want::Account(name));
        }
    }

    /// Nothing if it was sent, or two persons decide about it; payment and attempt are left to the caller to write.
    pub(crate) fn withdraw(
        &self,
        (payment, attempt): (&mut Payment, &mut Option<Attempt>),
        (snapshot, changes): (&Snapshot, &mut Changes),
        moment: &mut Moment<'_>,
    ) -> Option<()> {
        let tenant_id = self.refund.tenant_id;
        let instruction = snapshot.instructions.get(&(tenant_id, self.refund.id.id128()));
        let waits = matches!(self.refund.status, RefundState::Approved | RefundState::PendingApproval);
        let sent = instruction.is_some_and(Instruction::may_have_been_said);
        // Once approved, staff may have sent it.
        let by_staff =
            self.refund.status == RefundState::Approved && self.refund.route != RefundRoute::OriginalOnline;
        let sent = sent || being_returned(self.refund, snapshot);
        if !waits || sent || by_staff || self.refund.origin == RefundOrigin::Void {
            return None;
        }
        let stored = || snapshot.attempts.get(&(tenant_id, self.refund.attempt_id)).cloned();
        let mut row = attempt.take().or_else(stored)?;
        let mut hold = snapshot.holds.get(&(tenant_id, self.refund.hold_id)).cloned()?;
        hold.status = HoldStatus::Released;
        hold.ended_at_us = Some(moment.now_us);
        row.refunding_minor = row.refunding_minor.saturating_sub(self.refund.amount_minor);
        row.updated_at_us = moment.now_us;
        payment.refunding_minor = payment.refunding_minor.saturating_sub(self.refund.amount_minor);
        payment.updated_at_us = moment.now_us;
        shares::give_back(payment, &mut row, self.refund);
        *attempt = Some(row);
        let mut refund = self.refund.clone();
        refund.status = RefundState::Cancelled;
        refund.ended_at_us = Some(moment.now_us);
        refund.updated_at_us = moment.now_us;
        changes.put_some(postings::hold(EntryKind::Release, &hold, &refund, moment));
        split::release((&refund, payment), snapshot, changes, moment);
        if let Some(mut instruction) = instruction.cloned() {
            instruction.finish();
            changes.put(instruction);
        }
        changes.put_some(refund.waited(snapshot, moment.now_us));
        changes.put(refund_event(EventKind::RefundCancelled, &mut refund, moment));
        let detail = json!({ "amount": refund.amount_minor, "because": "policy_issued" });
        changes.audit((tenant_id, self.origin), Act::RefundCancel, &refund.id, &detail, moment);
        changes.put(hold);
        changes.put(refund);
        Some(())
    }
}

/// Refuses a refund that waits for a second person, and gives the hold back.
#[derive(Debug, Clone)]
pub(crate) struct RejectRefund {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The refund.
    pub refund_id: RefundId,
    /// Who asks.
    pub origin: Origin,
}

impl RejectRefund {
    /// Decides over rows that the caller has wanted: payment, attempt, refund, hold and the hold's accounts.
    pub(crate) fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<Refund>, Refusal> {
        let mut refund = find(self.tenant_id, self.refund_id, snapshot)?.clone();
        if refund.status != RefundState::PendingApproval {
            return Err(Refusal::ApprovalConsumed);
        }
        let mut changes = Changes::default();
        refund.status = RefundState::Rejected;
        refund.ended_at_us = Some(moment.now_us);
        refund.updated_at_us = moment.now_us;
        give_back(&refund, snapshot, &mut changes, moment)?;
        changes.put(refund_event(EventKind::RefundRejected, &mut refund, moment));
        let detail = json!({ "amount": refund.amount_minor });
        changes.audit((self.tenant_id, &self.origin), Act::RefundReject, &refund.id, &detail, moment);
        changes.put(refund.clone());
        Ok(Decision::new(refund, changes))
    }
}

/// Releases the hold of a refund that ends without having been sent; the refund itself is left to the caller to write.
fn give_back(
    refund: &Refund,
    snapshot: &Snapshot,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) -> Result<(), Refusal> {
    let tenant_id = refund.tenant_id;
    let missing = |what| Refusal::NotFound { what };
    let key = |id| (tenant_id, id);
    let mut hold = snapshot.holds.get(&(tenant_id, refund.hold_id)).cloned().ok_or(missing("hold"))?;
    let mut attempt =
        snapshot.attempts.get(&(tenant_id, refund.attempt_id)).cloned().ok_or(missing("attempt"))?;
    let mut payment = snapshot.payments.get(&key(refund.payment_id)).cloned().ok_or(missing("payment"))?;
    hold.status = HoldStatus::Released;
    hold.ended_at_us = Some(moment.now_us);
    attempt.refunding_minor = attempt.refunding_minor.saturating_sub(refund.amount_minor);
    attempt.updated_at_us = moment.now_us;
    shares::give_back(&mut payment, &mut attempt, refund);
    if payment.effective_attempt_id == Some(attempt.id) {
        payment.refunding_minor = payment.refunding_minor.saturating_sub(refund.amount_minor);
        payment.updated_at_us = moment.now_us;
        changes.put(payment.clone());
    }
    changes.put_some(postings::hold(EntryKind::Release, &hold, refund, moment));
    split::release((refund, &payment), snapshot, changes, moment);
    if let Some(mut instruction) = snapshot.instructions.get(&(tenant_id, refund.id.id128())).cloned() {
        instruction.finish();
        changes.put(instruction);
    }
    changes.put(attempt);
    changes.put(hold);
    Ok(())
}

/// Whether an answer of the channel could tell anything new.
const fn may_be_asked(refund: &Refund) -> bool {
    match refund.status {
        RefundState::Processing => true,
        RefundState::Failed | RefundState::Rejected | RefundState::Cancelled => {
            refund.late_succeeded_at_us.is_none()
        }
        RefundState::PendingApproval | RefundState::Approved | RefundState::Succeeded => false,
    }
}

impl Command for RequestRefundQuery {
    type Reply = Refund;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Refund(self.tenant_id, self.refund_id));
        wants.add(Want::Instruction(self.tenant_id, self.refund_id.id128()));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Refund>, Refusal> {
        let refund = find(self.tenant_id, self.refund_id, snapshot)?;
        let instruction = snapshot.instructions.get(&(self.tenant_id, self.refund_id.id128()));
        let free = instruction.filter(|row| row.lease_until_us <= moment.now_us);
        let Some(instruction) = free.filter(|_| may_be_asked(refund)) else {
            return Ok(Decision::nothing(refund.clone()));
        };
        let mut instruction = instruction.clone();
        instruction.next(InstructionKind::RefundQuery, moment.now_us);
        let mut changes = Changes::default();
        changes.put(instruction);
        let detail = json!({ "refund": refund.id });
        changes.audit((self.tenant_id, &self.origin), Act::PaymentQuery, &refund.id, &detail, moment);
        Ok(Decision::new(refund.clone(), changes))
    }
}

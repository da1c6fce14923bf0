//! Taking a report about a refund: the only way in which a channel's word changes a refund.

mod ask_again;
mod borne;
mod late;
mod wants;

use crate::audit::{Act, Origin};
use crate::channel_account::{ChannelAccount, Method};
use crate::command::{Command, LaneKind, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{AttemptId, PaymentId, RefundId, TenantId, TypedId};
use crate::instruction::Instruction;
use crate::ledger::{AccountKind, AccountRef, EntryKind, Hold, HoldStatus};
use crate::moment::{Moment, SECOND_US};
use crate::payment::{Attempt, FeeSnapshot, Payment, RefundStatus, Taken, clipped};
use crate::refund::{Refund, RefundState, postings, shares};
use crate::refusal::Refusal;
use crate::report::{Borne, RefundFinding, RefundReport, Source};
use crate::snapshot::Snapshot;
use crate::split;
use crate::view::refund_event;
use crate::webhook::EventKind;
use serde_json::json;
use tk_money::Amount;

/// How long after the channel accepted a refund its outcome is first asked (alipay.md section 7).
const CONFIRM_AFTER_US: i64 = 10 * SECOND_US;

/// Takes a report about one refund.
#[derive(Debug, Clone)]
pub struct TakeRefundReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment refunded.
    pub payment_id: PaymentId,
    /// The attempt whose money goes back.
    pub attempt_id: AttemptId,
    /// The refund.
    pub refund_id: RefundId,
    /// What the channel says.
    pub report: RefundReport,
    /// The channel account that said it.
    pub origin: Origin,
}

/// The refund as it stands after the report.
#[derive(Debug, Clone)]
pub struct RefundTaken {
    /// Whether anything changed.
    pub taken: Taken,
    /// The refund.
    pub refund: Refund,
}

/// The rows under a report, being changed.
struct Taking<'a> {
    snapshot: &'a Snapshot,
    account: Option<&'a ChannelAccount>,
    source: Source,
    payment: Payment,
    attempt: Attempt,
    refund: Refund,
    hold: Hold,
    instruction: Option<Instruction>,
    /// A question goes on although the refund has ended.
    asking_afterwards: bool,
    /// What a person paid it out of; the channel otherwise.
    paid_out_of: Option<AccountRef>,
    changes: Changes,
}

impl TakeRefundReport {
    fn taking<'a>(&self, snapshot: &'a Snapshot) -> Result<Taking<'a>, Refusal> {
        let refund = snapshot
            .refunds
            .get(&(self.tenant_id, self.refund_id))
            .filter(|refund| refund.payment_id == self.payment_id && refund.attempt_id == self.attempt_id)
            .ok_or(Refusal::NotFound { what: "refund" })?;
        let payment = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        let attempt = snapshot
            .attempts
            .get(&(self.tenant_id, self.attempt_id))
            .ok_or(Refusal::NotFound { what: "attempt" })?;
        let hold = snapshot
            .holds
            .get(&(self.tenant_id, refund.hold_id))
            .ok_or(Refusal::NotFound { what: "hold" })?;
        Ok(Taking {
            snapshot,
            account: snapshot.channel_accounts.get(&(self.tenant_id, refund.channel_account_id)),
            source: self.report.source,
            payment: payment.clone(),
            attempt: attempt.clone(),
            refund: refund.clone(),
            hold: hold.clone(),
            instruction: snapshot.instructions.get(&(self.tenant_id, self.refund_id.id128())).cloned(),
            asking_afterwards: false,
            paid_out_of: None,
            changes: Changes::default(),
        })
    }

    /// The decision over a refund that a person paid out of an account of ours.
    pub(crate) fn handed_over(
        &self,
        from: AccountRef,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<RefundTaken>, Refusal> {
        let mut taking = self.taking(snapshot)?;
        taking.paid_out_of = Some(from);
        taking.find(&self.report.finding, moment);
        Ok(taking.into_decision(self, moment))
    }
}

impl Taking<'_> {
    fn find(&mut self, finding: &RefundFinding, moment: &mut Moment<'_>) {
        if self.refund.status.terminal() {
            return self.after_the_end(finding, moment);
        }
        match finding {
            RefundFinding::Done { amount, .. } if self.differs(*amount) => self.mismatch(*amount, moment),
            RefundFinding::Done { .. } if self.source == Source::Reply => self.accepted(moment),
            RefundFinding::Done { borne, at_us, .. } => self.done(*borne, *at_us, moment),
            RefundFinding::Accepted => self.accepted(moment),
            RefundFinding::InProgress => self.in_progress(moment),
            RefundFinding::Failed { code, message } if self.earlier_sending_unproven() => {
                self.note_failure(code, message);
                self.unclear(moment);
            }
            RefundFinding::Failed { code, message } => self.failed(code, message, moment),
            RefundFinding::NotYet { code, message } => self.not_yet(code, message, moment),
            RefundFinding::NotFound => self.not_found(moment),
            RefundFinding::Unclear(_) => self.unclear(moment),
        }
    }

    /// Where the money left: a transfer goes back out of the bank account, whose statement has booked it already.
    fn paid_from(&self) -> AccountRef {
        let (refund, kind) = (&self.refund, AccountKind::UnexplainedDebit);
        if self.attempt.method == Method::BankTransfer {
            AccountRef::channel(refund.tenant_id, refund.channel_account_id, kind, refund.currency)
        } else {
            postings::receivable(refund)
        }
    }

    fn differs(&self, amount: Amount) -> bool {
        amount != Amount::new(self.refund.order_minor, self.refund.currency)
    }

    /// Done by callback, query or bill; the answer to our own call is believed only as "accepted".
    fn done(&mut self, borne: Option<Borne>, at_us: Option<i64>, moment: &mut Moment<'_>) {
        let amount_minor = self.refund.amount_minor;
        self.note_borne(borne, moment);
        let stray_minor = self.attempt.stray_minor();
        self.attempt.refunding_minor = self.attempt.refunding_minor.saturating_sub(amount_minor);
        self.attempt.refunded_minor = self.attempt.refunded_minor.saturating_add(amount_minor);
        self.attempt.updated_at_us = moment.now_us;
        self.payment.count_beside(stray_minor, self.attempt.stray_minor());
        self.return_fees();
        if self.counts_for_payment() {
            self.payment.refunding_minor = self.payment.refunding_minor.saturating_sub(amount_minor);
            self.payment.refunded_minor = self.payment.refunded_minor.saturating_add(amount_minor);
            self.payment.refund_status = self.refund_status();
            self.payment.updated_at_us = moment.now_us;
        }
        self.refund.succeeded_at_us = Some(at_us.unwrap_or(moment.now_us));
        self.end(RefundState::Succeeded, HoldStatus::Captured, moment);
        split::capture((&self.refund, &self.payment), self.snapshot, &mut self.changes, moment);
        let from = self.paid_out_of.unwrap_or_else(|| self.paid_from());
        let difference = self.difference(moment.now_us);
        let entry = postings::refund((&self.payment, &self.refund), from, difference, moment);
        self.changes.put_some(entry);
        self.event(EventKind::RefundSucceeded, moment);
        self.settle_parked(moment);
    }

    /// Fees go back in proportion to all that was refunded so far, this refund included, each by its own contract.
    /// The attempt counts this refund already, the payment not yet.
    fn return_fees(&mut self) {
        if self.counts_for_payment() && self.payment.fee.returned {
            let before = self.payment.refunded_minor.saturating_add(self.payment.late_refunded_minor);
            let due = FeeSnapshot::return_due(
                self.payment.fee_minor,
                self.payment.fee_returned_minor,
                before.saturating_add(self.refund.amount_minor).min(self.payment.refund_base_minor()),
                self.payment.refund_base_minor(),
            );
            self.refund.fee_refund_minor = due.unwrap_or(0);
            self.payment.fee_returned_minor =
                self.payment.fee_returned_minor.saturating_add(self.refund.fee_refund_minor);
        }
        if self.account.is_some_and(|account| account.fee_returned) {
            let gone = self.attempt.refunded_minor.saturating_add(self.attempt.late_refunded_minor);
            // The channel counts in amounts of its order.
            let gone = gone.saturating_add(self.attempt.discount.gone_minor);
            let due = FeeSnapshot::return_due(
                self.attempt.channel_fee_minor,
                self.attempt.channel_fee_returned_minor,
                gone.min(self.attempt.received_minor),
                self.attempt.received_minor,
            );
            self.refund.channel_fee_refund_minor = due.unwrap_or(0);
            self.attempt.channel_fee_returned_minor =
                self.attempt.channel_fee_returned_minor.saturating_add(self.refund.channel_fee_refund_minor);
        }
    }

    fn refund_status(&self) -> RefundStatus {
        let gone = self.payment.refunded_minor.saturating_add(self.payment.late_refunded_minor);
        if gone >= self.payment.refund_base_minor() { RefundStatus::Full } else { RefundStatus::Partial }
    }

    /// A refusal of this sending says nothing of an earlier one of the same number that may have taken effect:
    /// the hold stays, the refund is asked about and said again, and after a day a person has it.
    fn earlier_sending_unproven(&self) -> bool {
        let sent_before = self.refund.unknown_since_us.is_some() || self.refund.accepted_at_us.is_some();
        // A sender that died before its answer was noted left no trace but its claim.
        let claimed_before = self.instruction.as_ref().is_some_and(|row| row.tries > 1);
        self.source == Source::Reply && (sent_before || claimed_before)
    }

    fn failed(&mut self, code: &str, message: &str, moment: &mut Moment<'_>) {
        let amount_minor = self.refund.amount_minor;
        self.attempt.refunding_minor = self.attempt.refunding_minor.saturating_sub(amount_minor);
        self.attempt.updated_at_us = moment.now_us;
        if self.counts_for_payment() {
            self.payment.refunding_minor = self.payment.refunding_minor.saturating_sub(amount_minor);
            self.payment.updated_at_us = moment.now_us;
        }
        shares::give_back(&mut self.payment, &mut self.attempt, &self.refund);
        self.note_failure(code, message);
        self.reopen_suspense(moment);
        self.refund.ended_at_us = Some(moment.now_us);
        self.end(RefundState::Failed, HoldStatus::Released, moment);
        let entry = postings::hold(EntryKind::Release, &self.hold, &self.refund, moment);
        self.changes.put_some(entry);
        split::release((&self.refund, &self.payment), self.snapshot, &mut self.changes, moment);
        self.event(EventKind::RefundFailed, moment);
    }

    fn end(&mut self, status: RefundState, hold: HoldStatus, moment: &Moment<'_>) {
        self.refund.status = status;
        self.refund.unknown_since_us = None;
        let waited = self.refund.waited(self.snapshot, moment.now_us);
        self.changes.put_some(waited);
        self.refund.updated_at_us = moment.now_us;
        self.hold.status = hold;
        self.hold.ended_at_us = Some(moment.now_us);
        self.changes.put(self.hold.clone());
        if let Some(instruction) = &mut self.instruction {
            instruction.finish();
        }
    }

    fn note_failure(&mut self, code: &str, message: &str) {
        self.refund.failure_code = Some(clipped(code, 64));
        self.refund.failure_message = Some(clipped(message, 200));
    }

    fn counts_for_payment(&self) -> bool {
        self.payment.effective_attempt_id == Some(self.attempt.id)
    }

    fn event(&mut self, kind: EventKind, moment: &mut Moment<'_>) {
        let event = refund_event(kind, &mut self.refund, moment);
        self.changes.put(event);
    }

    fn exception(&mut self, kind: ExceptionKind, detail: &serde_json::Value, moment: &Moment<'_>) {
        let tenant_id = self.refund.tenant_id;
        let id = Exception::id_of(tenant_id, kind, &self.refund.id.to_string());
        let raised = Exception {
            tenant_id,
            id,
            kind,
            payment_id: Some(self.payment.id),
            attempt_id: Some(self.attempt.id),
            refund_id: Some(self.refund.id),
            amount_minor: self.refund.amount_minor,
            detail: detail.to_string(),
            resolution: None,
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        };
        self.changes.put_some(raised.unless_open(self.snapshot));
    }

    fn into_decision(mut self, command: &TakeRefundReport, moment: &mut Moment<'_>) -> Decision<RefundTaken> {
        let tenant_id = command.tenant_id;
        let payment_changed =
            self.snapshot.payments.get(&(tenant_id, self.payment.id)) != Some(&self.payment);
        let attempt_changed =
            self.snapshot.attempts.get(&(tenant_id, self.attempt.id)) != Some(&self.attempt);
        let refund_changed = self.snapshot.refunds.get(&(tenant_id, self.refund.id)) != Some(&self.refund);
        let before = self.snapshot.refunds.get(&(tenant_id, self.refund.id)).map(|refund| refund.status);
        let notable = !self.changes.is_empty() || before != Some(self.refund.status);
        let over = self.refund.status.terminal() && !self.asking_afterwards;
        if let Some(instruction) = self.instruction.as_mut().filter(|_| over) {
            instruction.finish();
        }
        let stored = self.snapshot.instructions.get(&(tenant_id, self.refund.id.id128()));
        if self.instruction.as_ref() != stored {
            self.changes.put_some(self.instruction.take());
        }
        let matters = refund_changed || !self.changes.is_empty();
        if notable {
            let detail = json!({ "source": self.source, "status": self.refund.status });
            changes_audit(&mut self.changes, command, &detail, moment);
        }
        if refund_changed {
            self.changes.put(self.refund.clone());
        }
        if payment_changed {
            self.changes.put(self.payment);
        }
        if attempt_changed {
            self.changes.put(self.attempt);
        }
        let taken = if matters { Taken::Changed } else { Taken::Repeat };
        Decision::new(RefundTaken { taken, refund: self.refund }, self.changes)
    }
}

fn changes_audit(
    changes: &mut Changes,
    command: &TakeRefundReport,
    detail: &serde_json::Value,
    moment: &mut Moment<'_>,
) {
    let who = (command.tenant_id, &command.origin);
    changes.audit(who, Act::RefundReport, &command.refund_id, detail, moment);
}

impl Command for TakeRefundReport {
    type Reply = RefundTaken;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        match self.report.finding {
            RefundFinding::Done { .. } | RefundFinding::Failed { .. } => LaneKind::Posting,
            RefundFinding::Accepted
            | RefundFinding::InProgress
            | RefundFinding::NotYet { .. }
            | RefundFinding::NotFound
            | RefundFinding::Unclear(_) => LaneKind::Plain,
        }
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants::rows(self, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<RefundTaken>, Refusal> {
        let mut taking = self.taking(snapshot)?;
        taking.find(&self.report.finding, moment);
        Ok(taking.into_decision(self, moment))
    }
}

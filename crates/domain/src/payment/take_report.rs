//! Taking a report about an attempt: the only way in which a channel's word changes a payment.

mod ask_again;
mod known;
mod over;
mod paid;
mod wants;

pub(super) use wants::success_accounts;
pub(crate) use wants::want_fulfilment;

use crate::audit::{Act, Origin};
use crate::channel_account::ChannelAccount;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{AttemptId, PaymentId, TenantId, TypedId};
use crate::instruction::Instruction;
use crate::moment::Moment;
use crate::payment::{Attempt, Disposition, Payment, Vouched};
use crate::product::StrayMoney;
use crate::refusal::Refusal;
use crate::report::{PaymentFinding, PaymentReport, Source};
use crate::snapshot::Snapshot;
use crate::view::payment_event;
use crate::webhook::EventKind;
use serde_json::json;

/// Takes a report about one attempt of one payment.
#[derive(Debug, Clone)]
pub struct TakePaymentReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The attempt that the channel's order number names.
    pub attempt_id: AttemptId,
    /// What the channel says.
    pub report: PaymentReport,
    /// The channel account that said it.
    pub origin: Origin,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It changed something.
    Changed,
    /// It said nothing new.
    Repeat,
}

/// The payment and its attempt as they stand after the report.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Whether anything changed.
    pub taken: Taken,
    /// The payment.
    pub payment: Payment,
    /// The attempt.
    pub attempt: Attempt,
}

/// The rows under a report, being changed.
struct Taking<'a> {
    snapshot: &'a Snapshot,
    account: &'a ChannelAccount,
    stray_money: StrayMoney,
    source: Source,
    asked_at_us: i64,
    payment: Payment,
    attempt: Attempt,
    instruction: Option<Instruction>,
    /// A question goes on although the attempt is over.
    asking_afterwards: bool,
    changes: Changes,
}

impl TakePaymentReport {
    fn taking<'a>(&self, snapshot: &'a Snapshot) -> Result<Taking<'a>, Refusal> {
        let payment = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        let attempt = snapshot
            .attempts
            .get(&(self.tenant_id, self.attempt_id))
            .filter(|attempt| attempt.payment_id == self.payment_id)
            .ok_or(Refusal::NotFound { what: "attempt" })?;
        let account = snapshot
            .channel_accounts
            .get(&(self.tenant_id, attempt.channel_account_id))
            .ok_or(Refusal::NotFound { what: "channel_account" })?;
        let product = snapshot.products.get(&(self.tenant_id, payment.product_id));
        Ok(Taking {
            snapshot,
            account,
            stray_money: product.map_or(StrayMoney::Hold, |product| product.stray_money),
            source: self.report.source,
            asked_at_us: self.report.asked_at_us,
            payment: payment.clone(),
            attempt: attempt.clone(),
            instruction: snapshot.instructions.get(&(self.tenant_id, self.attempt_id.id128())).cloned(),
            asking_afterwards: false,
            changes: Changes::default(),
        })
    }
}

impl Taking<'_> {
    fn find(&mut self, finding: &PaymentFinding, moment: &mut Moment<'_>) {
        if self.attempt.disposition == Some(Disposition::Mismatch) {
            return self.after_mismatch(finding, moment);
        }
        if self.waits_for_cancel(finding) {
            return;
        }
        if self.leaves_doubt(finding) {
            return self.unclear_afterwards(moment);
        }
        match finding {
            PaymentFinding::Paid(evidence) => self.paid(evidence, moment),
            PaymentFinding::ActionRequired(action) => self.action_required(action, moment),
            PaymentFinding::WaitingPayer => self.waiting(moment),
            PaymentFinding::InProgress => self.in_progress(moment),
            PaymentFinding::Failed { .. } if self.may_have_taken_effect_before() => self.unclear(moment),
            PaymentFinding::Failed { code, message } => self.failed(code, message, moment),
            PaymentFinding::Closed => self.closed(moment),
            PaymentFinding::Undone(amount) => self.undone(*amount, moment),
            PaymentFinding::CloseRefused => self.ask_next(moment.now_us),
            PaymentFinding::NotFound => self.not_found(moment),
            PaymentFinding::Unclear(_) => self.unclear(moment),
        }
    }

    /// Money of another amount is in suspense; no word of the channel makes it unpaid, only a person ends it.
    fn after_mismatch(&mut self, finding: &PaymentFinding, moment: &mut Moment<'_>) {
        match finding {
            PaymentFinding::Paid(evidence) => self.paid(evidence, moment),
            PaymentFinding::Failed { code, .. } => self.contradicted(code, moment),
            PaymentFinding::Closed => self.contradicted("closed", moment),
            PaymentFinding::Undone(_) => self.contradicted("undone", moment),
            PaymentFinding::ActionRequired(_)
            | PaymentFinding::WaitingPayer
            | PaymentFinding::InProgress
            | PaymentFinding::CloseRefused
            | PaymentFinding::NotFound
            | PaymentFinding::Unclear(_) => {}
        }
    }

    fn event(&mut self, kind: EventKind, moment: &mut Moment<'_>) {
        let event = payment_event(kind, &mut self.payment, Some(&self.attempt), moment);
        self.changes.put(event);
    }

    fn exception(
        &mut self,
        kind: ExceptionKind,
        amount_minor: i64,
        detail: &serde_json::Value,
        moment: &Moment<'_>,
    ) {
        let tenant_id = self.payment.tenant_id;
        let id = Exception::id_of(tenant_id, kind, &self.attempt.id.to_string());
        let raised = Exception {
            tenant_id,
            id,
            kind,
            payment_id: Some(self.payment.id),
            attempt_id: Some(self.attempt.id),
            refund_id: None,
            amount_minor,
            detail: detail.to_string(),
            resolution: None,
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        };
        self.changes.put_some(raised.unless_open(self.snapshot));
    }

    fn close_exception(&mut self, kind: ExceptionKind, moment: &Moment<'_>) {
        let tenant_id = self.payment.tenant_id;
        let id = Exception::id_of(tenant_id, kind, &self.attempt.id.to_string());
        self.changes.put_some(Exception::settled((tenant_id, id), self.snapshot, moment.now_us));
    }

    /// Whether the report moved payment or attempt to another status; a question asked again does not.
    fn stands_elsewhere(&self) -> bool {
        let tenant_id = self.payment.tenant_id;
        let payment = self.snapshot.payments.get(&(tenant_id, self.payment.id));
        let attempt = self.snapshot.attempts.get(&(tenant_id, self.attempt.id));
        payment.map(|row| row.status) != Some(self.payment.status)
            || attempt.map(|row| row.status) != Some(self.attempt.status)
    }

    fn into_decision(mut self, command: &TakePaymentReport, moment: &mut Moment<'_>) -> Decision<Outcome> {
        let key = |id: AttemptId| (command.tenant_id, id);
        let payment_changed =
            self.snapshot.payments.get(&(command.tenant_id, self.payment.id)) != Some(&self.payment);
        let attempt_changed = self.snapshot.attempts.get(&key(self.attempt.id)) != Some(&self.attempt);
        let notable = !self.changes.is_empty() || self.stands_elsewhere();
        let received = self.attempt.disposition.is_some();
        if (received || !self.attempt.status.open()) && !self.asking_afterwards {
            self.finish_instruction();
        }
        let stored = self.snapshot.instructions.get(&(command.tenant_id, self.attempt.id.id128()));
        if self.instruction.as_ref() != stored {
            self.changes.put_some(self.instruction.take());
        }
        let matters = payment_changed || attempt_changed || !self.changes.is_empty();
        if notable {
            let detail = json!({
                "source": self.source, "attempt": self.attempt.id, "attempt_status": self.attempt.status,
                "payment_status": self.payment.status,
            });
            let who = (command.tenant_id, &command.origin);
            self.changes.audit(who, Act::PaymentReport, &self.payment.id, &detail, moment);
        }
        if payment_changed {
            self.changes.put(self.payment.clone());
        }
        if attempt_changed {
            self.changes.put(self.attempt.clone());
        }
        let taken = if matters { Taken::Changed } else { Taken::Repeat };
        Decision::new(Outcome { taken, payment: self.payment, attempt: self.attempt }, self.changes)
    }
}

/// Payment, attempt and all else that changes when a person vouches for money; the two are left to the caller to write.
pub(super) fn vouched(
    (payment, attempt): (Payment, Attempt),
    vouched: Vouched<'_>,
    snapshot: &Snapshot,
    moment: &mut Moment<'_>,
) -> (Payment, Attempt, Changes) {
    let mut taking = Taking {
        snapshot,
        account: vouched.account,
        stray_money: vouched.product.stray_money,
        source: Source::Counter,
        asked_at_us: moment.now_us,
        payment,
        attempt,
        instruction: None,
        asking_afterwards: false,
        changes: Changes::default(),
    };
    taking.find(&PaymentFinding::Paid(vouched.evidence.clone()), moment);
    (taking.payment, taking.attempt, taking.changes)
}

/// At most `max` characters of a channel's text.
pub(crate) fn clipped(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

impl Command for TakePaymentReport {
    type Reply = Outcome;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        match self.report.finding {
            PaymentFinding::Paid(_) | PaymentFinding::Undone(_) => LaneKind::Posting,
            PaymentFinding::ActionRequired(_)
            | PaymentFinding::WaitingPayer
            | PaymentFinding::InProgress
            | PaymentFinding::Failed { .. }
            | PaymentFinding::Closed
            | PaymentFinding::CloseRefused
            | PaymentFinding::NotFound
            | PaymentFinding::Unclear(_) => LaneKind::Plain,
        }
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Attempt(self.tenant_id, self.attempt_id));
        wants.add(Want::Instruction(self.tenant_id, self.attempt_id.id128()));
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id));
        let attempt = snapshot.attempts.get(&(self.tenant_id, self.attempt_id));
        let (Some(payment), Some(attempt)) = (payment, attempt) else { return };
        wants.add(Want::ChannelAccount(self.tenant_id, attempt.channel_account_id));
        wants.add(Want::Product(self.tenant_id, payment.product_id));
        wants::exceptions(self, (payment, attempt), snapshot, wants);
        wants::postings(self, (payment, attempt), wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Outcome>, Refusal> {
        let mut taking = self.taking(snapshot)?;
        taking.find(&self.report.finding, moment);
        Ok(taking.into_decision(self, moment))
    }
}

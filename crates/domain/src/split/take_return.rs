//! Taking a channel's word about a share on its way back: the only way in which it becomes the merchant's again, or does not.

mod with_refund;

use super::abandon::{ABANDONED, Abandonment};
use super::create::{lines_of, want_lines};
use super::postings;
use super::rows::{ReturnStatus, SplitLine, SplitReturn};
use super::undo::end;
use crate::ask;
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{ExceptionId, PaymentId, RefundId, SplitReturnId, TenantId, TypedId};
use crate::instruction::{Instruction, InstructionKind, InstructionStatus};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::{Moment, SECOND_US};
use crate::payment::{Payment, clipped};
use crate::refund::Refund;
use crate::refusal::Refusal;
use crate::report::Source;
use crate::snapshot::Snapshot;
use serde_json::json;

/// How long after the channel took the call its outcome is first asked.
const CONFIRM_AFTER_US: i64 = 5 * SECOND_US;

/// What a report says about a share on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnFinding {
    /// The channel took the call, or works on it; nothing is proven to have come back.
    Accepted,
    /// It came back, this much, minor units; believed as the answer to a question only.
    Done { amount_minor: i64 },
    /// It did not come back and will not: a code on the channel's documented final list.
    Failed { code: String, message: String },
    /// A refusal that may pass later: resend the same number later.
    NotYet { code: String, message: String },
    /// The channel does not know the number: resend it.
    NotFound,
    /// Nothing left us, for certain.
    NotSent,
    /// It names another merchant than the one that has the share; nothing is proven.
    Foreign,
    /// Nothing is proven.
    Unclear,
}

/// Anything a channel tells us about one share on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnReport {
    /// How it reached us.
    pub source: Source,
    /// What it says.
    pub finding: ReturnFinding,
}

/// Takes a report about one share on its way back.
#[derive(Debug, Clone)]
pub struct TakeReturnReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment refunded.
    pub payment_id: PaymentId,
    /// The refund that it is for.
    pub refund_id: RefundId,
    /// The return.
    pub return_id: SplitReturnId,
    /// What the channel says.
    pub report: ReturnReport,
    /// The channel account that said it.
    pub origin: Origin,
}

/// What a person is told of one return.
const EXCEPTIONS: [ExceptionKind; 4] = [
    ExceptionKind::SplitMismatch,
    ExceptionKind::SplitContradicted,
    ExceptionKind::SplitNotReturned,
    ExceptionKind::SplitUnknown,
];

struct Taking<'a> {
    snapshot: &'a Snapshot,
    source: Source,
    payment: &'a Payment,
    refund: &'a Refund,
    back: SplitReturn,
    line: SplitLine,
    instruction: Instruction,
    changes: Changes,
}

impl Taking<'_> {
    fn find(&mut self, finding: &ReturnFinding, moment: &mut Moment<'_>) {
        if self.back.mode.with_refund() {
            return self.find_with_refund(finding, moment);
        }
        match finding {
            ReturnFinding::Done { amount_minor } if *amount_minor != self.back.amount_minor => {
                self.exception(ExceptionKind::SplitMismatch, moment);
                self.unclear(moment);
            }
            ReturnFinding::Done { .. } if self.source != Source::Reply => self.done(moment),
            ReturnFinding::Accepted | ReturnFinding::Done { .. } if self.source == Source::Reply => {
                self.back.unknown_since_us = None;
                self.instruction.next(InstructionKind::SplitReturnQuery, moment.after(CONFIRM_AFTER_US));
            }
            ReturnFinding::Accepted | ReturnFinding::Done { .. } => {
                self.back.unknown_since_us = None;
                self.wait(InstructionKind::SplitReturnQuery, moment);
            }
            ReturnFinding::Failed { code, .. } if self.earlier_sending_unproven() => {
                self.back.failure_code = Some(clipped(code, 64));
                self.unclear(moment);
            }
            ReturnFinding::Failed { code, .. } => self.refused(code, moment),
            ReturnFinding::NotYet { code, .. } => {
                if !self.earlier_sending_unproven() {
                    // The channel answered every sending so far, and none took effect.
                    self.instruction.tries = 0;
                }
                self.back.failure_code = Some(clipped(code, 64));
                self.wait(InstructionKind::SplitReturn, moment);
            }
            ReturnFinding::NotFound if self.proven_given_up(moment.now_us) => self.not_known(moment),
            ReturnFinding::NotFound => {
                self.back.unknown_since_us.get_or_insert(moment.now_us);
                self.wait(InstructionKind::SplitReturn, moment);
            }
            ReturnFinding::NotSent => {
                // What a worker counted as a conversation was none.
                self.instruction.tries = self.instruction.tries.saturating_sub(1).max(0);
                self.wait(self.instruction.kind, moment);
            }
            ReturnFinding::Foreign => {
                self.exception(ExceptionKind::SplitMismatch, moment);
                self.unclear(moment);
            }
            ReturnFinding::Unclear => self.unclear(moment),
        }
    }

    /// A refusal of this sending says nothing of an earlier one of the same number; the answer to a question does.
    const fn earlier_sending_unproven(&self) -> bool {
        let sent_before = self.back.unknown_since_us.is_some() || self.instruction.tries > 1;
        matches!(self.source, Source::Reply) && sent_before
    }

    /// The merchant has it again at the channel.
    fn done(&mut self, moment: &mut Moment<'_>) {
        let mut row = (self.back.clone(), self.line.clone());
        end(&mut row, ReturnStatus::Done, moment);
        self.instruction.finish();
        self.changes.put_some(postings::returned(self.refund, std::slice::from_ref(&row), moment));
        (self.back, self.line) = row;
        self.back.failure_code = None;
    }

    /// The receiver keeps it; the refund that wanted it fails, which gives the share again in the books.
    fn refused(&mut self, code: &str, moment: &Moment<'_>) {
        self.back.status = ReturnStatus::Refused;
        self.back.failure_code = Some(clipped(code, 64));
        self.back.unknown_since_us = None;
        self.back.updated_at_us = moment.now_us;
        self.line.returnable = false;
        self.instruction.finish();
    }

    fn unclear(&mut self, moment: &Moment<'_>) {
        self.back.unknown_since_us.get_or_insert(moment.now_us);
        self.wait(InstructionKind::SplitReturnQuery, moment);
    }

    /// What was given up and the channel does not know: it ends once that was said often enough.
    fn not_known(&mut self, moment: &mut Moment<'_>) {
        let Some(mut given_up) = self.given_up() else { return };
        if given_up.is_unknown(moment.now_us) {
            return self.refused(ABANDONED, moment);
        }
        self.back.abandonment = given_up.text();
        self.back.updated_at_us = moment.now_us;
        self.instruction.next(InstructionKind::SplitReturnQuery, given_up.proves_from_us);
    }

    fn given_up(&self) -> Option<Abandonment> {
        self.back.abandonment().and_then(Abandonment::approved)
    }

    /// Two persons gave it up, all that was said of it has arrived by now, and the channel does not know it.
    fn proven_given_up(&self, now_us: i64) -> bool {
        self.source == Source::Query && self.given_up().is_some_and(|row| row.proves_from_us <= now_us)
    }

    /// A person is told by the refund that waits for it.
    fn wait(&mut self, kind: InstructionKind, moment: &Moment<'_>) {
        self.back.queries_count = self.back.queries_count.saturating_add(1);
        self.back.updated_at_us = moment.now_us;
        let due_at_us = moment.after(ask::delay_us(self.back.queries_count));
        let Some(mut given_up) = self.given_up() else { return self.instruction.next(kind, due_at_us) };
        if self.source == Source::Reply {
            given_up.said(moment.now_us);
            self.back.abandonment = given_up.text();
        }
        self.instruction.next(InstructionKind::SplitReturnQuery, due_at_us.max(given_up.proves_from_us));
    }

    /// What is said of a return that has ended changes nothing in the books; where it says otherwise a person is told.
    /// Whether anything changed.
    fn after_the_end(&mut self, finding: &ReturnFinding, moment: &Moment<'_>) -> bool {
        let came_back = self.back.status == ReturnStatus::Done;
        let asked = self.instruction.status == InstructionStatus::Open;
        match finding {
            ReturnFinding::Accepted | ReturnFinding::Done { .. } if self.source == Source::Reply => {
                if !came_back && !asked {
                    self.instruction.next(InstructionKind::SplitReturnQuery, moment.after(CONFIRM_AFTER_US));
                }
                return !came_back && !asked;
            }
            // That nothing came back agrees with what was refused: another worker heard the same answer.
            ReturnFinding::Done { amount_minor: 1.. } if !came_back => {
                self.exception(ExceptionKind::SplitContradicted, moment);
            }
            ReturnFinding::Failed { .. } | ReturnFinding::Done { amount_minor: 0 }
                if came_back && self.source != Source::Reply =>
            {
                self.exception(ExceptionKind::SplitContradicted, moment);
            }
            ReturnFinding::Accepted
            | ReturnFinding::Done { .. }
            | ReturnFinding::Failed { .. }
            | ReturnFinding::NotYet { .. }
            | ReturnFinding::NotFound
            | ReturnFinding::NotSent
            | ReturnFinding::Foreign
            | ReturnFinding::Unclear => {}
        }
        if !asked || self.source == Source::Reply {
            return !self.changes.is_empty();
        }
        let open =
            matches!(finding, ReturnFinding::Accepted | ReturnFinding::Foreign | ReturnFinding::Unclear);
        let ended_at_us = self.back.ended_at_us.unwrap_or(self.back.updated_at_us);
        if open && moment.now_us.saturating_sub(ended_at_us) < ask::MANUAL_AFTER_US {
            self.back.queries_count = self.back.queries_count.saturating_add(1);
            let due_at_us = moment.after(ask::delay_us(self.back.queries_count));
            self.instruction.next(InstructionKind::SplitReturnQuery, due_at_us);
        } else {
            self.instruction.finish();
        }
        true
    }

    fn exception(&mut self, kind: ExceptionKind, moment: &Moment<'_>) {
        let detail = json!({
            "split": self.back.split_id, "return": self.back.id, "booked": self.back.status, "source": self.source,
        });
        let raised = Exception {
            tenant_id: self.back.tenant_id,
            id: exception_id(self.back.tenant_id, self.back.id, kind),
            kind,
            payment_id: Some(self.back.payment_id),
            attempt_id: Some(self.refund.attempt_id),
            refund_id: Some(self.back.refund_id),
            amount_minor: self.back.amount_minor,
            detail: detail.to_string(),
            resolution: None,
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        };
        self.changes.put_some(raised.unless_open(self.snapshot));
    }

    fn into_decision(mut self, command: &TakeReturnReport, moment: &mut Moment<'_>) -> Decision<SplitReturn> {
        let key = (command.tenant_id, self.back.id);
        let before = self.snapshot.split_returns.get(&key).map(|row| row.status);
        if before != Some(self.back.status) || !self.changes.is_empty() {
            let detail = json!({ "source": self.source, "status": self.back.status });
            let who = (command.tenant_id, &command.origin);
            self.changes.audit(who, Act::SplitReturnReport, &self.back.id, &detail, moment);
        }
        if self.snapshot.split_lines.get(&(command.tenant_id, self.line.id)) != Some(&self.line) {
            self.changes.put(self.line);
        }
        self.changes.put(self.instruction);
        self.changes.put(self.back.clone());
        Decision::new(self.back, self.changes)
    }
}

fn exception_id(tenant_id: TenantId, id: SplitReturnId, kind: ExceptionKind) -> ExceptionId {
    Exception::id_of(tenant_id, kind, &id.to_string())
}

impl Command for TakeReturnReport {
    type Reply = SplitReturn;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        match self.report.finding {
            ReturnFinding::Done { .. } | ReturnFinding::Failed { .. } => LaneKind::Posting,
            ReturnFinding::Accepted
            | ReturnFinding::NotYet { .. }
            | ReturnFinding::NotFound
            | ReturnFinding::NotSent
            | ReturnFinding::Foreign
            | ReturnFinding::Unclear => LaneKind::Plain,
        }
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        let tenant_id = self.tenant_id;
        wants.add(Want::Payment(tenant_id, self.payment_id));
        wants.add(Want::Refund(tenant_id, self.refund_id));
        wants.add(Want::Instruction(tenant_id, self.return_id.id128()));
        wants.add(Want::SplitReturn(tenant_id, self.return_id));
        for kind in EXCEPTIONS {
            wants.add(Want::Exception(tenant_id, exception_id(tenant_id, self.return_id, kind)));
        }
        let Some(payment) = snapshot.payments.get(&(tenant_id, self.payment_id)) else { return };
        want_lines(payment, wants);
        let Some(refund) = snapshot.refunds.get(&(tenant_id, self.refund_id)) else { return };
        let (channel, kind) = (refund.channel_account_id, AccountKind::ChannelReceivable);
        wants.add(Want::Account(AccountRef::channel(tenant_id, channel, kind, refund.currency)));
        with_refund::want_bearing((payment, refund), wants);
        let Some(back) = snapshot.split_returns.get(&(tenant_id, self.return_id)) else { return };
        let lines = lines_of(payment, snapshot);
        let line = lines.into_iter().find(|line| line.id == back.line_id);
        wants.add_some(line.and_then(SplitLine::account).map(Want::Account));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<SplitReturn>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing("payment"))?;
        let back = snapshot.split_returns.get(&(self.tenant_id, self.return_id));
        let back = back.filter(|row| row.refund_id == self.refund_id).ok_or(missing("split_return"))?;
        let refund = snapshot.refunds.get(&(self.tenant_id, self.refund_id)).ok_or(missing("refund"))?;
        let line = snapshot.split_lines.get(&(self.tenant_id, back.line_id)).ok_or(missing("split_line"))?;
        let instruction = snapshot.instructions.get(&(self.tenant_id, self.return_id.id128()));
        let mut taking = Taking {
            snapshot,
            source: self.report.source,
            payment,
            refund,
            back: back.clone(),
            line: line.clone(),
            instruction: instruction.cloned().ok_or(missing("instruction"))?,
            changes: Changes::default(),
        };
        if back.status == ReturnStatus::Processing {
            taking.find(&self.report.finding, moment);
        } else if !taking.after_the_end(&self.report.finding, moment) {
            return Ok(Decision::nothing(back.clone()));
        }
        Ok(taking.into_decision(self, moment))
    }
}

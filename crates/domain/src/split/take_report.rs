//! Taking a channel's word about a split: the only way in which shares at a channel become paid or not.

mod ask_again;
mod given_up;
mod late;
mod reversed;

use super::begin::release_the_rest;
use super::create::{lines_of, want_lines};
use super::postings;
use super::rows::{Split, SplitLine, SplitLineStatus, SplitState};
use super::view::split_event;
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{ExceptionId, PaymentId, SplitId, SplitLineId, TenantId, TypedId};
use crate::instruction::{Instruction, InstructionKind};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::payment::{Attempt, Payment, Taken, clipped};
use crate::refusal::Refusal;
use crate::report::Source;
use crate::snapshot::Snapshot;
use crate::webhook::EventKind;
use serde_json::json;

/// What a channel says became of one share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareResult {
    /// It works on it.
    Pending,
    /// The receiver has it.
    Paid,
    /// It was not paid and will not be.
    Failed { code: String },
}

/// What a channel says about one share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareTold {
    /// Which.
    pub line_id: SplitLineId,
    /// How much it names, minor units.
    pub amount_minor: i64,
    /// What became of it.
    pub result: ShareResult,
}

/// What a report says about a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplitFinding {
    /// The channel took the order; nothing is proven to be paid.
    Accepted,
    /// What became of each share that it names; believed as the answer to a question only.
    Shares(Vec<ShareTold>),
    /// A code on the channel's documented final list: nothing was divided.
    Failed { code: String, message: String },
    /// A refusal that may pass later: resend the same number later.
    NotYet { code: String, message: String },
    /// The channel does not know the split: resend the same number.
    NotFound,
    /// The channel does not know the split, and so much of the order is not divided, minor units; asked once it is given up.
    Undivided { amount_minor: i64 },
    /// Nothing left us, for certain.
    NotSent,
    /// Nothing is proven.
    Unclear,
}

/// Anything a channel tells us about one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitReport {
    /// How it reached us.
    pub source: Source,
    /// What it says.
    pub finding: SplitFinding,
}

/// Takes a report about one split.
#[derive(Debug, Clone)]
pub struct TakeSplitReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment divided.
    pub payment_id: PaymentId,
    /// The split.
    pub split_id: SplitId,
    /// What the channel says.
    pub report: SplitReport,
    /// The channel account that said it.
    pub origin: Origin,
}

/// The split as it stands after the report.
#[derive(Debug, Clone)]
pub struct SplitTaken {
    /// Whether anything changed.
    pub taken: Taken,
    /// The split.
    pub split: Split,
}

struct Taking<'a> {
    snapshot: &'a Snapshot,
    source: Source,
    payment: Payment,
    attempt: &'a Attempt,
    split: Split,
    lines: Vec<SplitLine>,
    instruction: Instruction,
    changes: Changes,
}

impl Taking<'_> {
    fn find(&mut self, finding: &SplitFinding, moment: &mut Moment<'_>) {
        match finding {
            SplitFinding::Shares(told) if self.source != Source::Reply => self.shares(told, moment),
            SplitFinding::Accepted | SplitFinding::Shares(_) => self.accepted(moment),
            // What moves nothing to anybody ends with any refusal, as it is proven by any acceptance.
            SplitFinding::Failed { code, message } if self.lines.is_empty() => {
                self.refused(code, message, moment);
            }
            SplitFinding::Failed { code, message } if self.earlier_sending_unproven() => {
                self.note(code, message);
                self.unclear(moment);
            }
            SplitFinding::Failed { code, message } => self.refused(code, message, moment),
            SplitFinding::NotYet { code, message } => {
                if !self.earlier_sending_unproven() {
                    // The channel answered every sending so far, and none took effect.
                    self.instruction.tries = 0;
                }
                self.note(code, message);
                self.again(InstructionKind::Split, moment);
            }
            SplitFinding::NotFound => {
                self.split.accepted_at_us = None;
                self.split.unknown_since_us.get_or_insert(moment.now_us);
                self.again(InstructionKind::Split, moment);
            }
            SplitFinding::Undivided { amount_minor } => self.undivided(*amount_minor, moment),
            SplitFinding::NotSent => self.not_sent(moment),
            SplitFinding::Unclear => self.unclear(moment),
        }
    }

    /// A refusal of this sending says nothing of an earlier one of the same number that may have taken effect; a sender
    /// that died before its answer was noted left no trace but its claim. Only our own sending is refused at all.
    const fn earlier_sending_unproven(&self) -> bool {
        let noted = self.split.unknown_since_us.is_some() || self.split.accepted_at_us.is_some();
        noted || self.instruction.tries > 1 || !matches!(self.source, Source::Reply)
    }

    /// Nothing was divided: every share is the merchant's again.
    fn refused(&mut self, code: &str, message: &str, moment: &mut Moment<'_>) {
        self.sent(moment);
        self.note(code, message);
        if self.lines.is_empty() {
            return self.end(SplitState::Failed, moment);
        }
        let told = ShareResult::Failed { code: code.to_owned() };
        let all: Vec<ShareTold> = self.lines.iter().map(|line| whole(line, told.clone())).collect();
        self.shares(&all, moment);
    }

    fn note(&mut self, code: &str, message: &str) {
        self.split.failure_code = Some(clipped(code, 64));
        self.split.failure_message = Some(clipped(message, 200));
    }

    fn sent(&mut self, moment: &mut Moment<'_>) {
        self.split.updated_at_us = moment.now_us;
        if self.split.status == SplitState::Pending {
            self.split.status = SplitState::Processing;
            let event = split_event(EventKind::SplitProcessing, &mut self.split, &self.lines, moment);
            self.changes.put(event);
        }
    }

    /// Each share ends by itself, once; the split ends with the last of them.
    fn shares(&mut self, told: &[ShareTold], moment: &mut Moment<'_>) {
        if self.not_ours(told, moment) {
            return self.unclear(moment);
        }
        let doubtful = self.contradicted(told, moment);
        let (mut paid, mut failed) = (Vec::new(), Vec::new());
        for one in told {
            let line = self.lines.iter_mut().find(|line| line.id == one.line_id);
            let Some(line) = line.filter(|line| line.status == SplitLineStatus::Pending) else { continue };
            match &one.result {
                ShareResult::Pending => continue,
                ShareResult::Paid => line.status = SplitLineStatus::Done,
                ShareResult::Failed { code } => {
                    line.status = SplitLineStatus::Failed;
                    line.failure_code = Some(clipped(code, 64));
                }
            }
            line.ended_at_us = Some(moment.now_us);
            let ended = if line.status == SplitLineStatus::Done { &mut paid } else { &mut failed };
            ended.push(line.clone());
        }
        let about = self.about();
        self.changes.put_some(postings::paid(&self.split, about, &paid, moment));
        self.changes.put_some(postings::failed(&self.split, about, &failed, moment));
        paid.into_iter().chain(failed).for_each(|line| self.changes.put(line));
        self.end_if_over(moment);
        if doubtful && self.split.status.terminal() {
            self.instruction.next(InstructionKind::SplitQuery, moment.after(ask_again::CONFIRM_AFTER_US));
        }
    }

    const fn about(&self) -> postings::About {
        postings::About {
            tenant_id: self.split.tenant_id,
            payment_id: self.split.payment_id,
            attempt_id: self.split.attempt_id,
            refund_id: None,
        }
    }

    fn end_if_over(&mut self, moment: &mut Moment<'_>) {
        if self.lines.iter().any(|line| line.status == SplitLineStatus::Pending) {
            self.split.unknown_since_us = None;
            return self.again(InstructionKind::SplitQuery, moment);
        }
        let paid = self.lines.iter().any(|line| line.status == SplitLineStatus::Done);
        self.end(if paid { SplitState::Succeeded } else { SplitState::Failed }, moment);
    }

    fn end(&mut self, status: SplitState, moment: &mut Moment<'_>) {
        self.split.status = status;
        self.split.unknown_since_us = None;
        self.split.updated_at_us = moment.now_us;
        self.split.ended_at_us = Some(moment.now_us);
        self.instruction.finish();
        let failed = self.lines.iter().filter(|line| line.status == SplitLineStatus::Failed).count();
        if failed > 0 || status == SplitState::Failed {
            let detail = json!({ "split": self.split.id, "shares": failed, "code": self.split.failure_code });
            self.exception(ExceptionKind::SplitFailed, &detail, moment);
        }
        if failed > 0 && self.split.last {
            let to = (self.snapshot, &mut self.changes);
            release_the_rest((&mut self.payment, self.attempt), to, moment);
            self.payment.updated_at_us = moment.now_us;
        }
        if std::mem::take(&mut self.split.needs_manual) {
            let name = (self.split.tenant_id, exception_id(&self.split, ExceptionKind::SplitUnknown));
            self.changes.put_some(Exception::settled(name, self.snapshot, moment.now_us));
        }
        let kind = match status {
            SplitState::Failed => EventKind::SplitFailed,
            SplitState::Succeeded | SplitState::Pending | SplitState::Processing => EventKind::SplitSucceeded,
        };
        let event = split_event(kind, &mut self.split, &self.lines, moment);
        self.changes.put(event);
    }

    fn exception(&mut self, kind: ExceptionKind, detail: &serde_json::Value, moment: &Moment<'_>) {
        let id = exception_id(&self.split, kind);
        self.raise((kind, id), (self.split.amount_minor, detail), moment);
    }

    fn raise(
        &mut self,
        (kind, id): (ExceptionKind, ExceptionId),
        (amount_minor, detail): (i64, &serde_json::Value),
        moment: &Moment<'_>,
    ) {
        let raised = Exception {
            tenant_id: self.split.tenant_id,
            id,
            kind,
            payment_id: Some(self.payment.id),
            attempt_id: Some(self.split.attempt_id),
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

    fn into_decision(mut self, command: &TakeSplitReport, moment: &mut Moment<'_>) -> Decision<SplitTaken> {
        let before = self.snapshot.splits.get(&(command.tenant_id, self.split.id));
        if self.snapshot.payments.get(&(command.tenant_id, self.payment.id)) != Some(&self.payment) {
            self.changes.put(self.payment);
        }
        let notable = before.map(|row| row.status) != Some(self.split.status) || !self.changes.is_empty();
        if notable {
            let detail = json!({ "source": self.source, "status": self.split.status });
            let who = (command.tenant_id, &command.origin);
            self.changes.audit(who, Act::SplitReport, &self.split.id, &detail, moment);
        }
        self.changes.put(self.instruction);
        self.changes.put(self.split.clone());
        Decision::new(SplitTaken { taken: Taken::Changed, split: self.split }, self.changes)
    }
}

fn whole(line: &SplitLine, result: ShareResult) -> ShareTold {
    ShareTold { line_id: line.id, amount_minor: line.amount_minor, result }
}

fn exception_id(split: &Split, kind: ExceptionKind) -> ExceptionId {
    Exception::id_of(split.tenant_id, kind, &split.id.to_string())
}

impl Command for TakeSplitReport {
    type Reply = SplitTaken;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        match self.report.finding {
            SplitFinding::Shares(_) | SplitFinding::Failed { .. } | SplitFinding::Undivided { .. } => {
                LaneKind::Posting
            }
            SplitFinding::Accepted
            | SplitFinding::NotYet { .. }
            | SplitFinding::NotFound
            | SplitFinding::NotSent
            | SplitFinding::Unclear => LaneKind::Plain,
        }
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        let tenant_id = self.tenant_id;
        wants.add(Want::Payment(tenant_id, self.payment_id));
        wants.add(Want::Split(tenant_id, self.split_id));
        wants.add(Want::Instruction(tenant_id, self.split_id.id128()));
        let Some(payment) = snapshot.payments.get(&(tenant_id, self.payment_id)) else { return };
        let Some(split) = snapshot.splits.get(&(tenant_id, self.split_id)) else { return };
        wants.add(Want::Attempt(tenant_id, split.attempt_id));
        want_lines(payment, wants);
        for kind in [ExceptionKind::SplitUnknown, ExceptionKind::SplitMismatch, ExceptionKind::SplitFailed] {
            wants.add(Want::Exception(tenant_id, exception_id(split, kind)));
        }
        let (currency, kind) = (payment.currency, AccountKind::PendingSettlement);
        wants.add(Want::Account(AccountRef::merchant(tenant_id, payment.merchant_id, kind, currency)));
        wants.add(Want::Account(postings::receivable(split)));
        reversed::want_reversal((payment, split), snapshot, wants);
        for line in lines_of(payment, snapshot) {
            wants.add_some(line.account().map(Want::Account));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<SplitTaken>, Refusal> {
        let missing = |what| Refusal::NotFound { what };
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id)).ok_or(missing("payment"))?;
        let split = snapshot.splits.get(&(self.tenant_id, self.split_id));
        let split = split.filter(|split| split.payment_id == payment.id).ok_or(missing("split"))?;
        let instruction = snapshot.instructions.get(&(self.tenant_id, split.id.id128()));
        let repeat = || Decision::nothing(SplitTaken { taken: Taken::Repeat, split: split.clone() });
        if split.status.terminal() && instruction.is_none() {
            return Ok(repeat());
        }
        let attempt = snapshot.attempts.get(&(self.tenant_id, split.attempt_id)).ok_or(missing("attempt"))?;
        let own = |line: &&SplitLine| line.split_id == split.id;
        let mut taking = Taking {
            snapshot,
            source: self.report.source,
            payment: payment.clone(),
            attempt,
            split: split.clone(),
            lines: lines_of(payment, snapshot).into_iter().filter(own).cloned().collect(),
            instruction: instruction.cloned().ok_or(missing("instruction"))?,
            changes: Changes::default(),
        };
        if !split.status.terminal() {
            taking.find(&self.report.finding, moment);
        } else if !taking.after_the_end(&self.report.finding, moment) {
            return Ok(repeat());
        }
        Ok(taking.into_decision(self, moment))
    }
}

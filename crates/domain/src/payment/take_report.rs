//! Taking a report about an attempt: the only way in which a channel's word changes a payment.

mod paid;

use crate::ask;
use crate::audit::{Act, Origin};
use crate::channel_account::{ChannelAccount, Method};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{AttemptId, PaymentId, TenantId, TypedId};
use crate::instruction::{Instruction, InstructionKind};
use crate::key::{KeyName, NaturalKind};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::payment::{Action, Attempt, AttemptStatus, Payment, PaymentStatus, close};
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
    payment: Payment,
    attempt: Attempt,
    instruction: Option<Instruction>,
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
            payment: payment.clone(),
            attempt: attempt.clone(),
            instruction: snapshot.instructions.get(&(self.tenant_id, self.attempt_id.id128())).cloned(),
            changes: Changes::default(),
        })
    }
}

impl Taking<'_> {
    fn find(&mut self, finding: &PaymentFinding, moment: &mut Moment<'_>) {
        match finding {
            PaymentFinding::Paid(evidence) => self.paid(evidence, moment),
            PaymentFinding::ActionRequired(action) => self.action_required(action, moment),
            PaymentFinding::WaitingPayer => self.waiting(moment),
            PaymentFinding::InProgress => self.in_progress(moment),
            PaymentFinding::Failed { code, message } => self.failed(code, message, moment),
            PaymentFinding::Closed => self.closed(moment),
            PaymentFinding::CloseRefused => self.ask_next(moment.now_us),
            PaymentFinding::NotFound => self.not_found(moment),
            PaymentFinding::Unclear(_) => self.unclear(moment),
        }
    }

    fn action_required(&mut self, action: &Action, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        if self.attempt.action.is_none() {
            self.attempt.action = Some(action.clone());
        }
        self.known_open(AttemptStatus::RequiresAction, moment);
        if self.payment.status != PaymentStatus::RequiresAction {
            self.set_payment_status(PaymentStatus::RequiresAction, moment);
            self.event(EventKind::PaymentActionRequired, moment);
        }
        self.ask_later(ask::waiting_delay_us(self.attempt.queries_count), moment);
    }

    fn waiting(&mut self, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        let (status, shown) = match self.attempt.action {
            Some(_) => (AttemptStatus::RequiresAction, PaymentStatus::RequiresAction),
            None => (AttemptStatus::Processing, PaymentStatus::Processing),
        };
        self.known_open(status, moment);
        self.set_payment_status(shown, moment);
        let expired = self.attempt.channel_expires_at_us.saturating_add(ask::EXPIRY_GRACE_US) < moment.now_us;
        let barcode = matches!(self.attempt.method, Method::AlipayBarcode | Method::WechatBarcode);
        if self.attempt.close_requested_at_us.is_some()
            || expired
            || barcode && self.attempt.queries_count > 5
        {
            self.close_at_channel(moment);
        } else {
            self.ask_later(ask::waiting_delay_us(self.attempt.queries_count), moment);
        }
    }

    fn in_progress(&mut self, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        self.known_open(AttemptStatus::Processing, moment);
        self.set_payment_status(PaymentStatus::Processing, moment);
        self.ask_later(ask::delay_us(self.attempt.queries_count), moment);
    }

    fn failed(&mut self, code: &str, message: &str, moment: &mut Moment<'_>) {
        match self.attempt.status {
            AttemptStatus::Succeeded => self.contradicted(code, moment),
            AttemptStatus::Failed | AttemptStatus::Closed => {}
            AttemptStatus::Created
            | AttemptStatus::RequiresAction
            | AttemptStatus::Processing
            | AttemptStatus::Unknown => {
                self.attempt.failure_code = Some(clipped(code, 64));
                self.attempt.failure_message = Some(clipped(message, 200));
                self.attempt_over(AttemptStatus::Failed, moment);
            }
        }
    }

    fn closed(&mut self, moment: &mut Moment<'_>) {
        match self.attempt.status {
            AttemptStatus::Succeeded => self.contradicted("closed", moment),
            AttemptStatus::Failed | AttemptStatus::Closed => {}
            AttemptStatus::Created
            | AttemptStatus::RequiresAction
            | AttemptStatus::Processing
            | AttemptStatus::Unknown => self.attempt_over(AttemptStatus::Closed, moment),
        }
    }

    /// "Not found" proves nothing, because a late request can still land, until the order can no longer be
    /// paid: five minutes after the expiry that the channel itself enforces, by a query asked after that.
    fn not_found(&mut self, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        let dead_at_us = self.attempt.channel_expires_at_us.saturating_add(ask::EXPIRY_GRACE_US);
        let told = self.attempt.status != AttemptStatus::Created;
        if told && self.source == Source::Query && moment.now_us > dead_at_us {
            return self.attempt_over(AttemptStatus::Closed, moment);
        }
        self.count_question();
        if self.attempt.status != AttemptStatus::RequiresAction {
            self.become_unknown(moment);
        }
        let delay_us = ask::delay_us(self.attempt.queries_count);
        let barcode_unpaid = close::close_kind(self.attempt.method) == InstructionKind::Cancel;
        if self.needs_first_answer() {
            self.say(InstructionKind::Pay, moment.after(delay_us));
        } else if barcode_unpaid && self.source == Source::Query && self.attempt.queries_count > 5 {
            self.close_at_channel(moment);
        } else {
            self.ask_later(delay_us, moment);
        }
        self.escalate(moment);
    }

    fn unclear(&mut self, moment: &mut Moment<'_>) {
        if !self.attempt.status.open() {
            return;
        }
        self.count_question();
        if self.attempt.status != AttemptStatus::RequiresAction {
            self.become_unknown(moment);
        }
        let kind = if self.needs_first_answer() { InstructionKind::Pay } else { InstructionKind::Query };
        self.say(kind, moment.after(ask::delay_us(self.attempt.queries_count.saturating_sub(1))));
        self.escalate(moment);
    }

    /// A QR order whose answer was lost is asked for again by the same number; the channel answers the same.
    fn needs_first_answer(&self) -> bool {
        let repeatable =
            matches!(self.attempt.method, Method::AlipayQr | Method::AlipayPage | Method::AlipayWap);
        repeatable && self.attempt.action.is_none() && self.attempt.close_requested_at_us.is_none()
    }

    fn known_open(&mut self, status: AttemptStatus, moment: &Moment<'_>) {
        self.count_question();
        self.attempt.status = status;
        self.attempt.unknown_since_us = None;
        self.attempt.updated_at_us = moment.now_us;
        self.payment.unknown_since_us = None;
    }

    fn become_unknown(&mut self, moment: &mut Moment<'_>) {
        if self.attempt.status == AttemptStatus::Unknown {
            return;
        }
        self.attempt.status = AttemptStatus::Unknown;
        self.attempt.unknown_since_us = Some(moment.now_us);
        self.attempt.updated_at_us = moment.now_us;
        self.attempt.queries_count = 0;
        self.payment.unknown_since_us = Some(moment.now_us);
        self.set_payment_status(PaymentStatus::Processing, moment);
        self.event(EventKind::PaymentProcessing, moment);
    }

    fn attempt_over(&mut self, status: AttemptStatus, moment: &mut Moment<'_>) {
        self.attempt.status = status;
        self.attempt.unknown_since_us = None;
        self.attempt.updated_at_us = moment.now_us;
        self.finish_instruction();
        if self.payment.open_attempt_id != Some(self.attempt.id) {
            return;
        }
        self.payment.open_attempt_id = None;
        self.payment.unknown_since_us = None;
        let ended =
            self.payment.close_requested_at_us.is_some() || self.payment.expires_at_us <= moment.now_us;
        if self.payment.single_attempt && status == AttemptStatus::Failed {
            close::end(&mut self.payment, PaymentStatus::Failed, &mut self.changes, moment);
        } else if ended || self.payment.single_attempt {
            close::end(&mut self.payment, PaymentStatus::Closed, &mut self.changes, moment);
        } else {
            self.set_payment_status(PaymentStatus::RequiresMethod, moment);
        }
    }

    fn contradicted(&mut self, seen: &str, moment: &Moment<'_>) {
        let detail = json!({ "seen": seen, "source": self.source });
        self.exception(ExceptionKind::SuccessContradicted, self.attempt.received_minor, &detail, moment);
    }

    /// A day without an answer: a person is told, and asking goes on.
    fn escalate(&mut self, moment: &Moment<'_>) {
        let since_us = self.attempt.unknown_since_us.unwrap_or(moment.now_us);
        let long = moment.now_us.saturating_sub(since_us) >= ask::MANUAL_AFTER_US;
        if long && !self.attempt.needs_manual {
            self.attempt.needs_manual = true;
            let detail = json!({ "queries": self.attempt.queries_count });
            self.exception(ExceptionKind::PaymentUnknown, self.attempt.amount_minor, &detail, moment);
        }
    }

    fn count_question(&mut self) {
        if self.source == Source::Query {
            self.attempt.queries_count = self.attempt.queries_count.saturating_add(1);
        }
    }

    fn close_at_channel(&mut self, moment: &Moment<'_>) {
        let kind = close::close_kind(self.attempt.method);
        let first = self.attempt.close_requested_at_us.is_none();
        self.attempt.close_requested_at_us.get_or_insert(moment.now_us);
        let delay_us = if first { 0 } else { ask::delay_us(self.attempt.queries_count) };
        self.say(kind, moment.after(delay_us));
    }

    /// Asks at once; a close already under way is followed by this question.
    fn ask_next(&mut self, due_at_us: i64) {
        if self.attempt.status.open() {
            self.say(InstructionKind::Query, due_at_us);
        }
    }

    /// Asks after a delay, and no later than needed to learn that the order can no longer be paid.
    fn ask_later(&mut self, delay_us: i64, moment: &Moment<'_>) {
        let dead_at_us =
            self.attempt.channel_expires_at_us.saturating_add(ask::EXPIRY_GRACE_US).saturating_add(1);
        let mut due_at_us = moment.after(delay_us);
        if dead_at_us > moment.now_us {
            due_at_us = due_at_us.min(dead_at_us);
        }
        self.say(InstructionKind::Query, due_at_us);
    }

    fn say(&mut self, kind: InstructionKind, due_at_us: i64) {
        if let Some(instruction) = &mut self.instruction {
            instruction.next(kind, due_at_us);
        }
    }

    fn finish_instruction(&mut self) {
        if let Some(instruction) = &mut self.instruction {
            instruction.finish();
        }
    }

    fn set_payment_status(&mut self, status: PaymentStatus, moment: &Moment<'_>) {
        if self.payment.open_attempt_id.is_none_or(|open| open == self.attempt.id)
            && !self.payment.status.terminal()
        {
            self.payment.status = status;
            self.payment.updated_at_us = moment.now_us;
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
        if self.snapshot.exceptions.get(&(tenant_id, id)).is_some() {
            return;
        }
        self.changes.put(Exception {
            tenant_id,
            id,
            kind,
            payment_id: Some(self.payment.id),
            attempt_id: Some(self.attempt.id),
            refund_id: None,
            amount_minor,
            detail: detail.to_string(),
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        });
    }

    fn into_decision(mut self, command: &TakePaymentReport, moment: &mut Moment<'_>) -> Decision<Outcome> {
        let key = |id: AttemptId| (command.tenant_id, id);
        let payment_changed =
            self.snapshot.payments.get(&(command.tenant_id, self.payment.id)) != Some(&self.payment);
        let attempt_changed = self.snapshot.attempts.get(&key(self.attempt.id)) != Some(&self.attempt);
        if !self.attempt.status.open() {
            self.finish_instruction();
        }
        let stored = self.snapshot.instructions.get(&(command.tenant_id, self.attempt.id.id128()));
        if self.instruction.as_ref() != stored {
            self.changes.put_some(self.instruction.take());
        }
        let matters = payment_changed || attempt_changed || !self.changes.is_empty();
        if payment_changed || attempt_changed {
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

/// At most `max` characters of a channel's text.
pub(crate) fn clipped(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

fn exception_wants(command: &TakePaymentReport, wants: &mut Wants) {
    for kind in [
        ExceptionKind::AmountMismatch,
        ExceptionKind::PayeeMismatch,
        ExceptionKind::DuplicatePaid,
        ExceptionKind::LateSuccess,
        ExceptionKind::PaymentUnknown,
        ExceptionKind::SuccessContradicted,
    ] {
        let id = Exception::id_of(command.tenant_id, kind, &command.attempt_id.to_string());
        wants.add(Want::Exception(command.tenant_id, id));
    }
}

fn paid_wants(command: &TakePaymentReport, payment: &Payment, attempt: &Attempt, wants: &mut Wants) {
    let PaymentFinding::Paid(evidence) = &command.report.finding else { return };
    let tenant_id = command.tenant_id;
    let channel = attempt.channel_account_id;
    wants.add(Want::Natural(KeyName::scoped(
        tenant_id,
        NaturalKind::ChannelTxn,
        &channel,
        &evidence.channel_txn_no,
    )));
    let currency = payment.currency;
    let merchant_kinds: &[AccountKind] = if payment.effective_attempt_id.is_none() && attempt.status.open() {
        &[AccountKind::PendingSettlement, AccountKind::MerchantFeeReceivable]
    } else {
        &[AccountKind::Duplicate, AccountKind::LateSuccess, AccountKind::Held]
    };
    for kind in merchant_kinds {
        wants.add(Want::Account(AccountRef::merchant(tenant_id, payment.merchant_id, *kind, currency)));
    }
    for kind in [AccountKind::ChannelReceivable, AccountKind::FeeCost, AccountKind::Suspense] {
        wants.add(Want::Account(AccountRef::channel(tenant_id, channel, kind, currency)));
    }
    wants.add(Want::Account(AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency)));
}

impl Command for TakePaymentReport {
    type Reply = Outcome;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        match self.report.finding {
            PaymentFinding::Paid(_) => LaneKind::Posting,
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
        if paid::may_raise_exception(&self.report, payment, attempt) {
            exception_wants(self, wants);
        }
        paid_wants(self, payment, attempt, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Outcome>, Refusal> {
        let mut taking = self.taking(snapshot)?;
        taking.find(&self.report.finding, moment);
        Ok(taking.into_decision(self, moment))
    }
}

//! Closing a payment: at the channel first, whenever an attempt is open.

use crate::audit::{Act, Origin};
use crate::channel_account::Method;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, TenantId, TypedId};
use crate::instruction::InstructionKind;
use crate::moment::Moment;
use crate::payment::{Attempt, AttemptStatus, Payment, PaymentStatus};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::{self, Part};
use crate::view::payment_event;
use crate::webhook::EventKind;
use crate::words::words;
use serde_json::json;

words! {
    /// Why a payment is to be closed.
    CloseReason {
        /// The order system asked.
        Merchant = "merchant",
        /// The payer cancelled on the cashier page.
        Payer = "payer",
        /// Its time is up.
        Expired = "expired",
    }
}

/// Closes a payment, or asks the channel to close its open attempt first.
#[derive(Debug, Clone)]
pub struct ClosePayment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Why.
    pub reason: CloseReason,
    /// How long the caller keeps the instruction to deliver it at once, microseconds.
    pub lease_us: i64,
    /// Who asks.
    pub origin: Origin,
}

/// Asks the channel about a payment now; changes no state by itself.
#[derive(Debug, Clone)]
pub struct RequestQuery {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// How long the caller keeps the instruction to deliver it at once, microseconds.
    pub lease_us: i64,
    /// Who asks.
    pub origin: Origin,
}

/// The payment while the channel is asked to close its open attempt: until it answers, the payer may have paid.
pub(super) fn asked(payment: &Payment, now_us: i64) -> Payment {
    Payment {
        unknown_since_us: payment.unknown_since_us.or(Some(now_us)),
        updated_at_us: now_us,
        ..payment.clone()
    }
}

/// Marks an attempt as to be closed and makes that the next thing said to its channel, unless money of another
/// amount was received on it.
pub(super) fn request(
    attempt: &mut Attempt,
    snapshot: &Snapshot,
    lease_us: i64,
    changes: &mut Changes,
    moment: &Moment<'_>,
) {
    attempt.close_requested_at_us = Some(moment.now_us);
    attempt.updated_at_us = moment.now_us;
    if attempt.disposition.is_some() {
        return;
    }
    let instruction = snapshot.instructions.get(&(attempt.tenant_id, attempt.id.id128()));
    if let Some(mut instruction) = instruction.cloned() {
        instruction.next(close_kind(attempt.method), moment.now_us);
        if lease_us > 0 {
            instruction.lease_until_us = moment.after(lease_us);
        }
        changes.put(instruction);
    }
}

/// A bar-code payment is undone by cancel, any other closed while unpaid (alipay.md section 4).
pub(super) const fn close_kind(method: Method) -> InstructionKind {
    match method {
        Method::AlipayBarcode | Method::WechatBarcode => InstructionKind::Cancel,
        Method::AlipayPage
        | Method::AlipayWap
        | Method::AlipayQr
        | Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::QuickPay
        | Method::EbankB2c
        | Method::EbankB2b
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => InstructionKind::Close,
    }
}

/// What a payment does when its open attempt is over without having been paid: it waits for a method again, or ends
/// if its time is up, somebody wants it closed, or this was its one attempt.
pub(crate) fn conclude(
    payment: &mut Payment,
    attempt: &Attempt,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    if payment.open_attempt_id != Some(attempt.id) {
        return;
    }
    payment.open_attempt_id = None;
    payment.unknown_since_us = None;
    let ended = payment.close_requested_at_us.is_some() || payment.expires_at_us <= moment.now_us;
    if payment.single_attempt && attempt.status == AttemptStatus::Failed {
        end(payment, PaymentStatus::Failed, changes, moment);
    } else if ended || payment.single_attempt {
        end(payment, PaymentStatus::Closed, changes, moment);
    } else if !payment.status.terminal() {
        payment.status = PaymentStatus::RequiresMethod;
        payment.updated_at_us = moment.now_us;
    }
}

/// Ends a payment that has no open attempt.
pub(super) fn end(
    payment: &mut Payment,
    status: PaymentStatus,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    payment.status = status;
    payment.ended_at_us = Some(moment.now_us);
    payment.unknown_since_us = None;
    payment.updated_at_us = moment.now_us;
    let kind =
        if status == PaymentStatus::Failed { EventKind::PaymentFailed } else { EventKind::PaymentClosed };
    let event = payment_event(kind, payment, None, moment);
    changes.put(event);
}

fn wants_open(tenant_id: TenantId, payment_id: PaymentId, snapshot: &Snapshot, wants: &mut Wants) {
    wants.add(Want::Payment(tenant_id, payment_id));
    let payment = snapshot.payments.get(&(tenant_id, payment_id));
    let attempt = payment.and_then(|payment| payment.open_attempt_id.or(payment.latest_attempt_id));
    if let Some(attempt) = attempt {
        wants.add(Want::Attempt(tenant_id, attempt));
        wants.add(Want::Instruction(tenant_id, attempt.id128()));
        let transfer = snapshot.attempts.get(&(tenant_id, attempt));
        if let Some(attempt) = transfer.filter(|attempt| attempt.method == Method::BankTransfer) {
            wants.add(Want::TransferOrder(tenant_id, attempt.id));
            wants.add(Want::Exception(tenant_id, transfer::incomplete(attempt)));
        }
    }
}

impl Command for ClosePayment {
    type Reply = Payment;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants_open(self.tenant_id, self.payment_id, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Payment>, Refusal> {
        let payment = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        match payment.status {
            PaymentStatus::Succeeded => return Err(Refusal::AlreadyPaid),
            PaymentStatus::Closed | PaymentStatus::Failed => return Ok(Decision::nothing(payment.clone())),
            PaymentStatus::RequiresMethod
            | PaymentStatus::RequiresAction
            | PaymentStatus::AwaitingTransfer
            | PaymentStatus::IdentityReview
            | PaymentStatus::Processing => {}
        }
        // Who asked for more time may have been given it since this payment was found to be over.
        let in_time = self.reason == CloseReason::Expired && payment.expires_at_us > moment.now_us;
        if payment.close_requested_at_us.is_some() || in_time {
            return Ok(Decision::nothing(payment.clone()));
        }
        let mut changes = Changes::default();
        let mut payment = payment.clone();
        payment.close_requested_at_us = Some(moment.now_us);
        payment.updated_at_us = moment.now_us;
        let open = payment.open_attempt_id.and_then(|id| snapshot.attempts.get(&(self.tenant_id, id)));
        match open {
            Some(open) if open.method == Method::BankTransfer => {
                let mut attempt = open.clone();
                let part = if self.reason == CloseReason::Expired { Part::Leave } else { Part::Refuse };
                transfer::end((&mut attempt, part), snapshot, &mut changes, moment)?;
                changes.put(attempt);
                payment.open_attempt_id = None;
                end(&mut payment, PaymentStatus::Closed, &mut changes, moment);
            }
            Some(open) if open.close_requested_at_us.is_none() => {
                let mut attempt = open.clone();
                request(&mut attempt, snapshot, self.lease_us, &mut changes, moment);
                payment = asked(&payment, moment.now_us);
                changes.put(attempt);
            }
            Some(_) => {}
            None => end(&mut payment, PaymentStatus::Closed, &mut changes, moment),
        }
        let detail = json!({ "reason": self.reason });
        changes.audit((self.tenant_id, &self.origin), Act::PaymentClose, &payment.id, &detail, moment);
        changes.put(payment.clone());
        Ok(Decision::new(payment, changes))
    }
}

impl Command for RequestQuery {
    type Reply = Payment;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants_open(self.tenant_id, self.payment_id, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Payment>, Refusal> {
        let payment = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        let attempt = payment.open_attempt_id.or(payment.latest_attempt_id);
        let attempt = attempt.and_then(|id| snapshot.attempts.get(&(self.tenant_id, id)));
        let instruction =
            attempt.and_then(|row| snapshot.instructions.get(&(self.tenant_id, row.id.id128())));
        let (Some(attempt), Some(instruction)) = (attempt, instruction) else {
            return Ok(Decision::nothing(payment.clone()));
        };
        let being_told =
            attempt.status == AttemptStatus::Created || instruction.lease_until_us > moment.now_us;
        let other = matches!(instruction.kind, InstructionKind::Close | InstructionKind::Cancel);
        if being_told || attempt.disposition.is_some() || (attempt.status.open() && other) {
            return Ok(Decision::nothing(payment.clone()));
        }
        let mut instruction = instruction.clone();
        instruction.next(InstructionKind::Query, moment.now_us);
        if self.lease_us > 0 {
            instruction.lease_until_us = moment.after(self.lease_us);
        }
        let mut changes = Changes::default();
        changes.put(instruction);
        let detail = json!({ "attempt": attempt.id });
        changes.audit((self.tenant_id, &self.origin), Act::PaymentQuery, &payment.id, &detail, moment);
        Ok(Decision::new(payment.clone(), changes))
    }
}

//! Starting an attempt: routing decides once, and at most one attempt is open.

mod fits;

use crate::agreement::{self, CardUse};
use crate::audit::{Act, Origin};
use crate::channel_account::{ChannelAccount, Method};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, PaymentId, TenantId, TypedId};
use crate::identity::{self, Gate};
use crate::instruction::{Instruction, InstructionKind, InstructionStatus};
use crate::moment::{MINUTE_US, Moment, SECOND_US};
use crate::payment::{Attempt, AttemptStatus, Discount, PayerRecord, Payment, PaymentStatus, close};
use crate::refusal::Refusal;
use crate::routing::{Demand, RoutingDecision, method_allowed, route};
use crate::snapshot::Snapshot;
use crate::transfer::{self, ExpectedPayer, Part};
use crate::view::payment_event;
use crate::webhook::EventKind;
use serde_json::json;

/// Attempts that one payment may have.
pub(super) const ATTEMPTS_MAX: i64 = 20;
/// How long the payer has at the channel before the channel itself refuses, at most.
const CHANNEL_VALIDITY_US: i64 = 15 * MINUTE_US;
/// How long a QR code can be scanned and paid. An order that nobody scanned cannot be closed at the channel, so this is
/// what a payer who wants another way waits for, at most, before the last five minutes.
const QR_VALIDITY_US: i64 = 5 * MINUTE_US;
/// The least time worth giving the payer.
const CHANNEL_VALIDITY_MIN_US: i64 = MINUTE_US;

/// The payer as the channel knows him (WeChat: openid); only the channel's adapter may read it.
#[derive(Debug, Clone)]
pub struct ChannelPayer {
    /// What is kept with the attempt.
    pub record: PayerRecord,
    /// What the adapter is told with the instruction and nobody afterwards, sealed.
    pub sealed: String,
    /// By what he is told from others at this payment without being named, where an order is good for him alone.
    pub mark: Option<String>,
}

/// Starts an attempt by a method, or finds the open one of the same method.
#[derive(Debug, Clone)]
pub struct StartAttempt {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The method chosen.
    pub method: Method,
    /// The payer's bar code, for bar-code methods.
    pub auth_code: Option<String>,
    /// Who is expected to pay, for bank transfers.
    pub payer: ExpectedPayer,
    /// The payer as the channel knows him, for methods that ask who pays.
    pub known_as: Option<ChannelPayer>,
    /// The card whose code came, for payment by token.
    pub card: Option<CardUse>,
    /// The payer's own address, for methods whose channel asks for it; never that of an order system's server.
    pub payer_ip: Option<String>,
    /// Where the wallet sends the browser afterwards (display only); where the payment says if absent.
    pub return_url: Option<String>,
    /// How long the caller keeps the instruction to deliver it at once, microseconds; 0 leaves it to any worker.
    pub lease_us: i64,
    /// Who asks.
    pub origin: Origin,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Started {
    /// A new attempt, and what has to be said to the channel account chosen for it; nothing for a bank transfer.
    New { payment: Box<Payment>, attempt: Box<Attempt>, say: Option<Box<Say>> },
    /// The open attempt has the same method: go on with it.
    Existing { payment: Box<Payment>, attempt: Box<Attempt> },
    /// Another attempt is open and now being closed at the channel; ask again afterwards.
    ClosingEarlier { payment: Box<Payment>, attempt: Box<Attempt> },
}

/// An instruction just made, with the channel account that it goes to.
#[derive(Debug, Clone)]
pub struct Say {
    /// The instruction.
    pub instruction: Instruction,
    /// The channel account as it stood when routing chose it.
    pub account: ChannelAccount,
}

/// What has to be said about a new attempt, if anything, and what changes besides payment.
type Begun = (Option<Say>, Changes);

impl StartAttempt {
    fn check<'a>(
        &self,
        payment: &Payment,
        snapshot: &'a Snapshot,
        now_us: i64,
    ) -> Result<&'a ChannelAccount, Refusal> {
        let product = snapshot
            .products
            .get(&(self.tenant_id, payment.product_id))
            .ok_or(Refusal::NotFound { what: "product" })?;
        crate::partner::admit(payment, snapshot, now_us)?;
        if payment.attempts_count >= ATTEMPTS_MAX {
            return Err(Refusal::TooManyAttempts { max: ATTEMPTS_MAX });
        }
        if payment.expires_at_us <= now_us {
            return Err(Refusal::OrderClosed);
        }
        let begun_here = self.method.told_to_channel() || self.method == Method::BankTransfer;
        if !begun_here || !method_allowed(product, payment, self.method) {
            return Err(Refusal::ChannelNotAvailable);
        }
        fits::check_auth_code(self)?;
        fits::check_payer(self)?;
        self.route(payment, snapshot)
            .chosen
            .and_then(|id| snapshot.channel_accounts.get(&(self.tenant_id, id)))
            .ok_or(Refusal::ChannelNotAvailable)
    }

    fn route(&self, payment: &Payment, snapshot: &Snapshot) -> RoutingDecision {
        route(snapshot.channel_accounts_of(self.tenant_id), self.method, &Demand::of(payment))
    }

    /// Whether this is the bar code that the open attempt was begun with; other methods have none.
    fn same_code(&self, open: &Attempt, snapshot: &Snapshot) -> bool {
        let Some(code) = &self.auth_code else { return true };
        let instruction = snapshot.instructions.get(&(self.tenant_id, open.id.id128()));
        let payload = instruction.and_then(|row| row.payload.as_deref()).unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(payload).is_ok_and(|payload| payload["auth_code"] == **code)
    }

    /// Whether the open attempt's order is good for this payer: another one's never can be paid by him.
    fn same_payer(&self, open: &Attempt) -> bool {
        let marks =
            self.known_as.as_ref().and_then(|known_as| known_as.mark.as_ref()).zip(open.payer_mark.as_ref());
        marks.is_none_or(|(mine, theirs)| mine == theirs)
    }

    fn with_open(
        &self,
        payment: &Payment,
        open: &Attempt,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<Started>, Refusal> {
        if open.method != Method::BankTransfer && !open.method.told_to_channel() {
            return Err(Refusal::AttemptInProgress { outcome_unknown: false });
        }
        let boxed = |attempt: &Attempt| (Box::new(payment.clone()), Box::new(attempt.clone()));
        let same = open.method == self.method && self.same_code(open, snapshot) && self.same_payer(open);
        if same && open.close_requested_at_us.is_none() {
            let (payment, attempt) = boxed(open);
            return Ok(Decision::nothing(Started::Existing { payment, attempt }));
        }
        if open.close_requested_at_us.is_some() {
            let outcome_unknown = open.status == AttemptStatus::Unknown;
            return Err(Refusal::AttemptInProgress { outcome_unknown });
        }
        let mut changes = Changes::default();
        let mut attempt = open.clone();
        close::request(&mut attempt, snapshot, self.lease_us, &mut changes, moment);
        let because = if open.method == self.method { "another_payer" } else { "another_method" };
        let detail = json!({ "attempt": attempt.id, "because": because, "method": self.method });
        changes.audit((self.tenant_id, &self.origin), Act::PaymentClose, &payment.id, &detail, moment);
        let payment = Box::new(close::asked(payment, moment.now_us));
        let attempt = Box::new(attempt);
        changes.put(payment.as_ref().clone());
        changes.put(attempt.as_ref().clone());
        Ok(Decision::new(Started::ClosingEarlier { payment, attempt }, changes))
    }

    fn instruction(&self, (payment, attempt): (&Payment, &Attempt), moment: &Moment<'_>) -> Instruction {
        let return_url = self.return_url.as_ref().or(payment.return_url.as_ref());
        let mut payload = json!({ "auth_code": self.auth_code, "return_url": return_url });
        if let Some(known_as) = &self.known_as {
            payload["sealed"] = json!(known_as.sealed);
        }
        if self.method.asks_payer_ip() {
            payload["client_ip"] = json!(self.payer_ip);
        }
        Instruction {
            tenant_id: self.tenant_id,
            id: attempt.id.id128(),
            kind: InstructionKind::Pay,
            payment_id: attempt.payment_id,
            channel_account_id: attempt.channel_account_id,
            status: InstructionStatus::Open,
            due_at_us: moment.now_us,
            lease_until_us: if self.lease_us > 0 { moment.after(self.lease_us) } else { 0 },
            tries: i64::from(self.lease_us > 0),
            payload: Some(payload.to_string()),
            version: 0,
        }
    }
}

/// An attempt about to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAttempt<'a> {
    /// Its identifier.
    pub id: AttemptId,
    /// The contract.
    pub account: &'a ChannelAccount,
    /// The method.
    pub method: Method,
}

impl NewAttempt<'_> {
    /// The row before anything was said about it.
    pub(crate) fn row(&self, payment: &Payment, routing: &RoutingDecision, moment: &Moment<'_>) -> Attempt {
        let (id, account) = (self.id, self.account);
        let validity_us = if self.method == Method::AlipayQr { QR_VALIDITY_US } else { CHANNEL_VALIDITY_US };
        let wanted = payment.expires_at_us.min(moment.after(validity_us));
        let expires_at_us = wanted.max(moment.after(CHANNEL_VALIDITY_MIN_US));
        Attempt {
            tenant_id: payment.tenant_id,
            id,
            payment_id: payment.id,
            channel: account.channel,
            channel_account_id: account.id,
            method: self.method,
            out_no: out_no('T', id.id128()),
            amount_minor: payment.payer_minor,
            currency: payment.currency,
            status: AttemptStatus::Created,
            action: None,
            channel_expires_at_us: expires_at_us.div_euclid(SECOND_US).saturating_mul(SECOND_US),
            channel_txn_no: None,
            scanned_at_us: None,
            disposition: None,
            received_minor: 0,
            discount: Discount::default(),
            undone_minor: 0,
            credited_minor: 0,
            refunding_minor: 0,
            refunded_minor: 0,
            late_refunded_minor: 0,
            reversed_minor: 0,
            refunds_count: 0,
            next_refund_at_us: 0,
            channel_fee_minor: 0,
            channel_fee_returned_minor: 0,
            unknown_since_us: None,
            queries_count: 0,
            close_requested_at_us: None,
            failure_code: None,
            failure_message: None,
            needs_manual: false,
            routing: serde_json::to_string(routing).unwrap_or_default(),
            payer_masked: None,
            payer_sealed: None,
            payer_mark: None,
            paid_at_us: None,
            created_at_us: moment.now_us,
            updated_at_us: moment.now_us,
            version: 0,
        }
    }
}

/// The number sent to the channel for the attempt or refund with these bytes: letters and digits only.
#[must_use]
pub fn out_no(prefix: char, id: crate::id::Id128) -> String {
    let mut text = String::with_capacity(27);
    text.push(prefix);
    text.push_str(&id.base32().to_ascii_uppercase());
    text
}

impl Command for StartAttempt {
    type Reply = Started;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::ChannelAccounts(self.tenant_id));
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        wants.add(Want::Product(self.tenant_id, payment.product_id));
        identity::want(payment, snapshot, wants);
        wants.add_some(payment.partner_id.map(|id| Want::Partner(self.tenant_id, id)));
        wants.add_some(self.card.as_ref().map(|card| Want::Agreement(self.tenant_id, card.agreement_id)));
        if let Some(open) = payment.open_attempt_id {
            wants.add(Want::Attempt(self.tenant_id, open));
            wants.add(Want::Instruction(self.tenant_id, open.id128()));
            wants.add(Want::TransferOrder(self.tenant_id, open));
        }
        if self.method == Method::BankTransfer
            && let Some(account) = self.route(payment, snapshot).chosen
        {
            transfer::want_codes(payment, account, wants);
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Started>, Refusal> {
        let payment = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        match payment.status {
            PaymentStatus::Succeeded => return Err(Refusal::AlreadyPaid),
            PaymentStatus::Failed | PaymentStatus::Closed => return Err(Refusal::OrderClosed),
            PaymentStatus::RequiresMethod
            | PaymentStatus::RequiresAction
            | PaymentStatus::AwaitingTransfer
            | PaymentStatus::IdentityReview
            | PaymentStatus::Processing => {}
        }
        let open = payment.open_attempt_id.and_then(|id| snapshot.attempts.get(&(self.tenant_id, id)));
        if payment.close_requested_at_us.is_some() {
            // While the open attempt is being closed at the channel it may still turn out to be paid.
            let closing = open.map(|_| Refusal::AttemptInProgress { outcome_unknown: true });
            return Err(closing.unwrap_or(Refusal::OrderClosed));
        }
        let mut changes = Changes::default();
        if let Some(open) = open {
            if open.method != Method::BankTransfer || self.method == Method::BankTransfer {
                return self.with_open(payment, open, snapshot, moment);
            }
            // No channel has to be told; a transfer that is on its way will be in suspense, not lost.
            let mut ended = open.clone();
            transfer::end((&mut ended, Part::Refuse), snapshot, &mut changes, moment)?;
            changes.put(ended);
        }
        let (payment, attempt, (say, begun)) = self.begin(payment, snapshot, moment)?;
        begun.into_vec().into_iter().for_each(|change| changes.put(change));
        changes.put(payment.clone());
        let say = say.map(Box::new);
        let reply = Started::New { payment: Box::new(payment), attempt: Box::new(attempt), say };
        Ok(Decision::new(reply, changes))
    }
}

impl StartAttempt {
    /// The new attempt of a payment that has none open, and all that is written with it; the payment as it then
    /// stands is left to the caller to write.
    pub(super) fn begin(
        &self,
        payment: &Payment,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<(Payment, Attempt, Begun), Refusal> {
        let account = self.check(payment, snapshot, moment.now_us)?;
        let gate = Gate::before(payment, snapshot, moment.now_us)?;
        let used = self.card.as_ref().map(|card| agreement::take(card, payment, snapshot, moment.now_us));
        let used = used.transpose()?;
        let id = self.card.as_ref().map_or_else(|| AttemptId::new(moment), |card| card.attempt_id);
        let new = NewAttempt { id, account, method: self.method };
        let mut attempt = new.row(payment, &self.route(payment, snapshot), moment);
        if let Some(known_as) = &self.known_as {
            attempt.payer_masked = Some(known_as.record.masked.clone());
            attempt.payer_sealed = Some(known_as.record.sealed.clone());
            attempt.payer_mark.clone_from(&known_as.mark);
        }
        let mut payment = payment.clone();
        let mut changes = Changes::default();
        if let Some((agreement, code_at_us)) = used {
            // A token is good at the contract where it was made, and code and order are of one second.
            if agreement.channel_account_id != account.id {
                return Err(Refusal::ChannelNotAvailable);
            }
            attempt.created_at_us = code_at_us;
            changes.put(agreement);
        }
        gate.count(&payment, &mut changes);
        payment.status = PaymentStatus::Processing;
        let say = if self.method == Method::BankTransfer {
            let rows = (&mut payment, &mut attempt);
            transfer::begin(rows, (account, &self.payer), snapshot, &mut changes, moment)?;
            None
        } else {
            let instruction = self.instruction((&payment, &attempt), moment);
            changes.put(instruction.clone());
            Some(Say { instruction, account: account.clone() })
        };
        payment.open_attempt_id = Some(attempt.id);
        payment.latest_attempt_id = Some(attempt.id);
        payment.attempts_count = payment.attempts_count.saturating_add(1);
        payment.updated_at_us = moment.now_us;
        let detail = json!({ "payment": payment.id, "method": self.method, "channel_account": account.id });
        changes.audit((self.tenant_id, &self.origin), Act::AttemptStart, &attempt.id, &detail, moment);
        if self.method == Method::BankTransfer {
            let kind = EventKind::PaymentActionRequired;
            let event = payment_event(kind, &mut payment, Some(&attempt), moment);
            changes.put(event);
        }
        changes.put(attempt.clone());
        Ok((payment, attempt, (say, changes)))
    }
}

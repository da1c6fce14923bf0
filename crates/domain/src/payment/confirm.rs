//! Creating a payment and starting its one attempt in one commit: both happen, or neither.

use crate::channel_account::Method;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, TenantId};
use crate::identity;
use crate::moment::Moment;
use crate::payment::{Attempt, CreatePayment, Payment, PaymentStatus, StartAttempt};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::ExpectedPayer;

/// Creates a payment and starts its attempt, or finds the payment that the merchant's order number already has.
#[derive(Debug, Clone)]
pub struct ConfirmPayment {
    /// The payment.
    pub create: CreatePayment,
    /// The method chosen.
    pub method: Method,
    /// The payer's bar code, for bar-code methods.
    pub auth_code: Option<String>,
    /// The payer's address, for methods whose channel asks for it.
    pub payer_ip: Option<String>,
    /// How long the caller keeps the instruction to deliver it at once, microseconds; 0 leaves it to any worker.
    pub lease_us: i64,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// The payment.
    pub payment: Payment,
    /// Its latest attempt.
    pub attempt: Option<Attempt>,
    /// Whether the order number had the payment already.
    pub existing: bool,
    /// Whether the attempt is new and its instruction to be delivered.
    pub started: bool,
}

impl ConfirmPayment {
    fn start(&self, payment_id: PaymentId) -> StartAttempt {
        StartAttempt {
            tenant_id: self.create.tenant_id,
            payment_id,
            method: self.method,
            auth_code: self.auth_code.clone(),
            payer: ExpectedPayer::default(),
            known_as: None,
            card: None,
            payer_ip: self.payer_ip.clone(),
            return_url: self.create.return_url.clone(),
            lease_us: self.lease_us,
            origin: self.create.origin.clone(),
        }
    }

    /// The payment of the same number goes on as it stands; one that still waits for a method gets this one.
    fn go_on(
        &self,
        payment: Payment,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<Confirmed>, Refusal> {
        let waits =
            payment.status == PaymentStatus::RequiresMethod && payment.close_requested_at_us.is_none();
        if waits {
            return self.begin(&payment, Changes::default(), snapshot, moment);
        }
        let latest = payment.latest_attempt_id.and_then(|id| snapshot.attempts.get(&(payment.tenant_id, id)));
        let attempt = latest.cloned();
        Ok(Decision::nothing(Confirmed { payment, attempt, existing: true, started: false }))
    }

    fn begin(
        &self,
        payment: &Payment,
        mut changes: Changes,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<Confirmed>, Refusal> {
        let existing = changes.is_empty();
        let (payment, attempt, (_, begun)) = self.start(payment.id).begin(payment, snapshot, moment)?;
        for change in begun.into_vec() {
            changes.put(change);
        }
        changes.put(payment.clone());
        let reply = Confirmed { payment, attempt: Some(attempt), existing, started: true };
        Ok(Decision::new(reply, changes))
    }
}

impl Command for ConfirmPayment {
    type Reply = Confirmed;

    fn tenant_id(&self) -> TenantId {
        self.create.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        let tenant_id = self.create.tenant_id;
        wants.add(Want::ChannelAccounts(tenant_id));
        self.create.wants(snapshot, wants);
        let id = self.create.existing_id(snapshot);
        let payment = id.and_then(|id| snapshot.payments.get(&(tenant_id, id)));
        wants.add(Want::IdentityPolicy(tenant_id));
        if let Some(payment) = payment {
            identity::want(payment, snapshot, wants);
        } else if let Some(payer_id) = self.create.payer_id {
            wants.add(Want::PayerSum(tenant_id, payer_id));
        }
        if let Some(attempt_id) = payment.and_then(|payment| payment.latest_attempt_id) {
            wants.add(Want::Attempt(tenant_id, attempt_id));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Confirmed>, Refusal> {
        if self.method == Method::BankTransfer {
            // Its code is drawn for a payment that exists.
            return Err(Refusal::FieldInvalid {
                param: "method",
                reason: "create the payment, then start an attempt",
            });
        }
        if self.create.existing_id(snapshot).is_some() {
            let found = self.create.decide(snapshot, moment)?.reply;
            return self.go_on(found.payment, snapshot, moment);
        }
        let (payment, changes) = self.create.make(snapshot, moment)?;
        self.begin(&payment, changes, snapshot, moment)
    }
}

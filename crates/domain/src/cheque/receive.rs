//! Receiving a cheque: an attempt that waits for the bank.

use crate::audit::{Act, Origin};
use crate::channel_account::{ChannelAccount, Method};
use crate::cheque::view::cheque_event;
use crate::cheque::{Cheque, ChequeStatus};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::counter::{check_owed, counter, want_partner};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, ChannelAccountId, ChequeId, PaymentId, TenantId, TypedId};
use crate::identity::{self, Gate};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::moment::{DAY_US, HOUR_US, Moment, shanghai_day};
use crate::payment::{
    Attempt, AttemptStatus, ClosingEarlier, NewAttempt, Payment, PaymentStatus, clear_open, want_open,
};
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::routing::{Demand, method_allowed, route};
use crate::snapshot::Snapshot;
use crate::view::payment_event;
use crate::webhook::EventKind;
use serde_json::json;

/// How often one paper may be received again after it was withdrawn or had bounced.
const RECEIVED_MAX: usize = 5;

/// Receives a cheque for the whole amount of a payment.
#[derive(Debug, Clone)]
pub struct ReceiveCheque {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The counter.
    pub channel_account_id: ChannelAccountId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The code of the bank that it is drawn on: 1 to 32 letters and digits.
    pub bank: String,
    /// Its number: 6 to 20 digits.
    pub cheque_no: String,
    /// The amount on it, which must be the payment's, minor units.
    pub amount_minor: i64,
    /// The day on it, days since 1970-01-01.
    pub issued_day: i64,
    /// How long the caller keeps the instruction that closes an earlier attempt, microseconds.
    pub lease_us: i64,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum ChequeReceived {
    /// It was received.
    New { cheque: Box<Cheque> },
    /// It was received before, for this payment and amount.
    Known { cheque: Box<Cheque> },
    /// Another attempt is open and now being closed at its channel; receive again afterwards.
    ClosingEarlier { attempt: Box<Attempt> },
}

impl ReceiveCheque {
    fn key(&self) -> KeyName {
        KeyName::scoped(self.tenant_id, NaturalKind::Cheque, &self.bank, &self.cheque_no)
    }

    /// The key under which this cheque is or would be received: keys stay for ever, so that behind a cheque that was
    /// withdrawn or bounced there is a key of its own for the paper's next way in.
    fn place(&self, snapshot: &Snapshot) -> (KeyName, Option<ChequeId>) {
        let mut key = self.key();
        for _ in 0..RECEIVED_MAX {
            let Some(id) = snapshot.natural_keys.get(&key).map(|known| ChequeId(known.id)) else {
                return (key, None);
            };
            let over =
                |cheque: &Cheque| matches!(cheque.status, ChequeStatus::Withdrawn | ChequeStatus::Bounced);
            if !snapshot.cheques.get(&(self.tenant_id, id)).is_some_and(over) {
                return (key, Some(id));
            }
            let behind = format!("{}/{id}", self.cheque_no);
            key = KeyName::scoped(self.tenant_id, NaturalKind::Cheque, &self.bank, &behind);
        }
        let held = snapshot.natural_keys.get(&key).map(|known| ChequeId(known.id));
        (key, held)
    }

    fn known(&self, snapshot: &Snapshot) -> Option<Result<Cheque, Refusal>> {
        let id = self.place(snapshot).1?;
        let cheque = snapshot.cheques.get(&(self.tenant_id, id)).cloned();
        let same = |row: &Cheque| (row.payment_id, row.amount_minor) == (self.payment_id, self.amount_minor);
        Some(cheque.filter(same).ok_or(Refusal::ChequeUsed))
    }

    fn check<'a>(
        &self,
        payment: &Payment,
        snapshot: &'a Snapshot,
        now_us: i64,
    ) -> Result<&'a ChannelAccount, Refusal> {
        name_of_actor(&self.by)?;
        let account = counter(self.tenant_id, self.channel_account_id, snapshot)?;
        let product = snapshot.products.get(&(self.tenant_id, payment.product_id));
        let product = product.ok_or(Refusal::NotFound { what: "product" })?;
        let bank =
            (1..=32).contains(&self.bank.len()) && self.bank.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !bank {
            return Err(Refusal::FieldInvalid { param: "bank", reason: "1 to 32 letters and digits" });
        }
        let number = (6..=20).contains(&self.cheque_no.len())
            && self.cheque_no.bytes().all(|byte| byte.is_ascii_digit());
        if !number {
            return Err(Refusal::FieldInvalid { param: "cheque_no", reason: "6 to 20 digits" });
        }
        let owed = payment.payer_amount();
        if self.amount_minor != owed.minor {
            return Err(Refusal::AmountOutOfRange { min: owed, max: owed });
        }
        check_owed(payment, snapshot, now_us)?;
        if !Cheque::valid_on(self.issued_day, shanghai_day(now_us)) {
            return Err(Refusal::ChequeExpired);
        }
        let routed = route(std::iter::once(account), Method::Cheque, &Demand::of(payment)).chosen;
        if routed.is_none() || !method_allowed(product, payment, Method::Cheque) {
            return Err(Refusal::ChannelNotAvailable);
        }
        Ok(account)
    }

    fn row(&self, payment: &Payment, attempt: &Attempt, moment: &Moment<'_>) -> Cheque {
        Cheque {
            tenant_id: self.tenant_id,
            id: ChequeId(attempt.id.id128()),
            payment_id: payment.id,
            merchant_id: payment.merchant_id,
            channel_account_id: attempt.channel_account_id,
            bank: self.bank.clone(),
            cheque_no: self.cheque_no.clone(),
            amount_minor: self.amount_minor,
            currency: payment.currency,
            issued_day: self.issued_day,
            presented_day: None,
            clearing_asked_by: None,
            bank_line_id: None,
            status: ChequeStatus::Received,
            entry_id: None,
            reason: None,
            made_by: self.by.clone(),
            changed_by: None,
            event_seq: 0,
            created_at_us: moment.now_us,
            updated_at_us: moment.now_us,
            version: 0,
        }
    }

    fn attempt(&self, payment: &Payment, account: &ChannelAccount, moment: &mut Moment<'_>) -> Attempt {
        let routing = route(std::iter::once(account), Method::Cheque, &Demand::of(payment));
        let new = NewAttempt { id: AttemptId::new(moment), account, method: Method::Cheque };
        let mut attempt = new.row(payment, &routing, moment);
        let last_day = self.issued_day.saturating_add(crate::cheque::VALID_DAYS);
        let ends_us = last_day.saturating_add(1).saturating_mul(DAY_US).saturating_sub(8 * HOUR_US);
        attempt.channel_expires_at_us = ends_us;
        attempt.status = AttemptStatus::Processing;
        attempt
    }

    fn begin(
        &self,
        payment: &Payment,
        account: &ChannelAccount,
        (key, mut changes): (KeyName, Changes),
        moment: &mut Moment<'_>,
    ) -> Decision<ChequeReceived> {
        let attempt = self.attempt(payment, account, moment);
        let mut payment = payment.clone();
        payment.status = PaymentStatus::Processing;
        payment.open_attempt_id = Some(attempt.id);
        payment.latest_attempt_id = Some(attempt.id);
        payment.attempts_count = payment.attempts_count.saturating_add(1);
        payment.updated_at_us = moment.now_us;
        let mut cheque = self.row(&payment, &attempt, moment);
        changes.put(NaturalKey { name: key, id: attempt.id.id128() });
        changes.put(payment_event(EventKind::PaymentProcessing, &mut payment, Some(&attempt), moment));
        changes.put(cheque_event(EventKind::ChequeReceived, &mut cheque, moment));
        let detail = json!({
            "payment": payment.id, "bank": self.bank, "cheque_no": self.cheque_no, "amount": self.amount_minor,
            "by": self.by,
        });
        changes.audit((self.tenant_id, &self.origin), Act::ChequeReceive, &cheque.id, &detail, moment);
        changes.put(attempt);
        changes.put(payment);
        changes.put(cheque.clone());
        Decision::new(ChequeReceived::New { cheque: Box::new(cheque) }, changes)
    }
}

impl Command for ReceiveCheque {
    type Reply = ChequeReceived;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::ChannelAccount(self.tenant_id, self.channel_account_id));
        let (key, held) = self.place(snapshot);
        wants.add(Want::Natural(key));
        wants.add_some(held.map(|id| Want::Cheque(self.tenant_id, id)));
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        wants.add(Want::Product(self.tenant_id, payment.product_id));
        identity::want(payment, snapshot, wants);
        want_open(payment, wants);
        want_partner(payment, wants);
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<ChequeReceived>, Refusal> {
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id));
        let payment = payment.ok_or(Refusal::NotFound { what: "payment" })?;
        if let Some(known) = self.known(snapshot) {
            return Ok(Decision::nothing(ChequeReceived::Known { cheque: Box::new(known?) }));
        }
        let account = self.check(payment, snapshot, moment.now_us)?;
        let gate = Gate::before(payment, snapshot, moment.now_us)?;
        let mut changes = Changes::default();
        let asked = (self.lease_us, &self.origin);
        let closing = clear_open(payment, asked, (snapshot, &mut changes), moment)?;
        if let Some(ClosingEarlier { attempt }) = closing {
            let reply = ChequeReceived::ClosingEarlier { attempt: Box::new(attempt) };
            return Ok(Decision::new(reply, changes));
        }
        gate.count(payment, &mut changes);
        Ok(self.begin(payment, account, (self.place(snapshot).0, changes), moment))
    }
}

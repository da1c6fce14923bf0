//! What a merchant bears when a bank takes back money that a payment had brought.

use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{AttemptId, BankLineId, ExceptionId, PaymentId, TenantId};
use crate::ledger::{AccountKind, AccountRef, Side};
use crate::moment::Moment;
use crate::payment::{Attempt, Payment};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::TransferOrder;
use crate::transfer::postings::received;
use crate::view::payment_event;
use crate::webhook::EventKind;
use serde_json::json;
use std::collections::BTreeMap;

/// What a credit of the bank had paid.
pub(crate) struct Paid {
    pub payment_id: PaymentId,
    pub attempt_id: AttemptId,
    pub amount_minor: i64,
    /// The match or cheque by which it did.
    pub by: String,
    /// Whether the payment counts it as collected.
    pub collected: bool,
}

/// The lines by which a bank showed money and took it again.
#[derive(Clone, Copy)]
pub(crate) struct TakenBack {
    /// The credit.
    pub credit_id: BankLineId,
    /// The line that took it back.
    pub reversal_id: Option<BankLineId>,
}

/// The matter of money that a bank took back, by the match or cheque that it had paid.
pub(crate) fn matter(tenant_id: TenantId, by: &str) -> ExceptionId {
    Exception::id_of(tenant_id, ExceptionKind::TransferReversed, by)
}

/// Names the accounts that a merchant bears it from, and what it owes where they do not go far enough.
pub(crate) fn want_bearing(payment: &Payment, wants: &mut Wants) {
    payment.bearing_accounts().into_iter().for_each(|name| wants.add(Want::Account(name)));
    payment.want_others(wants);
    wants.add(Want::Account(owed(payment)));
}

const fn owed(payment: &Payment) -> AccountRef {
    let kind = AccountKind::RefundReceivable;
    AccountRef::merchant(payment.tenant_id, payment.merchant_id, kind, payment.currency)
}

/// The debits and rows of one command by which money is taken back; a row that several parts of the money concern is changed
/// by each of them in turn.
pub(crate) struct Bearing<'a> {
    pub tenant_id: TenantId,
    pub snapshot: &'a Snapshot,
    debits: Vec<(AccountRef, Side, i64)>,
    /// What is left of accounts that were drawn from, minor units.
    available: BTreeMap<AccountRef, i64>,
    payments: BTreeMap<PaymentId, Payment>,
    attempts: BTreeMap<AttemptId, Attempt>,
    orders: BTreeMap<AttemptId, TransferOrder>,
    pub changes: Changes,
}

impl<'a> Bearing<'a> {
    pub fn new(tenant_id: TenantId, snapshot: &'a Snapshot) -> Self {
        Self {
            tenant_id,
            snapshot,
            debits: Vec::new(),
            available: BTreeMap::new(),
            payments: BTreeMap::new(),
            attempts: BTreeMap::new(),
            orders: BTreeMap::new(),
            changes: Changes::default(),
        }
    }

    /// The debits, and all that changed.
    pub fn over(self) -> (Vec<(AccountRef, Side, i64)>, Changes) {
        let mut changes = self.changes;
        self.orders.into_values().for_each(|row| changes.put(row));
        self.payments.into_values().for_each(|row| changes.put(row));
        self.attempts.into_values().for_each(|row| changes.put(row));
        (self.debits, changes)
    }

    pub fn payment(&self, id: PaymentId) -> Result<Payment, Refusal> {
        let stored = || self.snapshot.payments.get(&(self.tenant_id, id)).cloned();
        self.payments.get(&id).cloned().or_else(stored).ok_or(Refusal::NotFound { what: "payment" })
    }

    fn attempt(&self, id: AttemptId) -> Result<Attempt, Refusal> {
        let stored = || self.snapshot.attempts.get(&(self.tenant_id, id)).cloned();
        self.attempts.get(&id).cloned().or_else(stored).ok_or(Refusal::NotFound { what: "payment" })
    }

    pub fn order(&self, id: AttemptId) -> Result<TransferOrder, Refusal> {
        let stored = || self.snapshot.transfer_orders.get(&(self.tenant_id, id)).cloned();
        self.orders.get(&id).cloned().or_else(stored).ok_or(Refusal::NotFound { what: "match" })
    }

    /// An order that has this much less, and what its payment then has beside its collection.
    pub fn unreceived(&mut self, mut order: TransferOrder, amount_minor: i64) -> Result<(), Refusal> {
        let mut payment = self.payment(order.payment_id)?;
        let before_minor = order.received_minor;
        order.received_minor = before_minor.saturating_sub(amount_minor);
        payment.count_beside(before_minor, order.received_minor);
        self.debit(received(&order), amount_minor);
        self.payments.insert(payment.id, payment);
        self.orders.insert(order.id, order);
        Ok(())
    }

    pub fn debit(&mut self, account: AccountRef, amount_minor: i64) {
        self.debits.push((account, Side::Debit, amount_minor));
    }

    /// Takes as much as there is, at most what is wanted.
    fn draw(&mut self, account: AccountRef, wanted: i64) -> i64 {
        let stored = self.snapshot.account(&account, 0).available_minor().max(0);
        let left = self.available.entry(account).or_insert(stored);
        let part = (*left).min(wanted);
        *left = left.saturating_sub(part);
        self.debit(account, part);
        part
    }

    /// A collected order stays paid by its status; its merchant bears what the bank took, from the accounts that a
    /// hold is drawn from as far as they go, and owes the rest.
    pub fn borne(&mut self, made: &Paid, moment: &mut Moment<'_>) -> Result<(), Refusal> {
        let mut payment = self.payment(made.payment_id)?;
        let mut attempt = self.attempt(made.attempt_id)?;
        let mut open = made.amount_minor;
        let for_others = self.draw(payment.others_account(), payment.others_reversed(made.amount_minor));
        payment.reversed_others_minor = payment.reversed_others_minor.saturating_add(for_others);
        open = open.saturating_sub(for_others);
        for account in payment.bearing_accounts() {
            open = open.saturating_sub(self.draw(account, open));
        }
        self.debit(owed(&payment), open);
        let stray_minor = attempt.stray_minor();
        attempt.reversed_minor = attempt.reversed_minor.saturating_add(made.amount_minor);
        payment.count_beside(stray_minor, attempt.stray_minor());
        attempt.needs_manual = true;
        attempt.updated_at_us = moment.now_us;
        payment.reversed_minor = payment.reversed_minor.saturating_add(made.amount_minor);
        payment.updated_at_us = moment.now_us;
        let event = payment_event(EventKind::PaymentReversed, &mut payment, Some(&attempt), moment);
        self.changes.put(event);
        self.payments.insert(payment.id, payment);
        self.attempts.insert(attempt.id, attempt);
        Ok(())
    }

    /// A person is told: the goods may be gone already.
    pub fn raise(&mut self, made: &Paid, by: TakenBack, now_us: i64) {
        let detail = json!({
            "reversal": by.reversal_id, "bank_transfer": by.credit_id, "collected": made.collected,
        });
        let raised = Exception {
            tenant_id: self.tenant_id,
            id: matter(self.tenant_id, &made.by),
            kind: ExceptionKind::TransferReversed,
            payment_id: Some(made.payment_id),
            attempt_id: Some(made.attempt_id),
            refund_id: None,
            amount_minor: made.amount_minor,
            detail: detail.to_string(),
            status: ExceptionStatus::Open,
            opened_at_us: now_us,
            closed_at_us: None,
            resolution: None,
            version: 0,
        };
        self.changes.put_some(raised.unless_open(self.snapshot));
    }
}

//! What a merchant bears when a bank takes back money that a payment had brought.

use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{AttemptId, BankLineId, ExceptionId, PaymentId, TenantId};
use crate::ledger::{AccountKind, AccountRef, Side};
use crate::moment::Moment;
use crate::payment::Payment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
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
    wants.add(Want::Account(owed(payment)));
}

const fn owed(payment: &Payment) -> AccountRef {
    let kind = AccountKind::RefundReceivable;
    AccountRef::merchant(payment.tenant_id, payment.merchant_id, kind, payment.currency)
}

/// The debits and rows of one command by which money is taken back.
pub(crate) struct Bearing<'a> {
    pub tenant_id: TenantId,
    pub snapshot: &'a Snapshot,
    pub debits: Vec<(AccountRef, Side, i64)>,
    /// What is left of accounts that were drawn from, minor units.
    available: BTreeMap<AccountRef, i64>,
    pub changes: Changes,
}

impl<'a> Bearing<'a> {
    pub fn new(tenant_id: TenantId, snapshot: &'a Snapshot) -> Self {
        let (debits, available) = (Vec::new(), BTreeMap::new());
        Self { tenant_id, snapshot, debits, available, changes: Changes::default() }
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
        let missing = || Refusal::NotFound { what: "payment" };
        let payment = self.snapshot.payments.get(&(self.tenant_id, made.payment_id));
        let attempt = self.snapshot.attempts.get(&(self.tenant_id, made.attempt_id));
        let mut payment = payment.cloned().ok_or_else(missing)?;
        let mut attempt = attempt.cloned().ok_or_else(missing)?;
        let mut open = made.amount_minor;
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
        self.changes.put(payment);
        self.changes.put(attempt);
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

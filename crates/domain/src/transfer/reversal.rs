//! The bank takes back money that it had credited 冲正: whatever had become of the money, it is gone.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{
    AttemptId, BankLineId, ChequeId, ExceptionId, MatchId, PaymentId, ReturnId, TenantId, TypedId,
};
use crate::ledger::{AccountKind, AccountRef, Side};
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::approve::{find, want};
use crate::transfer::give_back::{reject, return_of};
use crate::transfer::settle::want_accounts_of_order;
use crate::transfer::view::bank_line_event;
use crate::transfer::{
    BankLine, Flow, LineLink, LineNature, LineStatus, MatchStatus, OrderStatus, ReturnState, TransferMatch,
    postings,
};
use crate::view::payment_event;
use crate::webhook::EventKind;
use serde_json::json;
use std::collections::BTreeMap;

/// How many days after a credit the bank may take it back for the two to be linked.
pub const REVERSAL_DAYS: i64 = 30;

/// Whether a line may take this credit back, as far as both can tell without their texts.
#[must_use]
pub fn may_reverse(reversal: &BankLine, credit: &BankLine) -> bool {
    let days = reversal.booked_day.saturating_sub(credit.booked_day);
    let taken_back = reversal.nature == LineNature::Reversal && reversal.unexplained();
    let stands = credit.flow == Flow::Credit
        && credit.status == LineStatus::Booked
        && credit.linked_minor == 0
        && credit.nature == LineNature::Plain
        && !credit.unproven();
    taken_back
        && stands
        && reversal.amount_minor == credit.amount_minor
        && reversal.channel_account_id == credit.channel_account_id
        && reversal.currency == credit.currency
        && (0..=REVERSAL_DAYS).contains(&days)
}

/// A match of the credit with its rows, named so that all are locked in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchRows {
    /// The match.
    pub match_id: MatchId,
    /// Its order.
    pub order_id: AttemptId,
    /// The order's payment.
    pub payment_id: PaymentId,
}

impl MatchRows {
    /// Those of a match.
    #[must_use]
    pub const fn of(made: &TransferMatch) -> Self {
        Self { match_id: made.id, order_id: made.order_id, payment_id: made.payment_id }
    }
}

/// Links a line by which the bank took money back with the credit it took back. Money in suspense is gone; matches of
/// orders not yet paid are undone; where an order or a cheque was collected, its merchant bears it, and a person is told.
#[derive(Debug, Clone)]
pub struct LinkReversal {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The line by which the bank took it.
    pub reversal_id: BankLineId,
    /// The credit.
    pub credit_id: BankLineId,
    /// All matches of the credit that hold.
    pub matches: Vec<MatchRows>,
    /// The payment and the cheque that it cleared.
    pub cheque: Option<(PaymentId, ChequeId)>,
    /// All its returns that are asked for or decided.
    pub returns: Vec<ReturnId>,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// What the credit had paid.
struct Paid {
    payment_id: PaymentId,
    attempt_id: AttemptId,
    amount_minor: i64,
    /// The match or cheque by which it did.
    by: String,
    /// Whether the payment counts it as collected.
    collected: bool,
}

/// The rows under the command.
struct Unwinding<'a> {
    command: &'a LinkReversal,
    snapshot: &'a Snapshot,
    debits: Vec<(AccountRef, Side, i64)>,
    /// What is left of accounts that were drawn from, minor units.
    available: BTreeMap<AccountRef, i64>,
    changes: Changes,
}

impl Unwinding<'_> {
    fn debit(&mut self, account: AccountRef, amount_minor: i64) {
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

    /// Returns are off; what was set aside for one is debited.
    fn returns(&mut self, credit: &mut BankLine, moment: &Moment<'_>) -> Result<(), Refusal> {
        let command = self.command;
        for id in &command.returns {
            let mut given_back = return_of(command.tenant_id, (*id, credit.id), self.snapshot)?;
            match given_back.status {
                ReturnState::Approved => {
                    self.debit(
                        postings::account(credit, AccountKind::TransferReturn),
                        given_back.amount_minor,
                    );
                }
                ReturnState::PendingApproval => {
                    let suspense = postings::account(credit, AccountKind::Suspense);
                    self.debit(suspense, given_back.amount_minor);
                }
                // The money left twice; which of the two was wrong is not ours to guess.
                ReturnState::Sent | ReturnState::Rejected => return Err(Refusal::BankLineNotOpen),
            }
            reject(&mut given_back, credit);
            given_back.decided_by = Some(command.by.clone());
            given_back.updated_at_us = moment.now_us;
            self.changes.put(given_back);
        }
        Ok(())
    }

    fn unmatch(
        &mut self,
        rows: MatchRows,
        credit: &mut BankLine,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let tenant_id = self.command.tenant_id;
        let missing = || Refusal::NotFound { what: "match" };
        let made = self.snapshot.transfer_matches.get(&(tenant_id, rows.match_id));
        let mut made = made.cloned().ok_or_else(missing)?;
        let order = self.snapshot.transfer_orders.get(&(tenant_id, rows.order_id));
        let mut order = order.cloned().ok_or_else(missing)?;
        let named = (made.bank_line_id, made.order_id, made.payment_id);
        // Money of it that goes back for a refund would be gone twice: a person stops the refund first.
        let open = made.status == MatchStatus::Active && made.returned_minor == 0;
        if named != (credit.id, rows.order_id, rows.payment_id) || !open {
            return Err(Refusal::BankLineNotOpen);
        }
        credit.matched_minor = credit.matched_minor.saturating_sub(made.amount_minor);
        let paid = Paid {
            payment_id: made.payment_id,
            attempt_id: made.order_id,
            amount_minor: made.amount_minor,
            by: made.id.to_string(),
            collected: order.status == OrderStatus::Paid,
        };
        if paid.collected {
            made.status = MatchStatus::Reversed;
            self.borne(&paid, moment)?;
        } else {
            made.status = MatchStatus::Undone;
            made.undone_by = Some(self.command.by.clone());
            order.received_minor = order.received_minor.saturating_sub(made.amount_minor);
            self.debit(postings::received(&order), made.amount_minor);
            self.changes.put(order);
        }
        self.raise(&paid, (credit.id, moment.now_us));
        self.changes.put(made);
        Ok(())
    }

    /// A cheque stays cleared by its status, as a collected order stays paid.
    fn uncheque(
        &mut self,
        (payment_id, cheque_id): (PaymentId, ChequeId),
        credit: &mut BankLine,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let cheque = self.snapshot.cheques.get(&(self.command.tenant_id, cheque_id));
        let cheque = cheque.filter(|cheque| cheque.payment_id == payment_id);
        let cheque = cheque.ok_or(Refusal::NotFound { what: "cheque" })?;
        if cheque.bank_line_id != Some(credit.id) {
            return Err(Refusal::BankLineNotOpen);
        }
        credit.matched_minor = credit.matched_minor.saturating_sub(cheque.amount_minor);
        let paid = Paid {
            payment_id,
            attempt_id: cheque.attempt_id(),
            amount_minor: cheque.amount_minor,
            by: cheque.id.to_string(),
            collected: true,
        };
        self.borne(&paid, moment)?;
        self.raise(&paid, (credit.id, moment.now_us));
        Ok(())
    }

    /// A collected order stays paid by its status; its merchant bears what the bank took, from the accounts that a
    /// hold is drawn from as far as they go, and owes the rest.
    fn borne(&mut self, made: &Paid, moment: &mut Moment<'_>) -> Result<(), Refusal> {
        let tenant_id = self.command.tenant_id;
        let missing = || Refusal::NotFound { what: "payment" };
        let payment = self.snapshot.payments.get(&(tenant_id, made.payment_id));
        let attempt = self.snapshot.attempts.get(&(tenant_id, made.attempt_id));
        let mut payment = payment.cloned().ok_or_else(missing)?;
        let mut attempt = attempt.cloned().ok_or_else(missing)?;
        let kind = AccountKind::RefundReceivable;
        let owed = AccountRef::merchant(tenant_id, payment.merchant_id, kind, payment.currency);
        let mut open = made.amount_minor;
        for account in payment.bearing_accounts() {
            open = open.saturating_sub(self.draw(account, open));
        }
        self.debit(owed, open);
        attempt.reversed_minor = attempt.reversed_minor.saturating_add(made.amount_minor);
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

    fn raise(&mut self, made: &Paid, (credit_id, now_us): (BankLineId, i64)) {
        let detail = json!({
            "reversal": self.command.reversal_id, "bank_transfer": credit_id, "collected": made.collected,
        });
        let raised = Exception {
            tenant_id: self.command.tenant_id,
            id: self.command.matter(&made.by),
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

impl LinkReversal {
    fn matter(&self, by: &str) -> ExceptionId {
        Exception::id_of(self.tenant_id, ExceptionKind::TransferReversed, by)
    }

    fn want_cheque(
        &self,
        (payment_id, cheque_id): (PaymentId, ChequeId),
        snapshot: &Snapshot,
        wants: &mut Wants,
    ) {
        wants.add(Want::Payment(self.tenant_id, payment_id));
        wants.add(Want::Attempt(self.tenant_id, AttemptId(cheque_id.id128())));
        wants.add(Want::Cheque(self.tenant_id, cheque_id));
        wants.add(Want::Exception(self.tenant_id, self.matter(&cheque_id.to_string())));
        if let Some(payment) = snapshot.payments.get(&(self.tenant_id, payment_id)) {
            payment.bearing_accounts().into_iter().for_each(|name| wants.add(Want::Account(name)));
        }
        let Some(cheque) = snapshot.cheques.get(&(self.tenant_id, cheque_id)) else { return };
        for kind in [AccountKind::PendingSettlement, AccountKind::Cash, AccountKind::RefundReceivable] {
            let account = AccountRef::merchant(self.tenant_id, cheque.merchant_id, kind, cheque.currency);
            wants.add(Want::Account(account));
        }
    }

    fn unlinked(&self) -> ExceptionId {
        Exception::id_of(self.tenant_id, ExceptionKind::ReversalUnlinked, &self.reversal_id.to_string())
    }

    /// Takes the credit's money from wherever it is.
    fn unwind(
        &self,
        (reversal, credit): (&BankLine, &mut BankLine),
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Changes, Refusal> {
        let (debits, available) = (Vec::new(), BTreeMap::new());
        let mut unwinding =
            Unwinding { command: self, snapshot, debits, available, changes: Changes::default() };
        let suspense = credit.left_minor();
        unwinding.debit(postings::account(credit, AccountKind::Suspense), suspense);
        unwinding.returns(credit, moment)?;
        for rows in &self.matches {
            unwinding.unmatch(*rows, credit, moment)?;
        }
        if let Some(rows) = self.cheque {
            unwinding.uncheque(rows, credit, moment)?;
        }
        if credit.matched_minor != 0 || credit.return_minor != 0 {
            // It was matched or asked back since the command was made.
            return Err(Refusal::BankLineNotOpen);
        }
        let entry = postings::reversed(reversal, unwinding.debits, moment).ok_or(Refusal::AmountOverflow)?;
        let mut changes = unwinding.changes;
        changes.put(entry);
        Ok(changes)
    }
}

impl Command for LinkReversal {
    type Reply = BankLine;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        for rows in &self.matches {
            wants.add(Want::Payment(self.tenant_id, rows.payment_id));
            wants.add(Want::Attempt(self.tenant_id, rows.order_id));
            wants.add(Want::TransferOrder(self.tenant_id, rows.order_id));
            wants.add(Want::TransferMatch(self.tenant_id, rows.match_id));
            wants.add(Want::Exception(self.tenant_id, self.matter(&rows.match_id.to_string())));
            want_accounts_of_order(self.tenant_id, rows.order_id, snapshot, wants);
        }
        if let Some(rows) = self.cheque {
            self.want_cheque(rows, snapshot, wants);
        }
        for id in &self.returns {
            wants.add(Want::TransferReturn(self.tenant_id, *id));
        }
        wants.add(Want::Exception(self.tenant_id, self.unlinked()));
        wants.add(Want::BankLine(self.tenant_id, self.reversal_id));
        want(self.tenant_id, self.credit_id, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<BankLine>, Refusal> {
        name_of_actor(&self.by)?;
        let mut reversal = find(self.tenant_id, self.reversal_id, snapshot)?;
        let mut credit = find(self.tenant_id, self.credit_id, snapshot)?;
        if reversal.link_id == Some(credit.id.id128()) {
            return Ok(Decision::nothing(credit));
        }
        if !may_reverse(&reversal, &credit) {
            return Err(Refusal::BankLineNotOpen);
        }
        let mut changes = self.unwind((&reversal, &mut credit), snapshot, moment)?;
        reversal.link = Some(LineLink::Reversal);
        reversal.link_id = Some(credit.id.id128());
        reversal.linked_minor = reversal.amount_minor;
        reversal.updated_at_us = moment.now_us;
        credit.linked_minor = credit.amount_minor;
        credit.updated_at_us = moment.now_us;
        let event = bank_line_event(EventKind::BankTransferReversed, &mut credit, moment);
        changes.put(event);
        let matter = (self.tenant_id, self.unlinked());
        changes.put_some(Exception::settled(matter, snapshot, moment.now_us));
        let detail = json!({ "reversal": reversal.id, "matches": self.matches.len(),
            "cheque": self.cheque.map(|(_, id)| id), "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineLink, &credit.id, &detail, moment);
        changes.put(reversal);
        changes.put(credit.clone());
        Ok(Decision::new(credit, changes))
    }
}

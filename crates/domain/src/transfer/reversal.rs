//! The bank takes back money that it had credited 冲正: whatever had become of the money, it is gone.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind};
use crate::id::{
    AttemptId, BankLineId, ChequeId, ExceptionId, MatchId, PaymentId, ReturnId, TenantId, TypedId,
};
use crate::ledger::AccountKind;
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::approve::{find, want};
use crate::transfer::borne::{Bearing, Paid, TakenBack, matter, want_bearing};
use crate::transfer::give_back::{reject, return_of};
use crate::transfer::settle::want_accounts_of_order;
use crate::transfer::view::bank_line_event;
use crate::transfer::{
    BankLine, Flow, LineLink, LineNature, LineStatus, MatchStatus, OrderStatus, ReturnState, TransferMatch,
    postings,
};
use crate::webhook::EventKind;
use serde_json::json;

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

/// The rows under the command.
struct Unwinding<'a> {
    command: &'a LinkReversal,
    bearing: Bearing<'a>,
}

impl Unwinding<'_> {
    /// Returns are off; what was set aside for one is debited.
    fn returns(&mut self, credit: &mut BankLine, moment: &Moment<'_>) -> Result<(), Refusal> {
        let command = self.command;
        for id in &command.returns {
            let mut given_back = return_of(command.tenant_id, (*id, credit.id), self.bearing.snapshot)?;
            match given_back.status {
                ReturnState::Approved => {
                    self.bearing.debit(
                        postings::account(credit, AccountKind::TransferReturn),
                        given_back.amount_minor,
                    );
                }
                ReturnState::PendingApproval => {
                    let suspense = postings::account(credit, AccountKind::Suspense);
                    self.bearing.debit(suspense, given_back.amount_minor);
                }
                // The money left twice; which of the two was wrong is not ours to guess.
                ReturnState::Sent | ReturnState::Rejected => return Err(Refusal::BankLineNotOpen),
            }
            reject(&mut given_back, credit);
            given_back.decided_by = Some(command.by.clone());
            given_back.updated_at_us = moment.now_us;
            self.bearing.changes.put(given_back);
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
        let made = self.bearing.snapshot.transfer_matches.get(&(tenant_id, rows.match_id));
        let mut made = made.cloned().ok_or_else(missing)?;
        let order = self.bearing.order(rows.order_id)?;
        let named = (made.bank_line_id, made.order_id, made.payment_id);
        // Money of it that goes back for a refund would be gone twice: a person stops the refund first.
        let open = made.status == MatchStatus::Active && made.returned_minor == 0;
        if named != (credit.id, rows.order_id, rows.payment_id) || !open {
            return Err(Refusal::BankLineNotOpen);
        }
        credit.matched_minor = credit.matched_minor.saturating_sub(made.amount_minor);
        let by = self.by(credit);
        let paid = Paid {
            payment_id: made.payment_id,
            attempt_id: made.order_id,
            amount_minor: made.amount_minor,
            by: made.id.to_string(),
            collected: order.status == OrderStatus::Paid,
        };
        if paid.collected {
            made.status = MatchStatus::Reversed;
            self.bearing.borne(&paid, moment)?;
        } else {
            made.status = MatchStatus::Undone;
            made.undone_by = Some(self.command.by.clone());
            self.bearing.unreceived(order, made.amount_minor)?;
        }
        self.bearing.raise(&paid, by, moment.now_us);
        self.bearing.changes.put(made);
        Ok(())
    }

    /// A cheque stays cleared by its status, as a collected order stays paid.
    fn uncheque(
        &mut self,
        (payment_id, cheque_id): (PaymentId, ChequeId),
        credit: &mut BankLine,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let cheque = self.bearing.snapshot.cheques.get(&(self.command.tenant_id, cheque_id));
        let cheque = cheque.filter(|cheque| cheque.payment_id == payment_id);
        let cheque = cheque.ok_or(Refusal::NotFound { what: "cheque" })?;
        if cheque.bank_line_id != Some(credit.id) {
            return Err(Refusal::BankLineNotOpen);
        }
        credit.matched_minor = credit.matched_minor.saturating_sub(cheque.amount_minor);
        let by = self.by(credit);
        let paid = Paid {
            payment_id,
            attempt_id: cheque.attempt_id(),
            amount_minor: cheque.amount_minor,
            by: cheque.id.to_string(),
            collected: true,
        };
        self.bearing.borne(&paid, moment)?;
        self.bearing.raise(&paid, by, moment.now_us);
        Ok(())
    }

    const fn by(&self, credit: &BankLine) -> TakenBack {
        TakenBack { credit_id: credit.id, reversal_id: Some(self.command.reversal_id) }
    }
}

impl LinkReversal {
    fn want_cheque(
        &self,
        (payment_id, cheque_id): (PaymentId, ChequeId),
        snapshot: &Snapshot,
        wants: &mut Wants,
    ) {
        wants.add(Want::Payment(self.tenant_id, payment_id));
        wants.add(Want::Attempt(self.tenant_id, AttemptId(cheque_id.id128())));
        wants.add(Want::Cheque(self.tenant_id, cheque_id));
        wants.add(Want::Exception(self.tenant_id, matter(self.tenant_id, &cheque_id.to_string())));
        if let Some(payment) = snapshot.payments.get(&(self.tenant_id, payment_id)) {
            want_bearing(payment, wants);
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
        let mut unwinding = Unwinding { command: self, bearing: Bearing::new(self.tenant_id, snapshot) };
        let suspense = credit.left_minor();
        unwinding.bearing.debit(postings::account(credit, AccountKind::Suspense), suspense);
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
        let (debits, mut changes) = unwinding.bearing.over();
        let entry = postings::reversed(reversal, debits, moment).ok_or(Refusal::AmountOverflow)?;
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
            wants.add(Want::Exception(self.tenant_id, matter(self.tenant_id, &rows.match_id.to_string())));
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

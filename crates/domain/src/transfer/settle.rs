//! Giving money of bank lines to orders, and the collection of those that are then paid in full.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::fulfilment;
use crate::id::{AttemptId, BankLineId, MatchId, PaymentId, TenantId, TypedId};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::{DAY_US, HOUR_US, Moment, shanghai_day};
use crate::payment::{
    Attempt, AttemptStatus, Disposition, Payment, PaymentStatus, want_fulfilment, want_parts,
};
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::split;
use crate::transfer::view::bank_line_event;
use crate::transfer::{BankLine, MatchStatus, OrderStatus, Reason, TransferMatch, TransferOrder, postings};
use crate::view::payment_event;
use crate::webhook::EventKind;
use serde_json::json;
use std::collections::BTreeMap;

/// Pairs that one command may match.
pub const PAIRS_MAX: usize = 200;

/// Money of one line for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The line.
    pub bank_line_id: BankLineId,
    /// The order.
    pub order_id: AttemptId,
    /// The order's payment, named so that all rows are locked in one order.
    pub payment_id: PaymentId,
    /// How much, minor units.
    pub amount_minor: i64,
    /// 0 to 100.
    pub score: i64,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What becomes of a pair that no longer fits, because the line or the order moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// The whole command is refused.
    Refuse,
    /// It is left out.
    LeaveOut,
}

/// Gives money of bank lines to orders.
#[derive(Debug, Clone)]
pub struct MatchTransfers {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The pairs, at most [`PAIRS_MAX`].
    pub pairs: Vec<Pair>,
    /// What becomes of pairs that do not fit.
    pub misfit: Misfit,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// A match and its rows as they then stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The match.
    pub transfer_match: TransferMatch,
    /// The line.
    pub line: BankLine,
    /// The payment.
    pub payment: Payment,
}

/// The rows under a command that touches several of them.
struct Desk<'a> {
    command: &'a MatchTransfers,
    snapshot: &'a Snapshot,
    lines: BTreeMap<BankLineId, BankLine>,
    orders: BTreeMap<AttemptId, TransferOrder>,
    payments: BTreeMap<PaymentId, Payment>,
    attempts: BTreeMap<AttemptId, Attempt>,
    changes: Changes,
}

impl<'a> Desk<'a> {
    fn new(command: &'a MatchTransfers, snapshot: &'a Snapshot) -> Self {
        Self {
            command,
            snapshot,
            lines: BTreeMap::new(),
            orders: BTreeMap::new(),
            payments: BTreeMap::new(),
            attempts: BTreeMap::new(),
            changes: Changes::default(),
        }
    }

    fn line(&self, id: BankLineId) -> Result<BankLine, Refusal> {
        let stored = || self.snapshot.bank_lines.get(&(self.command.tenant_id, id)).cloned();
        self.lines.get(&id).cloned().or_else(stored).ok_or(Refusal::NotFound { what: "bank_transfer" })
    }

    fn order(&self, id: AttemptId) -> Result<TransferOrder, Refusal> {
        let stored = || self.snapshot.transfer_orders.get(&(self.command.tenant_id, id)).cloned();
        self.orders.get(&id).cloned().or_else(stored).ok_or(Refusal::NotFound { what: "payment" })
    }

    fn payment(&self, id: PaymentId) -> Result<Payment, Refusal> {
        let stored = || self.snapshot.payments.get(&(self.command.tenant_id, id)).cloned();
        self.payments.get(&id).cloned().or_else(stored).ok_or(Refusal::NotFound { what: "payment" })
    }

    fn attempt(&self, id: AttemptId) -> Result<Attempt, Refusal> {
        let stored = || self.snapshot.attempts.get(&(self.command.tenant_id, id)).cloned();
        self.attempts.get(&id).cloned().or_else(stored).ok_or(Refusal::NotFound { what: "attempt" })
    }

    fn take(&mut self, pair: &Pair, moment: &mut Moment<'_>) -> Result<Matched, Refusal> {
        let mut line = self.line(pair.bank_line_id)?;
        let mut order = self.order(pair.order_id)?;
        let payment = self.payment(pair.payment_id)?;
        let attempt = self.attempt(order.id)?;
        check(pair, (&line, &order, &payment))?;
        let entry = postings::matched(&order, pair.amount_minor, moment).ok_or(Refusal::AmountOverflow)?;
        let transfer_match = TransferMatch {
            tenant_id: order.tenant_id,
            id: MatchId::new(moment),
            bank_line_id: line.id,
            order_id: order.id,
            payment_id: order.payment_id,
            amount_minor: pair.amount_minor,
            score: pair.score.clamp(0, 100),
            reasons: json!(pair.reasons).to_string(),
            entry_id: entry.id,
            returned_minor: 0,
            status: MatchStatus::Active,
            made_by: self.command.by.clone(),
            undone_by: None,
            created_at_us: moment.now_us,
            version: 0,
        };
        self.changes.put(entry);
        line.matched_minor = line.matched_minor.saturating_add(pair.amount_minor);
        line.updated_at_us = moment.now_us;
        order.received_minor = order.received_minor.saturating_add(pair.amount_minor);
        let event = bank_line_event(EventKind::BankTransferMatched, &mut line, moment);
        self.changes.put(event);
        self.audit(&transfer_match, moment);
        self.changes.put(transfer_match.clone());
        let payment = self.settle((&line, &mut order), payment, attempt, (&transfer_match, moment));
        self.lines.insert(line.id, line.clone());
        self.orders.insert(order.id, order);
        Ok(Matched { transfer_match, line, payment })
    }

    /// An order paid in full is collected: once, with its event, in the commit of the match that completed it.
    fn settle(
        &mut self,
        (line, order): (&BankLine, &mut TransferOrder),
        mut payment: Payment,
        mut attempt: Attempt,
        (last, moment): (&TransferMatch, &mut Moment<'_>),
    ) -> Payment {
        let before_minor = order.received_minor.saturating_sub(last.amount_minor);
        if order.received_minor < order.amount_minor {
            payment.count_beside(before_minor, order.received_minor);
            self.payments.insert(payment.id, payment.clone());
            return payment;
        }
        payment.count_beside(before_minor, 0);
        order.status = OrderStatus::Paid;
        attempt.status = AttemptStatus::Succeeded;
        attempt.disposition = Some(Disposition::Effective);
        attempt.received_minor = order.amount_minor;
        attempt.channel_txn_no = Some(last.id.to_string());
        let day_begins_us = line.booked_day.saturating_mul(DAY_US).saturating_sub(8 * HOUR_US);
        attempt.paid_at_us = Some(line.booked_at_us.unwrap_or(day_begins_us));
        attempt.updated_at_us = moment.now_us;
        payment.fee_minor = payment.fee.on(payment.payer_minor).unwrap_or(0);
        payment.status = PaymentStatus::Succeeded;
        payment.effective_attempt_id = Some(attempt.id);
        payment.open_attempt_id = None;
        payment.unknown_since_us = None;
        payment.succeeded_at_us = Some(moment.now_us);
        payment.accounting_day = Some(shanghai_day(moment.now_us));
        payment.updated_at_us = moment.now_us;
        self.changes.put_some(postings::collect(order, &payment, moment));
        let event = payment_event(EventKind::PaymentSucceeded, &mut payment, Some(&attempt), moment);
        self.changes.put(event);
        split::begin(&mut payment, &attempt, (self.snapshot, &mut self.changes), moment);
        fulfilment::announce(&mut payment, self.snapshot, &mut self.changes, moment);
        self.attempts.insert(attempt.id, attempt);
        self.payments.insert(payment.id, payment.clone());
        payment
    }

    fn audit(&mut self, made: &TransferMatch, moment: &mut Moment<'_>) {
        let detail = json!({
            "match": made.id, "payment": made.payment_id, "amount": made.amount_minor, "score": made.score,
            "by": made.made_by,
        });
        let who = (made.tenant_id, &self.command.origin);
        self.changes.audit(who, Act::BankLineMatch, &made.bank_line_id, &detail, moment);
    }

    fn finish(mut self) -> Changes {
        self.lines.into_values().for_each(|row| self.changes.put(row));
        self.orders.into_values().for_each(|row| self.changes.put(row));
        self.attempts.into_values().for_each(|row| self.changes.put(row));
        self.payments.into_values().for_each(|row| self.changes.put(row));
        self.changes
    }
}

fn check(pair: &Pair, (line, order, payment): (&BankLine, &TransferOrder, &Payment)) -> Result<(), Refusal> {
    if line.channel_account_id != order.channel_account_id || line.currency != order.currency {
        return Err(Refusal::OrderNotAwaiting);
    }
    let awaited = order.status == OrderStatus::Open
        && order.payment_id == pair.payment_id
        && payment.open_attempt_id == Some(order.id)
        && !payment.status.terminal();
    if !awaited {
        return Err(Refusal::OrderNotAwaiting);
    }
    if line.left_minor() == 0 {
        return Err(Refusal::BankLineNotOpen);
    }
    if pair.amount_minor <= 0 || pair.amount_minor > line.left_minor().min(order.left_minor()) {
        return Err(Refusal::MatchExceedsOpen);
    }
    Ok(())
}

impl Command for MatchTransfers {
    type Reply = Vec<Matched>;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        for pair in self.pairs.iter().take(PAIRS_MAX) {
            let rows = (pair.bank_line_id, pair.order_id, pair.payment_id);
            want_pair(self.tenant_id, rows, snapshot, wants);
        }
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<Vec<Matched>>, Refusal> {
        name_of_actor(&self.by)?;
        if self.pairs.is_empty() || self.pairs.len() > PAIRS_MAX {
            return Err(Refusal::FieldInvalid { param: "pairs", reason: "1 to 200 pairs" });
        }
        let mut desk = Desk::new(self, snapshot);
        let mut matched = Vec::new();
        for pair in &self.pairs {
            match (desk.take(pair, moment), self.misfit) {
                (Ok(made), _) => matched.push(made),
                (Err(_), Misfit::LeaveOut) => {}
                (Err(refusal), Misfit::Refuse) => return Err(refusal),
            }
        }
        Ok(Decision::new(matched, desk.finish()))
    }
}

/// The rows and accounts that matching a line and an order has to see.
pub(super) fn want_pair(
    tenant_id: TenantId,
    (line_id, order_id, payment_id): (BankLineId, AttemptId, PaymentId),
    snapshot: &Snapshot,
    wants: &mut Wants,
) {
    wants.add(Want::Payment(tenant_id, payment_id));
    if let Some(payment) = snapshot.payments.get(&(tenant_id, payment_id)) {
        want_fulfilment(payment, wants);
        split::want_success(payment, wants);
        wants.add(Want::Product(tenant_id, payment.product_id));
    }
    wants.add(Want::Attempt(tenant_id, order_id));
    wants.add(Want::BankLine(tenant_id, line_id));
    wants.add(Want::TransferOrder(tenant_id, order_id));
    want_accounts_of_order(tenant_id, order_id, snapshot, wants);
}

/// The accounts that money of an order is booked on.
pub(super) fn want_accounts_of_order(
    tenant_id: TenantId,
    order_id: AttemptId,
    snapshot: &Snapshot,
    wants: &mut Wants,
) {
    let Some(order) = snapshot.transfer_orders.get(&(tenant_id, order_id)) else { return };
    let currency = order.currency;
    let merchant = |kind| AccountRef::merchant(tenant_id, order.merchant_id, kind, currency);
    wants.add(Want::Account(AccountRef::channel(
        tenant_id,
        order.channel_account_id,
        AccountKind::Suspense,
        currency,
    )));
    for kind in [
        AccountKind::TransferReceived,
        AccountKind::PendingSettlement,
        AccountKind::Cash,
        AccountKind::RefundReceivable,
    ] {
        wants.add(Want::Account(merchant(kind)));
    }
    wants.add(Want::Account(AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency)));
    if let Some(payment) = snapshot.payments.get(&(tenant_id, order.payment_id)) {
        wants.add(Want::Account(payment.credited_account()));
        payment.want_others(wants);
        wants.add(Want::Account(payment.fee_account()));
        want_parts(payment, order.channel_account_id, wants);
    }
}

//! Undoing a match while the order is not paid in full.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, BankLineId, MatchId, PaymentId, TenantId};
use crate::moment::Moment;
use crate::person::name_of_actor;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::settle::want_pair;
use crate::transfer::view::bank_line_event;
use crate::transfer::{MatchStatus, OrderStatus, TransferMatch, postings};
use crate::webhook::EventKind;
use serde_json::json;

/// Takes the money of a match back to suspense; an order that was collected is given back by a refund instead.
#[derive(Debug, Clone)]
pub struct UndoMatch {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The match.
    pub match_id: MatchId,
    /// Its line, order and payment, named so that all rows are locked in one order.
    pub rows: (BankLineId, AttemptId, PaymentId),
    /// Why.
    pub reason: String,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UndoMatch {
    type Reply = TransferMatch;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        want_pair(self.tenant_id, self.rows, snapshot, wants);
        wants.add(Want::TransferMatch(self.tenant_id, self.match_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<TransferMatch>, Refusal> {
        name_of_actor(&self.by)?;
        let missing = Refusal::NotFound { what: "match" };
        let made = snapshot.transfer_matches.get(&(self.tenant_id, self.match_id)).ok_or(missing.clone())?;
        if (made.bank_line_id, made.order_id, made.payment_id) != self.rows {
            return Err(missing);
        }
        if made.status != MatchStatus::Active {
            return Ok(Decision::nothing(made.clone()));
        }
        let order = snapshot.transfer_orders.get(&(self.tenant_id, made.order_id)).ok_or(missing.clone())?;
        let line = snapshot.bank_lines.get(&(self.tenant_id, made.bank_line_id)).ok_or(missing.clone())?;
        let payment = snapshot.payments.get(&(self.tenant_id, made.payment_id)).ok_or(missing)?;
        if order.status == OrderStatus::Paid {
            return Err(Refusal::MatchFinal);
        }
        let (mut made, mut order, mut line) = (made.clone(), order.clone(), line.clone());
        let mut changes = Changes::default();
        changes.put_some(postings::undone(&order, &made, moment));
        made.status = MatchStatus::Undone;
        made.undone_by = Some(self.by.clone());
        let before_minor = order.received_minor;
        order.received_minor = before_minor.saturating_sub(made.amount_minor);
        let mut payment = payment.clone();
        payment.count_beside(before_minor, order.received_minor);
        changes.put(payment);
        line.matched_minor = line.matched_minor.saturating_sub(made.amount_minor);
        line.updated_at_us = moment.now_us;
        let event = bank_line_event(EventKind::BankTransferUnmatched, &mut line, moment);
        changes.put(event);
        let detail =
            json!({ "match": made.id, "payment": made.payment_id, "reason": self.reason, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineUnmatch, &line.id, &detail, moment);
        changes.put(line);
        changes.put(order);
        changes.put(made.clone());
        Ok(Decision::new(made, changes))
    }
}

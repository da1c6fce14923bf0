//! Money that goes back to the sender of a bank line: asked for by one person, decided by another, sent by staff at
//! the bank, and proven by the bank's own statement.
//!
//! ```text
//! pending_approval → approved → sent;  pending_approval → rejected
//! ```

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, BankLineId, HoldId, MatchId, PaymentId, RefundId, ReturnId, TenantId, TypedId};
use crate::moment::Moment;
use crate::person::{name_of_actor, second_person};
use crate::refund::{Refund, RefundState};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::approve::{find, want};
use crate::transfer::{
    BankLine, Flow, LineStatus, MatchStatus, ReturnState, ReturnStatus, TransferMatch, TransferReturn,
    Verdict, postings,
};
use crate::view::refund_event;
use crate::webhook::EventKind;
use serde_json::json;

/// A refund with the rows that carrying it out changes, named so that all are locked in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundRows {
    /// The payment refunded.
    pub payment_id: PaymentId,
    /// The attempt whose money goes back.
    pub attempt_id: AttemptId,
    /// The refund.
    pub refund_id: RefundId,
    /// Its hold.
    pub hold_id: HoldId,
}

impl RefundRows {
    /// Those of a refund.
    #[must_use]
    pub const fn of(refund: &Refund) -> Self {
        Self {
            payment_id: refund.payment_id,
            attempt_id: refund.attempt_id,
            refund_id: refund.id,
            hold_id: refund.hold_id,
        }
    }

    pub(super) fn wants(&self, tenant_id: TenantId, wants: &mut Wants) {
        wants.add(Want::Payment(tenant_id, self.payment_id));
        wants.add(Want::Attempt(tenant_id, self.attempt_id));
        wants.add(Want::Refund(tenant_id, self.refund_id));
        wants.add(Want::Hold(tenant_id, self.hold_id));
    }
}

/// Asks to give money back to the sender of a line: money of the line in suspense, or that of a refund whose payment
/// the line was matched with. A second person decides.
#[derive(Debug, Clone)]
pub struct AskReturn {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The line.
    pub bank_line_id: BankLineId,
    /// How much, minor units; all that is left by default. A refund goes back whole.
    pub amount_minor: Option<i64>,
    /// The refund to be carried out, and the match by which its payment got the line's money.
    pub refund: Option<(RefundId, MatchId)>,
    /// Why.
    pub reason: String,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// A return and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBack {
    /// The return.
    pub transfer_return: TransferReturn,
    /// The line whose sender gets the money.
    pub line: BankLine,
}

impl AskReturn {
    /// What goes back out of suspense; the line counts it at once.
    fn of_line(&self, line: &mut BankLine) -> Result<i64, Refusal> {
        let left = line.left_minor();
        if left == 0 || line.return_status == ReturnStatus::PendingApproval {
            return Err(Refusal::BankLineNotOpen);
        }
        let amount = self.amount_minor.unwrap_or(left);
        if amount <= 0 || amount > left {
            return Err(Refusal::MatchExceedsOpen);
        }
        line.return_minor = line.return_minor.saturating_add(amount);
        line.return_status = ReturnStatus::PendingApproval;
        Ok(amount)
    }

    /// What goes back for a refund: the whole of it, to a sender whose money the payment got.
    fn of_refund(
        &self,
        (refund_id, match_id): (RefundId, MatchId),
        line: &BankLine,
        snapshot: &Snapshot,
        changes: &mut Changes,
    ) -> Result<i64, Refusal> {
        let missing = || Refusal::NotFound { what: "refund" };
        let refund = snapshot.refunds.get(&(self.tenant_id, refund_id)).ok_or_else(missing)?;
        let made = snapshot.transfer_matches.get(&(self.tenant_id, match_id));
        let mut made = made.cloned().ok_or_else(missing)?;
        let same = made.bank_line_id == line.id && made.order_id == refund.attempt_id;
        if !same || made.status != MatchStatus::Active {
            return Err(missing());
        }
        if refund.status != RefundState::PendingApproval {
            return Err(Refusal::RefundInProgress);
        }
        if self.amount_minor.is_some_and(|amount| amount != refund.amount_minor) {
            return Err(Refusal::FieldInvalid { param: "amount", reason: "not the refund's" });
        }
        made.returned_minor = made.returned_minor.saturating_add(refund.amount_minor);
        if made.returned_minor > made.amount_minor {
            // More than this sender sent: the refund is made in as many parts as there were senders.
            return Err(Refusal::MatchExceedsOpen);
        }
        changes.put(made);
        Ok(refund.amount_minor)
    }
}

impl Command for AskReturn {
    type Reply = GivenBack;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::BankLine(self.tenant_id, self.bank_line_id));
        if let Some((refund_id, match_id)) = self.refund {
            wants.add(Want::Refund(self.tenant_id, refund_id));
            wants.add(Want::TransferMatch(self.tenant_id, match_id));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<GivenBack>, Refusal> {
        name_of_actor(&self.by)?;
        let mut line = find(self.tenant_id, self.bank_line_id, snapshot)?;
        let mut changes = Changes::default();
        let amount_minor = match self.refund {
            Some(named) => self.of_refund(named, &line, snapshot, &mut changes)?,
            None => self.of_line(&mut line)?,
        };
        let transfer_return = TransferReturn {
            tenant_id: self.tenant_id,
            id: ReturnId::new(moment),
            bank_line_id: line.id,
            refund_id: self.refund.map(|(id, _)| id),
            match_id: self.refund.map(|(_, id)| id),
            channel_account_id: line.channel_account_id,
            amount_minor,
            currency: line.currency,
            reason: self.reason.clone(),
            status: ReturnState::PendingApproval,
            made_by: self.by.clone(),
            decided_by: None,
            sent_line_id: None,
            created_at_us: moment.now_us,
            updated_at_us: moment.now_us,
            version: 0,
        };
        line.updated_at_us = moment.now_us;
        let detail = json!({
            "return": transfer_return.id, "refund": transfer_return.refund_id, "amount": amount_minor,
            "reason": self.reason, "by": self.by,
        });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineReturn, &line.id, &detail, moment);
        changes.put(line.clone());
        changes.put(transfer_return.clone());
        Ok(Decision::new(GivenBack { transfer_return, line }, changes))
    }
}

/// Decides whether money goes back. Another person than the one who asked.
#[derive(Debug, Clone)]
pub struct DecideReturn {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The return.
    pub return_id: ReturnId,
    /// Its line.
    pub bank_line_id: BankLineId,
    /// The refund it carries out, and the match by which the refund's payment got the line's money.
    pub refund: Option<(RefundId, MatchId)>,
    /// Yes or no.
    pub verdict: Verdict,
    /// The hash of what the person saw; see [`TransferReturn::content_hash`].
    pub seen: Vec<u8>,
    /// The person's name.
    pub by: String,
    /// Who asks; never a key.
    pub origin: Origin,
}

impl DecideReturn {
    /// A refund that may be sent now; only one return can carry it out.
    fn approve_refund(
        &self,
        id: RefundId,
        snapshot: &Snapshot,
        changes: &mut Changes,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let refund = snapshot.refunds.get(&(self.tenant_id, id));
        let mut refund = refund.cloned().ok_or(Refusal::NotFound { what: "refund" })?;
        if refund.status != RefundState::PendingApproval {
            return Err(Refusal::ApprovalConsumed);
        }
        refund.status = RefundState::Approved;
        refund.updated_at_us = moment.now_us;
        changes.put(refund_event(EventKind::RefundApproved, &mut refund, moment));
        changes.put(refund);
        Ok(())
    }

    /// The match of a refund's return that will not be: its money may go back by another.
    fn free(&self, given_back: &TransferReturn, snapshot: &Snapshot) -> Option<TransferMatch> {
        let made = snapshot.transfer_matches.get(&(self.tenant_id, given_back.match_id?))?;
        let returned_minor = made.returned_minor.saturating_sub(given_back.amount_minor);
        Some(TransferMatch { returned_minor, ..made.clone() })
    }

    fn approve(
        &self,
        (given_back, line): (&mut TransferReturn, &mut BankLine),
        snapshot: &Snapshot,
        changes: &mut Changes,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        given_back.status = ReturnState::Approved;
        if let Some(id) = given_back.refund_id {
            return self.approve_refund(id, snapshot, changes, moment);
        }
        line.return_status = ReturnStatus::Approved;
        changes.put_some(postings::set_aside(line, given_back, moment));
        Ok(())
    }
}

/// A return that will not be: its money is open again.
pub(super) fn reject(given_back: &mut TransferReturn, line: &mut BankLine) {
    given_back.status = ReturnState::Rejected;
    if given_back.refund_id.is_none() {
        line.return_minor = line.return_minor.saturating_sub(given_back.amount_minor);
        let earlier = line.return_minor > 0;
        line.return_status = if earlier { ReturnStatus::Approved } else { ReturnStatus::None };
    }
}

impl Command for DecideReturn {
    type Reply = GivenBack;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        if let Some((refund_id, match_id)) = self.refund {
            wants.add(Want::Refund(self.tenant_id, refund_id));
            wants.add(Want::TransferMatch(self.tenant_id, match_id));
        }
        wants.add(Want::TransferReturn(self.tenant_id, self.return_id));
        want(self.tenant_id, self.bank_line_id, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<GivenBack>, Refusal> {
        let mut line = find(self.tenant_id, self.bank_line_id, snapshot)?;
        let mut given_back = return_of(self.tenant_id, (self.return_id, line.id), snapshot)?;
        if given_back.refund_id.zip(given_back.match_id) != self.refund {
            return Err(Refusal::NotFound { what: "return" });
        }
        if given_back.status != ReturnState::PendingApproval || given_back.content_hash() != self.seen {
            return Err(Refusal::ApprovalConsumed);
        }
        second_person(&given_back.made_by, &self.by, &self.origin)?;
        let mut changes = Changes::default();
        match self.verdict {
            Verdict::Approve => {
                self.approve((&mut given_back, &mut line), snapshot, &mut changes, moment)?;
            }
            Verdict::Reject => {
                reject(&mut given_back, &mut line);
                changes.put_some(self.free(&given_back, snapshot));
            }
        }
        given_back.decided_by = Some(self.by.clone());
        given_back.updated_at_us = moment.now_us;
        line.decided_by = Some(self.by.clone());
        line.updated_at_us = moment.now_us;
        let detail = json!({ "return": given_back.id, "verdict": self.verdict, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineDecide, &line.id, &detail, moment);
        changes.put(line.clone());
        changes.put(given_back.clone());
        Ok(Decision::new(GivenBack { transfer_return: given_back, line }, changes))
    }
}

/// The return of this identifier, if it is one of this line.
pub(super) fn return_of(
    tenant_id: TenantId,
    (id, line_id): (ReturnId, BankLineId),
    snapshot: &Snapshot,
) -> Result<TransferReturn, Refusal> {
    let found = snapshot.transfer_returns.get(&(tenant_id, id)).cloned();
    found.filter(|row| row.bank_line_id == line_id).ok_or(Refusal::NotFound { what: "return" })
}

/// Whether a line could be the bank's word that money of this return left.
pub(super) fn may_prove(out: &BankLine, given_back: &TransferReturn) -> bool {
    let money = out.status == LineStatus::Booked && out.flow == Flow::Debit;
    money
        && out.unexplained()
        && out.amount_minor == given_back.amount_minor
        && out.channel_account_id == given_back.channel_account_id
        && out.currency == given_back.currency
}

//! A cheque becomes money: by the line with which the bank shows it, or by the word of two persons.

use crate::audit::{Act, Origin};
use crate::cheque::view::cheque_event;
use crate::cheque::{Cheque, ChequeStatus, postings, take_back};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, BankLineId, ChequeId, PaymentId, TenantId, TypedId};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::{DAY_US, HOUR_US, Moment};
use crate::payment::TakePaymentReport;
use crate::person::{name_of_actor, second_person};
use crate::refusal::Refusal;
use crate::report::{PaidEvidence, PaymentFinding, PaymentReport, Source};
use crate::routing;
use crate::snapshot::Snapshot;
use crate::transfer::{BankLine, Flow, LineNature, LineSource, Verdict};
use crate::webhook::EventKind;
use serde_json::json;
use tk_money::Amount;

/// A cheque's payment and the cheque, named so that all rows are locked in one order.
type Rows = (PaymentId, ChequeId);

fn stored((tenant_id, rows): (TenantId, Rows), snapshot: &Snapshot) -> Result<Cheque, Refusal> {
    let cheque = snapshot.cheques.get(&(tenant_id, rows.1)).filter(|cheque| cheque.payment_id == rows.0);
    cheque.cloned().ok_or(Refusal::NotFound { what: "cheque" })
}

/// What the bank's money says about the attempt.
fn report(cheque: &Cheque, origin: &Origin, (now_us, paid_at_us): (i64, i64)) -> TakePaymentReport {
    let evidence = PaidEvidence {
        channel_txn_no: format!("{}/{}", cheque.bank, cheque.cheque_no),
        amount: Amount::new(cheque.amount_minor, cheque.currency),
        payee_app: None,
        payee_merchant: None,
        borne: None,
        paid_at_us: Some(paid_at_us),
    };
    let finding = PaymentFinding::Paid(evidence);
    TakePaymentReport {
        tenant_id: cheque.tenant_id,
        payment_id: cheque.payment_id,
        attempt_id: cheque.attempt_id(),
        report: PaymentReport { source: Source::Counter, asked_at_us: now_us, finding },
        origin: origin.clone(),
    }
}

fn want_clearing(
    (tenant_id, rows): (TenantId, Rows),
    origin: &Origin,
    snapshot: &Snapshot,
    wants: &mut Wants,
) {
    wants.add(Want::Payment(tenant_id, rows.0));
    wants.add(Want::Attempt(tenant_id, AttemptId(rows.1.id128())));
    wants.add(Want::Cheque(tenant_id, rows.1));
    let Ok(cheque) = stored((tenant_id, rows), snapshot) else { return };
    wants.add(Want::Account(postings::in_collection(&cheque)));
    wants.add(Want::Account(postings::uncleared(&cheque)));
    report(&cheque, origin, (0, 0)).wants(snapshot, wants);
}

/// Collects the payment of a cheque that the bank has.
fn clear(
    (cheque, paid_at_us): (&mut Cheque, i64),
    (by, origin): (&str, &Origin),
    snapshot: &Snapshot,
    moment: &mut Moment<'_>,
) -> Result<Changes, Refusal> {
    let report = report(cheque, origin, (moment.now_us, paid_at_us));
    let mut changes = report.decide(snapshot, moment)?.changes;
    changes.put_some(postings::settle(cheque, moment));
    cheque.status = ChequeStatus::Cleared;
    cheque.changed_by = Some(by.to_owned());
    cheque.updated_at_us = moment.now_us;
    changes.put(cheque_event(EventKind::ChequeCleared, cheque, moment));
    let detail = json!({
        "status": cheque.status, "line": cheque.bank_line_id, "asked_by": cheque.clearing_asked_by, "by": by,
    });
    changes.audit((cheque.tenant_id, origin), Act::ChequeAdvance, &cheque.id, &detail, moment);
    Ok(changes)
}

/// Says which line of a bank account the money of a presented cheque is: the same amount, in full. A cheque that two
/// persons cleared before is proven by it, and its money counts no second time; if the bank has taken that money back by
/// now, the merchant bears it.
#[derive(Debug, Clone)]
pub struct ClearCheque {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The cheque's payment and the cheque.
    pub rows: (PaymentId, ChequeId),
    /// The line.
    pub bank_line_id: BankLineId,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl ClearCheque {
    /// Uses the line up for the cheque.
    fn bind(&self, cheque: &mut Cheque, snapshot: &Snapshot, now_us: i64) -> Result<BankLine, Refusal> {
        let line = snapshot.bank_lines.get(&(self.tenant_id, self.bank_line_id)).cloned();
        let mut line = line.ok_or(Refusal::NotFound { what: "bank_transfer" })?;
        Self::check(cheque, &line)?;
        let account = snapshot.channel_accounts.get(&(self.tenant_id, line.channel_account_id));
        if !account.is_some_and(|account| routing::serves(account, cheque.merchant_id)) {
            return Err(Refusal::BankLineNotOpen);
        }
        if !line.taken_back() {
            line.matched_minor = line.matched_minor.saturating_add(cheque.amount_minor);
        }
        line.updated_at_us = now_us;
        cheque.bank_line_id = Some(line.id);
        Ok(line)
    }

    /// Clears the cheque by its line, or has the line prove what two persons said before.
    fn settle(
        &self,
        (cheque, line): (&mut Cheque, &BankLine),
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Changes, Refusal> {
        if cheque.status == ChequeStatus::Cleared {
            let mut changes = if line.taken_back() {
                take_back::take_back(cheque, line, snapshot, moment)?
            } else {
                Changes::default()
            };
            cheque.updated_at_us = moment.now_us;
            let detail = json!({ "line": line.id, "taken_back": line.taken_back(), "by": self.by });
            changes.audit((self.tenant_id, &self.origin), Act::ChequeAdvance, &cheque.id, &detail, moment);
            return Ok(changes);
        }
        cheque.clearing_asked_by = None;
        let day_begins_us = line.booked_day.saturating_mul(DAY_US).saturating_sub(8 * HOUR_US);
        let paid_at_us = line.booked_at_us.unwrap_or(day_begins_us);
        clear((cheque, paid_at_us), (&self.by, &self.origin), snapshot, moment)
    }

    fn check(cheque: &Cheque, line: &BankLine) -> Result<(), Refusal> {
        let shows = line.flow == Flow::Credit
            && line.nature == LineNature::Plain
            && line.source == LineSource::Statement
            && line.currency == cheque.currency
            && cheque.presented_day.is_some_and(|day| line.booked_day >= day);
        // One that only the bank has is bounced by a person.
        let gone = line.taken_back() && cheque.status == ChequeStatus::Cleared;
        let open_minor = if gone { line.amount_minor } else { line.left_minor() };
        if !shows || open_minor == 0 {
            return Err(Refusal::BankLineNotOpen);
        }
        let whole = open_minor == cheque.amount_minor && line.amount_minor == cheque.amount_minor;
        if whole { Ok(()) } else { Err(Refusal::MatchExceedsOpen) }
    }
}

impl Command for ClearCheque {
    type Reply = Cheque;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::BankLine(self.tenant_id, self.bank_line_id));
        want_clearing((self.tenant_id, self.rows), &self.origin, snapshot, wants);
        if let Ok(cheque) = stored((self.tenant_id, self.rows), snapshot) {
            take_back::want(&cheque, snapshot, wants);
        }
        let line = snapshot.bank_lines.get(&(self.tenant_id, self.bank_line_id));
        let Some(line) = line else { return };
        wants.add(Want::ChannelAccount(self.tenant_id, line.channel_account_id));
        let suspense = AccountKind::Suspense;
        let account = AccountRef::channel(self.tenant_id, line.channel_account_id, suspense, line.currency);
        wants.add(Want::Account(account));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Cheque>, Refusal> {
        name_of_actor(&self.by)?;
        let mut cheque = stored((self.tenant_id, self.rows), snapshot)?;
        if let Some(line_id) = cheque.bank_line_id {
            let same = line_id == self.bank_line_id;
            return if same { Ok(Decision::nothing(cheque)) } else { Err(Refusal::MatchFinal) };
        }
        if !cheque.status.at_bank() && cheque.status != ChequeStatus::Cleared {
            return Err(Refusal::ChequeStepUnfit);
        }
        let line = self.bind(&mut cheque, snapshot, moment.now_us)?;
        let mut changes = self.settle((&mut cheque, &line), snapshot, moment)?;
        if !line.taken_back() {
            changes.put_some(postings::shown(&cheque, &line, moment));
        }
        changes.put(line);
        changes.put(cheque.clone());
        Ok(Decision::new(cheque, changes))
    }
}

/// Proposes that the bank has the money of a presented cheque before a line shows it; another person decides.
#[derive(Debug, Clone)]
pub struct AskClearing {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The cheque's payment and the cheque.
    pub rows: (PaymentId, ChequeId),
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl Command for AskClearing {
    type Reply = Cheque;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Cheque(self.tenant_id, self.rows.1));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Cheque>, Refusal> {
        name_of_actor(&self.by)?;
        let mut cheque = stored((self.tenant_id, self.rows), snapshot)?;
        if cheque.status == ChequeStatus::PendingApproval {
            return Ok(Decision::nothing(cheque));
        }
        if cheque.status != ChequeStatus::Presented {
            return Err(Refusal::ChequeStepUnfit);
        }
        cheque.status = ChequeStatus::PendingApproval;
        cheque.clearing_asked_by = Some(self.by.clone());
        cheque.changed_by = Some(self.by.clone());
        cheque.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "status": cheque.status, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::ChequeAdvance, &cheque.id, &detail, moment);
        changes.put(cheque.clone());
        Ok(Decision::new(cheque, changes))
    }
}

/// Decides about a proposed clearing, once; the second person is another, and never a key.
#[derive(Debug, Clone)]
pub struct DecideClearing {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The cheque's payment and the cheque.
    pub rows: (PaymentId, ChequeId),
    /// The hash of what the second person saw; see [`Cheque::content_hash`].
    pub seen: Vec<u8>,
    /// What he says.
    pub verdict: Verdict,
    /// The second person's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl DecideClearing {
    /// The cheque stands again as before the proposal.
    fn reject(&self, cheque: &mut Cheque, moment: &mut Moment<'_>) -> Changes {
        cheque.status = ChequeStatus::Presented;
        cheque.clearing_asked_by = None;
        cheque.changed_by = Some(self.by.clone());
        cheque.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "status": cheque.status, "verdict": self.verdict, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::ChequeAdvance, &cheque.id, &detail, moment);
        changes
    }
}

impl Command for DecideClearing {
    type Reply = Cheque;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        want_clearing((self.tenant_id, self.rows), &self.origin, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Cheque>, Refusal> {
        let mut cheque = stored((self.tenant_id, self.rows), snapshot)?;
        let waits = cheque.status == ChequeStatus::PendingApproval;
        let asked_by = cheque.clearing_asked_by.clone().filter(|_| waits);
        let asked_by = asked_by.filter(|_| cheque.content_hash() == self.seen);
        let asked_by = asked_by.ok_or(Refusal::ApprovalConsumed)?;
        second_person(&asked_by, &self.by, &self.origin)?;
        let mut changes = match self.verdict {
            Verdict::Approve => {
                clear((&mut cheque, moment.now_us), (&self.by, &self.origin), snapshot, moment)?
            }
            Verdict::Reject => self.reject(&mut cheque, moment),
        };
        changes.put(cheque.clone());
        Ok(Decision::new(cheque, changes))
    }
}

//! A cheque becomes money: by the line with which the bank shows it, or by the word of two persons where no line comes.

use crate::audit::{Act, Origin};
use crate::bank_link::LinkStatus;
use crate::channel_account::Channel;
use crate::cheque::view::cheque_event;
use crate::cheque::{Cheque, ChequeStatus, postings};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AttemptId, BankLineId, ChequeId, PaymentId, TenantId, TypedId};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::payment::TakePaymentReport;
use crate::refusal::Refusal;
use crate::report::{PaidEvidence, PaymentFinding, PaymentReport, Source};
use crate::snapshot::Snapshot;
use crate::transfer::{BankLine, Flow, LineNature, LineSource, Verdict, name_of_actor, second_person};
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
fn report(
    (tenant_id, rows): (TenantId, Rows),
    cheque: Option<&Cheque>,
    (origin, now_us): (&Origin, i64),
) -> TakePaymentReport {
    let number = |cheque: &Cheque| format!("{}/{}", cheque.bank, cheque.cheque_no);
    let amount = |cheque: &Cheque| Amount::new(cheque.amount_minor, cheque.currency);
    let evidence = PaidEvidence {
        channel_txn_no: cheque.map(number).unwrap_or_default(),
        amount: cheque.map_or(Amount::fen(0), amount),
        payee_app: None,
        payee_merchant: None,
        paid_at_us: Some(now_us),
    };
    let finding = PaymentFinding::Paid(evidence);
    TakePaymentReport {
        tenant_id,
        payment_id: rows.0,
        attempt_id: AttemptId(rows.1.id128()),
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
    report((tenant_id, rows), Some(&cheque), (origin, 0)).wants(snapshot, wants);
}

/// Collects the payment of a presented cheque.
fn clear(
    cheque: &mut Cheque,
    (by, origin): (&str, &Origin),
    snapshot: &Snapshot,
    moment: &mut Moment<'_>,
) -> Result<Changes, Refusal> {
    let place = (cheque.tenant_id, (cheque.payment_id, cheque.id));
    let mut changes = report(place, Some(cheque), (origin, moment.now_us)).decide(snapshot, moment)?.changes;
    changes.put_some(postings::settle(cheque, moment));
    cheque.status = ChequeStatus::Cleared;
    cheque.changed_by = Some(by.to_owned());
    cheque.updated_at_us = moment.now_us;
    changes.put(cheque_event(EventKind::ChequeCleared, cheque, moment));
    let detail = json!({ "status": cheque.status, "line": cheque.bank_line_id, "by": by });
    changes.audit((cheque.tenant_id, origin), Act::ChequeAdvance, &cheque.id, &detail, moment);
    Ok(changes)
}

/// Says which line of a bank account the money of a presented cheque is: the same amount, in full.
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
    fn check(cheque: &Cheque, line: &BankLine) -> Result<(), Refusal> {
        let shows = line.flow == Flow::Credit
            && line.nature == LineNature::Plain
            && line.source == LineSource::Statement
            && line.currency == cheque.currency
            && cheque.presented_day.is_some_and(|day| line.booked_day >= day);
        if !shows || line.left_minor() == 0 {
            return Err(Refusal::BankLineNotOpen);
        }
        let whole = line.left_minor() == cheque.amount_minor && line.amount_minor == cheque.amount_minor;
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
        let line = snapshot.bank_lines.get(&(self.tenant_id, self.bank_line_id));
        let Some(line) = line else { return };
        let suspense = AccountKind::Suspense;
        let account = AccountRef::channel(self.tenant_id, line.channel_account_id, suspense, line.currency);
        wants.add(Want::Account(account));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Cheque>, Refusal> {
        name_of_actor(&self.by)?;
        let mut cheque = stored((self.tenant_id, self.rows), snapshot)?;
        if cheque.status == ChequeStatus::Cleared {
            let same = cheque.bank_line_id == Some(self.bank_line_id);
            return if same { Ok(Decision::nothing(cheque)) } else { Err(Refusal::MatchFinal) };
        }
        if cheque.status != ChequeStatus::Presented {
            return Err(Refusal::ChequeStepUnfit);
        }
        let line = snapshot.bank_lines.get(&(self.tenant_id, self.bank_line_id)).cloned();
        let mut line = line.ok_or(Refusal::NotFound { what: "bank_transfer" })?;
        Self::check(&cheque, &line)?;
        line.matched_minor = line.matched_minor.saturating_add(cheque.amount_minor);
        line.updated_at_us = moment.now_us;
        cheque.bank_line_id = Some(line.id);
        let mut changes = clear(&mut cheque, (&self.by, &self.origin), snapshot, moment)?;
        changes.put_some(postings::shown(&cheque, &line, moment));
        changes.put(line);
        changes.put(cheque.clone());
        Ok(Decision::new(cheque, changes))
    }
}

/// Proposes that the bank has the money of a presented cheque, where no direct link will show it; another person decides.
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

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::ChannelAccounts(self.tenant_id));
        wants.add(Want::Cheque(self.tenant_id, self.rows.1));
        for account in snapshot.channel_accounts_of(self.tenant_id) {
            if account.channel == Channel::BankDirect {
                wants.add(Want::BankLink(self.tenant_id, account.id));
            }
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Cheque>, Refusal> {
        name_of_actor(&self.by)?;
        let mut cheque = stored((self.tenant_id, self.rows), snapshot)?;
        if cheque.status != ChequeStatus::Presented {
            return Err(Refusal::ChequeStepUnfit);
        }
        let links = snapshot.bank_links.iter().filter(|link| link.tenant_id == self.tenant_id);
        if links.into_iter().any(|link| link.status == LinkStatus::Active) {
            let reason = "needed: a direct link shows the bank's money by a line";
            return Err(Refusal::FieldInvalid { param: "bank_transfer", reason });
        }
        if cheque.clearing_asked_by.is_some() {
            return Ok(Decision::nothing(cheque));
        }
        cheque.clearing_asked_by = Some(self.by.clone());
        cheque.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "clearing_asked_by": self.by });
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
        let asked_by = cheque.clearing_asked_by.clone().filter(|_| cheque.status == ChequeStatus::Presented);
        let asked_by = asked_by.filter(|_| cheque.content_hash() == self.seen);
        let asked_by = asked_by.ok_or(Refusal::ApprovalConsumed)?;
        second_person(&asked_by, &self.by, &self.origin)?;
        let mut changes = match self.verdict {
            Verdict::Approve => clear(&mut cheque, (&self.by, &self.origin), snapshot, moment)?,
            Verdict::Reject => {
                cheque.clearing_asked_by = None;
                cheque.changed_by = Some(self.by.clone());
                cheque.updated_at_us = moment.now_us;
                let mut changes = Changes::default();
                let detail = json!({ "clearing": self.verdict, "by": self.by });
                changes.audit(
                    (self.tenant_id, &self.origin),
                    Act::ChequeAdvance,
                    &cheque.id,
                    &detail,
                    moment,
                );
                changes
            }
        };
        changes.put(cheque.clone());
        Ok(Decision::new(cheque, changes))
    }
}

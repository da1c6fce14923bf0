//! What two persons decide: lines entered by hand, and money that goes back to its sender.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{BankLineId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::{BankLine, LineStatus, ReturnStatus, import, name_of_actor, postings};
use crate::words::words;
use serde_json::json;
use sha2::{Digest, Sha256};

words! {
    /// What the second person says.
    Verdict {
        /// Yes.
        Approve = "approve",
        /// No.
        Reject = "reject",
    }
}

/// Asks to give money of a line back to its sender; a second person decides.
#[derive(Debug, Clone)]
pub struct AskReturn {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The line.
    pub bank_line_id: BankLineId,
    /// How much, minor units; all that is left by default.
    pub amount_minor: Option<i64>,
    /// Why.
    pub reason: String,
    /// The actor's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// Decides about what waits at a line: a manual entry, or a return. Another person than the one who asked.
#[derive(Debug, Clone)]
pub struct DecideBankLine {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The line.
    pub bank_line_id: BankLineId,
    /// Yes or no.
    pub verdict: Verdict,
    /// The hash of what the person saw; see [`BankLine::content_hash`].
    pub seen: Vec<u8>,
    /// The person's name.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl BankLine {
    /// The hash over what a second person decides about.
    #[must_use]
    pub fn content_hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        let amounts = [self.amount_minor, self.return_minor, self.matched_minor, self.booked_day];
        hash.update(self.id.0.0);
        hash.update(self.channel_account_id.0.0);
        for part in &amounts {
            hash.update(part.to_be_bytes());
        }
        for text in [self.status.word(), self.return_status.word(), self.flow.word(), &self.bank_ref] {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(&self.sealed);
        hash.finalize().to_vec()
    }
}

fn find(tenant_id: TenantId, id: BankLineId, snapshot: &Snapshot) -> Result<BankLine, Refusal> {
    let line = snapshot.bank_lines.get(&(tenant_id, id)).cloned();
    line.ok_or(Refusal::NotFound { what: "bank_transfer" })
}

fn want(tenant_id: TenantId, id: BankLineId, snapshot: &Snapshot, wants: &mut Wants) {
    wants.add(Want::BankLine(tenant_id, id));
    if let Some(line) = snapshot.bank_lines.get(&(tenant_id, id)) {
        import::want_accounts((tenant_id, line.channel_account_id, line.currency), wants);
    }
}

impl Command for AskReturn {
    type Reply = BankLine;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::BankLine(self.tenant_id, self.bank_line_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<BankLine>, Refusal> {
        name_of_actor(&self.by)?;
        let mut line = find(self.tenant_id, self.bank_line_id, snapshot)?;
        let left = line.left_minor();
        if left == 0 || line.return_status != ReturnStatus::None {
            return Err(Refusal::BankLineNotOpen);
        }
        let amount = self.amount_minor.unwrap_or(left);
        if amount <= 0 || amount > left {
            return Err(Refusal::MatchExceedsOpen);
        }
        line.return_minor = amount;
        line.return_status = ReturnStatus::PendingApproval;
        line.return_by = Some(self.by.clone());
        line.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "amount": amount, "reason": self.reason, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineReturn, &line.id, &detail, moment);
        changes.put(line.clone());
        Ok(Decision::new(line, changes))
    }
}

impl DecideBankLine {
    fn decided(
        &self,
        line: &mut BankLine,
        changes: &mut Changes,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let manual = line.status == LineStatus::PendingApproval;
        let maker = if manual { Some(&line.made_by) } else { line.return_by.as_ref() };
        if maker == Some(&self.by) {
            return Err(Refusal::SecondPersonRequired);
        }
        match (manual, self.verdict) {
            (true, Verdict::Approve) => import::book(line, changes, moment),
            (true, Verdict::Reject) => line.status = LineStatus::Rejected,
            (false, Verdict::Approve) => {
                changes.put_some(postings::set_aside(line, moment));
                line.return_status = ReturnStatus::Approved;
            }
            (false, Verdict::Reject) => {
                line.return_minor = 0;
                line.return_status = ReturnStatus::None;
                line.return_by = None;
            }
        }
        Ok(())
    }
}

impl Command for DecideBankLine {
    type Reply = BankLine;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        want(self.tenant_id, self.bank_line_id, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<BankLine>, Refusal> {
        name_of_actor(&self.by)?;
        let mut line = find(self.tenant_id, self.bank_line_id, snapshot)?;
        let waits =
            line.status == LineStatus::PendingApproval || line.return_status == ReturnStatus::PendingApproval;
        if !waits || line.content_hash() != self.seen {
            return Err(Refusal::ApprovalConsumed);
        }
        let mut changes = Changes::default();
        self.decided(&mut line, &mut changes, moment)?;
        line.decided_by = Some(self.by.clone());
        line.updated_at_us = moment.now_us;
        let detail = json!({ "verdict": self.verdict, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineDecide, &line.id, &detail, moment);
        changes.put(line.clone());
        Ok(Decision::new(line, changes))
    }
}

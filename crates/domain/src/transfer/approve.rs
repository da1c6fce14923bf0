//! What two persons decide: lines entered by hand. The second person is another, and never a key.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{BankLineId, TenantId};
use crate::moment::Moment;
use crate::person::second_person;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::{BankLine, LineStatus, import};
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

/// Decides about a line entered by hand. Another person than the one who entered it.
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
    /// Who asks; never a key.
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

/// The line of this identifier.
pub(super) fn find(tenant_id: TenantId, id: BankLineId, snapshot: &Snapshot) -> Result<BankLine, Refusal> {
    let line = snapshot.bank_lines.get(&(tenant_id, id)).cloned();
    line.ok_or(Refusal::NotFound { what: "bank_transfer" })
}

/// Wants a line and then the accounts it posts to.
pub(super) fn want(tenant_id: TenantId, id: BankLineId, snapshot: &Snapshot, wants: &mut Wants) {
    wants.add(Want::BankLine(tenant_id, id));
    if let Some(line) = snapshot.bank_lines.get(&(tenant_id, id)) {
        import::want_accounts((tenant_id, line.channel_account_id, line.currency), wants);
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
        let mut line = find(self.tenant_id, self.bank_line_id, snapshot)?;
        if line.status != LineStatus::PendingApproval || line.content_hash() != self.seen {
            return Err(Refusal::ApprovalConsumed);
        }
        second_person(&line.made_by, &self.by, &self.origin)?;
        let mut changes = Changes::default();
        match self.verdict {
            Verdict::Approve => import::book(&mut line, &mut changes, moment),
            Verdict::Reject => line.status = LineStatus::Rejected,
        }
        line.decided_by = Some(self.by.clone());
        line.updated_at_us = moment.now_us;
        let detail = json!({ "verdict": self.verdict, "by": self.by });
        changes.audit((self.tenant_id, &self.origin), Act::BankLineDecide, &line.id, &detail, moment);
        changes.put(line.clone());
        Ok(Decision::new(line, changes))
    }
}

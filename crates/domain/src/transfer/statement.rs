//! A statement as a whole: whether it follows on the one before it, and which of its equal lines are the same.

use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{ExceptionId, Id128, StatementId, TenantId};
use crate::moment::Moment;
use crate::snapshot::Snapshot;
use crate::transfer::{BankStatement, TakeBankLines};
use serde_json::json;
use sha2::{Digest, Sha256};

/// A statement as it is told, with what its neighbours say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TellStatement {
    /// Derived from what it says; see [`BankStatement::id_of`].
    pub id: StatementId,
    /// The day of its first line, days since 1970-01-01.
    pub first_day: i64,
    /// The day of its last line.
    pub last_day: i64,
    /// The balance before its first line, minor units, where it says.
    pub opening_minor: Option<i64>,
    /// The balance after its last line, minor units, where it says.
    pub closing_minor: Option<i64>,
    /// How many lines it has.
    pub lines_count: i64,
    /// How many equal lines without numbers its last day had so far, a JSON object.
    pub equal_lines: String,
    /// Balances do not say whether it tells its first day again or goes on with it.
    pub unclear: bool,
    /// The closing balance of the statement before it, where that is not its opening balance, minor units.
    pub gap_after_minor: Option<i64>,
    /// The statement that was found not to follow on anything, and follows on this one.
    pub fills: Option<StatementId>,
    /// Whether the lines that come with it are its last; a long statement comes in pieces.
    pub ends: bool,
}

impl BankStatement {
    /// The identifier of the statement that says this; `parts` is its account, its balances and each of its lines.
    #[must_use]
    pub fn id_of(tenant_id: TenantId, parts: &[&[u8]]) -> StatementId {
        let mut hash = Sha256::new();
        hash.update(tenant_id.0.0);
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        StatementId(Id128::of_hash(hash))
    }
}

fn gap_matter(tenant_id: TenantId, id: StatementId) -> ExceptionId {
    Exception::id_of(tenant_id, ExceptionKind::StatementGap, &id.to_string())
}

fn overlap_matter(tenant_id: TenantId, id: StatementId) -> ExceptionId {
    Exception::id_of(tenant_id, ExceptionKind::StatementOverlap, &id.to_string())
}

impl TellStatement {
    pub(super) fn wants(&self, tenant_id: TenantId, wants: &mut Wants) {
        wants.add(Want::BankStatement(tenant_id, self.id));
        for id in [Some(self.id), self.fills].into_iter().flatten() {
            wants.add(Want::Exception(tenant_id, gap_matter(tenant_id, id)));
        }
        wants.add(Want::Exception(tenant_id, overlap_matter(tenant_id, self.id)));
    }

    fn matter(
        &self,
        command: &TakeBankLines,
        (kind, amount_minor): (ExceptionKind, i64),
        detail: &serde_json::Value,
        moment: &Moment<'_>,
    ) -> Exception {
        let tenant_id = command.tenant_id;
        Exception {
            tenant_id,
            id: Exception::id_of(tenant_id, kind, &self.id.to_string()),
            kind,
            payment_id: None,
            attempt_id: None,
            refund_id: None,
            amount_minor: amount_minor.saturating_abs(),
            detail: detail.to_string(),
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            resolution: None,
            version: 0,
        }
    }

    /// Notes the statement once, with its last piece, and what a person has to look at: a gap before it, or equal lines
    /// that nothing tells apart; `equal` is how many of the piece's lines without numbers were known.
    pub(super) fn note(
        &self,
        (command, equal): (&TakeBankLines, i64),
        snapshot: &Snapshot,
        changes: &mut Changes,
        moment: &Moment<'_>,
    ) {
        let tenant_id = command.tenant_id;
        let told_before = snapshot.bank_statements.get(&(tenant_id, self.id)).is_some();
        let unclear = self.unclear || self.opening_minor.is_none() && !told_before;
        if equal > 0 && unclear {
            let detail = json!({ "channel_account": command.channel_account_id, "equal_lines": equal });
            let raised = self.matter(command, (ExceptionKind::StatementOverlap, 0), &detail, moment);
            changes.put_some(raised.unless_open(snapshot));
        }
        if told_before || !self.ends {
            return;
        }
        changes.put(BankStatement {
            tenant_id,
            id: self.id,
            channel_account_id: command.channel_account_id,
            first_day: self.first_day,
            last_day: self.last_day,
            opening_minor: self.opening_minor,
            closing_minor: self.closing_minor,
            lines_count: self.lines_count,
            equal_lines: self.equal_lines.clone(),
            made_by: command.by.clone(),
            created_at_us: moment.now_us,
            version: 0,
        });
        if let (Some(before), Some(opening)) = (self.gap_after_minor, self.opening_minor) {
            let account = command.channel_account_id;
            let detail = json!({ "channel_account": account, "closed": before, "opens": opening });
            let missing = opening.saturating_sub(before);
            let raised = self.matter(command, (ExceptionKind::StatementGap, missing), &detail, moment);
            changes.put_some(raised.unless_open(snapshot));
        }
        if let Some(filled) = self.fills {
            let matter = (tenant_id, gap_matter(tenant_id, filled));
            changes.put_some(Exception::settled(matter, snapshot, moment.now_us));
        }
    }
}

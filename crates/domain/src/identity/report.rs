//! What the provider says: only a verified yes proves anything, and silence proves nothing.

use super::{IdentityCheck, IdentityStatus, PaymentIdentity};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{IdentityCheckId, PaymentId, TenantId};
use crate::moment::{HOUR_US, MINUTE_US, Moment};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// How long after sending "no such check" means that it never arrived.
const NOT_RECEIVED_AFTER_US: i64 = 10 * MINUTE_US;
/// The longest time between two questions.
const ASK_AT_MOST_US: i64 = HOUR_US;

/// What a conversation with the provider proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityFinding {
    /// Everything belongs together.
    Passed,
    /// Something does not; the code says what.
    Failed {
        /// The provider's word.
        code: String,
    },
    /// It is still being looked at, or the answer proves nothing.
    Unclear,
    /// The provider knows no such check.
    NotFound,
}

/// Takes what the provider said about a check.
#[derive(Debug, Clone)]
pub struct TakeIdentityReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The check.
    pub check_id: IdentityCheckId,
    /// The payment that waits for it.
    pub payment_id: PaymentId,
    /// What was said.
    pub finding: IdentityFinding,
    /// When it was asked, Unix microseconds.
    pub asked_at_us: i64,
}

impl TakeIdentityReport {
    fn apply(&self, check: &mut IdentityCheck, now_us: i64) {
        let sent_at_us = check.sent_at_us.unwrap_or(now_us);
        let lost = self.asked_at_us.saturating_sub(sent_at_us) >= NOT_RECEIVED_AFTER_US;
        match &self.finding {
            IdentityFinding::Passed => check.status = IdentityStatus::Passed,
            IdentityFinding::Failed { code } => {
                check.status = IdentityStatus::Failed;
                check.failure_code = Some(code.clone());
            }
            IdentityFinding::NotFound if lost => {
                check.status = IdentityStatus::Failed;
                check.failure_code = Some("not_received".to_owned());
            }
            IdentityFinding::NotFound | IdentityFinding::Unclear => {
                check.status = IdentityStatus::Unknown;
                let doubled = 1_i64.checked_shl(u32::try_from(check.queries_count.min(12)).unwrap_or(12));
                let wait_us = MINUTE_US.saturating_mul(doubled.unwrap_or(1)).min(ASK_AT_MOST_US);
                check.queries_count = check.queries_count.saturating_add(1);
                check.due_at_us = now_us.saturating_add(wait_us);
            }
        }
        check.updated_at_us = now_us;
        if !check.pending() {
            check.ended_at_us = Some(now_us);
        }
    }
}

/// What is proven by a check that passed: of the payer who was checked, and never less than he proved before.
pub(super) fn proven(check: &IdentityCheck, snapshot: &Snapshot) -> PaymentIdentity {
    let key = (check.tenant_id, check.payment_id);
    let start = || PaymentIdentity::start(check.tenant_id, check.payment_id, None);
    let stored = snapshot.payment_identities.get(&key).cloned().unwrap_or_else(start);
    let same = stored.payer_id == Some(check.payer_id);
    PaymentIdentity {
        payer_id: Some(check.payer_id),
        level: stored.level.filter(|_| same).max(Some(check.level)),
        // Another payer's day does not have this payment in its sum yet.
        counted_day: stored.counted_day.filter(|_| same),
        ..stored
    }
}

impl Command for TakeIdentityReport {
    type Reply = IdentityCheck;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::IdentityCheck(self.tenant_id, self.check_id));
        wants.add(Want::PaymentIdentity(self.tenant_id, self.payment_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<IdentityCheck>, Refusal> {
        let stored = snapshot.identity_checks.get(&(self.tenant_id, self.check_id));
        let stored = stored.filter(|check| check.payment_id == self.payment_id);
        let stored = stored.ok_or(Refusal::NotFound { what: "identity_check" })?;
        // An outcome is said once; what comes after an end changes nothing.
        if !matches!(stored.status, IdentityStatus::Processing | IdentityStatus::Unknown) {
            return Ok(Decision::nothing(stored.clone()));
        }
        let mut check = stored.clone();
        self.apply(&mut check, moment.now_us);
        let mut changes = Changes::default();
        if check.status != stored.status {
            let detail = json!({ "status": check.status, "failure": check.failure_code });
            let who = (self.tenant_id, &Origin::system());
            changes.audit(who, Act::IdentityReport, &check.id, &detail, moment);
        }
        if check.status == IdentityStatus::Passed {
            changes.put(proven(&check, snapshot));
        }
        changes.put(check.clone());
        Ok(Decision::new(check, changes))
    }
}

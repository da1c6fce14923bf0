//! A way other than the face: one person looks at the photos and proposes, another decides.

use super::report::proven;
use super::{IdentityCheck, IdentityLevel, IdentityStatus};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{IdentityCheckId, PaymentId, TenantId};
use crate::moment::Moment;
use crate::person::second_person;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The payer asks for a way other than the face; a person then looks at the photos. It proves nothing by itself.
#[derive(Debug, Clone)]
pub struct AskOtherWay {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The check.
    pub check_id: IdentityCheckId,
    /// The payment that waits for it.
    pub payment_id: PaymentId,
    /// Who asks.
    pub origin: Origin,
}

impl Command for AskOtherWay {
    type Reply = IdentityCheck;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::IdentityCheck(self.tenant_id, self.check_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<IdentityCheck>, Refusal> {
        let stored = snapshot.identity_checks.get(&(self.tenant_id, self.check_id));
        let stored = stored.filter(|check| check.payment_id == self.payment_id);
        let mut check = stored.ok_or(Refusal::NotFound { what: "identity_check" })?.clone();
        if check.other_way_at_us.is_some() {
            return Ok(Decision::nothing(check));
        }
        let open = matches!(check.status, IdentityStatus::Created | IdentityStatus::Failed);
        if !open || check.level != IdentityLevel::Face || !(check.has_front && check.has_back) {
            return Err(Refusal::IdentityNotOpen);
        }
        check.other_way_at_us = Some(moment.now_us);
        check.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "by": "payer" });
        changes.audit((self.tenant_id, &self.origin), Act::IdentityOtherWay, &check.id, &detail, moment);
        changes.put(check.clone());
        Ok(Decision::new(check, changes))
    }
}

/// Asks that a second person decide about a check by its photos.
#[derive(Debug, Clone)]
pub struct RequestIdentityReview {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The check.
    pub check_id: IdentityCheckId,
    /// Why the face is no way here, and what was seen.
    pub reason: String,
    /// The person who looked.
    pub maker: String,
    /// Who asks.
    pub origin: Origin,
}

impl Command for RequestIdentityReview {
    type Reply = IdentityCheck;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::IdentityCheck(self.tenant_id, self.check_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<IdentityCheck>, Refusal> {
        let stored = snapshot.identity_checks.get(&(self.tenant_id, self.check_id));
        let mut check = stored.ok_or(Refusal::NotFound { what: "identity_check" })?.clone();
        let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
        if self.maker.trim().is_empty() {
            return invalid("actor", "the person's name");
        }
        if self.reason.trim().is_empty() {
            return invalid("reason", "why");
        }
        let open = matches!(check.status, IdentityStatus::Created | IdentityStatus::Failed);
        if !open || check.level != IdentityLevel::Face || !(check.has_front && check.has_back) {
            return Err(Refusal::IdentityNotOpen);
        }
        check.status = IdentityStatus::PendingApproval;
        check.review_reason = Some(self.reason.clone());
        check.made_by = Some(self.maker.clone());
        check.ended_at_us = None;
        check.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({ "by": self.maker, "reason": self.reason });
        changes.audit((self.tenant_id, &self.origin), Act::IdentityReviewAsk, &check.id, &detail, moment);
        changes.put(check.clone());
        Ok(Decision::new(check, changes))
    }
}

/// Decides about a check as a second person; called by the console.
#[derive(Debug, Clone)]
pub struct DecideIdentityReview {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The check.
    pub check_id: IdentityCheckId,
    /// The payment that waits for it.
    pub payment_id: PaymentId,
    /// What the checker saw, see [`IdentityCheck::content_hash`].
    pub content_hash: Vec<u8>,
    /// [`IdentityStatus::Passed`] or [`IdentityStatus::Rejected`].
    pub verdict: IdentityStatus,
    /// The second person.
    pub checker: String,
    /// Who asks; never a key, a channel or the payer.
    pub origin: Origin,
}

impl IdentityCheck {
    /// What a decision is about: the check, its photos and the proposal.
    #[must_use]
    pub fn content_hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        let mut feed = |field: &[u8]| {
            hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field);
        };
        feed(self.id.to_string().as_bytes());
        feed(self.payment_id.to_string().as_bytes());
        feed(&self.sealed);
        feed(&self.photos_count.to_be_bytes());
        feed(self.review_reason.as_deref().unwrap_or_default().as_bytes());
        feed(self.made_by.as_deref().unwrap_or_default().as_bytes());
        hash.finalize().to_vec()
    }
}

impl DecideIdentityReview {
    /// Another person than the maker, about exactly what was proposed, once.
    fn check(&self, check: &IdentityCheck) -> Result<(), Refusal> {
        if check.status != IdentityStatus::PendingApproval {
            return Err(Refusal::ApprovalConsumed);
        }
        second_person(check.made_by.as_deref().unwrap_or_default(), &self.checker, &self.origin)?;
        let decides = matches!(self.verdict, IdentityStatus::Passed | IdentityStatus::Rejected);
        if decides && check.content_hash() == self.content_hash {
            Ok(())
        } else {
            Err(Refusal::NotResolvable)
        }
    }
}

impl Command for DecideIdentityReview {
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
        let mut check = stored.ok_or(Refusal::NotFound { what: "identity_check" })?.clone();
        self.check(&check)?;
        check.status = self.verdict;
        check.decided_by = Some(self.checker.clone());
        check.updated_at_us = moment.now_us;
        check.ended_at_us = Some(moment.now_us);
        let mut changes = Changes::default();
        let detail = json!({ "by": self.checker, "verdict": self.verdict });
        changes.audit((self.tenant_id, &self.origin), Act::IdentityReviewDecide, &check.id, &detail, moment);
        if check.status == IdentityStatus::Passed {
            changes.put(proven(&check, snapshot));
        }
        changes.put(check.clone());
        Ok(Decision::new(check, changes))
    }
}

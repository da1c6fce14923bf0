//! Beginning a check: who the payer says he is, and what he consented to.

use super::{Element, IdentityCheck, IdentityLevel, IdentityStatus, PaymentIdentity};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{IdentityCheckId, PayerId, PaymentId, TenantId};
use crate::moment::{MINUTE_US, Moment};
use crate::payment::{Payment, PaymentStatus};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Checks that one payment may have.
pub const CHECKS_MAX: i64 = 5;
/// When the provider is asked about a check whose answer never came.
pub(super) const ASK_AFTER_US: i64 = MINUTE_US;

/// When a check goes to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// With the commit that begins it.
    Now,
    /// After its photos.
    Later,
}

/// Begins a check of who pays.
#[derive(Debug, Clone)]
pub struct OpenIdentityCheck {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The identifier, drawn by the caller because the elements are sealed for it.
    pub check_id: IdentityCheckId,
    /// The payment that waits for it.
    pub payment_id: PaymentId,
    /// What it is to prove.
    pub level: IdentityLevel,
    /// What is compared.
    pub elements: Vec<Element>,
    /// The payer by the blind index of the document number.
    pub payer_id: PayerId,
    /// The elements with their middles hidden, a JSON object.
    pub masked: String,
    /// The elements, sealed.
    pub sealed: Vec<u8>,
    /// Which text the payer consented to.
    pub consent_version: String,
    /// When it goes to the provider; a face waits for its photos.
    pub sending: Sending,
    /// Who asks.
    pub origin: Origin,
}

impl OpenIdentityCheck {
    fn payment<'a>(&self, snapshot: &'a Snapshot, now_us: i64) -> Result<&'a Payment, Refusal> {
        let payment = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        match payment.status {
            PaymentStatus::Succeeded => Err(Refusal::AlreadyPaid),
            PaymentStatus::Failed | PaymentStatus::Closed => Err(Refusal::OrderClosed),
            PaymentStatus::RequiresMethod
            | PaymentStatus::RequiresAction
            | PaymentStatus::AwaitingTransfer
            | PaymentStatus::IdentityReview
            | PaymentStatus::Processing
                if payment.expires_at_us <= now_us =>
            {
                Err(Refusal::OrderClosed)
            }
            PaymentStatus::RequiresMethod
            | PaymentStatus::RequiresAction
            | PaymentStatus::AwaitingTransfer
            | PaymentStatus::IdentityReview
            | PaymentStatus::Processing => Ok(payment),
        }
    }

    /// Two to four elements with name and number, and a consent to the text in force.
    fn check(&self, payment: &Payment, snapshot: &Snapshot) -> Result<(), Refusal> {
        let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
        let policy = snapshot.identity_policy(self.tenant_id);
        let Some(policy) = policy.filter(|policy| policy.provider.is_some()) else {
            return invalid("level", "no provider of identity checks is set up");
        };
        let basis = [Element::Name, Element::IdNumber];
        if !basis.iter().all(|element| self.elements.contains(element)) {
            return invalid("elements", "name and id_number are needed");
        }
        if self.consent_version != policy.consent_version {
            return invalid("consent_version", "not the text in force");
        }
        if payment.payer_id.is_some_and(|payer_id| payer_id != self.payer_id) {
            return invalid("id_number", "not the payer of this payment");
        }
        Ok(())
    }

    fn row(&self, now_us: i64) -> IdentityCheck {
        let sent = self.sending == Sending::Now && self.level == IdentityLevel::RealName;
        IdentityCheck {
            tenant_id: self.tenant_id,
            id: self.check_id,
            payment_id: self.payment_id,
            level: self.level,
            status: if sent { IdentityStatus::Processing } else { IdentityStatus::Created },
            elements: json!(self.elements).to_string(),
            payer_id: self.payer_id,
            masked: self.masked.clone(),
            sealed: self.sealed.clone(),
            consent_version: self.consent_version.clone(),
            consented_at_us: now_us,
            photos_count: 0,
            has_front: false,
            has_back: false,
            sent_at_us: sent.then_some(now_us),
            handed_over_at_us: None,
            other_way_at_us: None,
            due_at_us: if sent { now_us.saturating_add(ASK_AFTER_US) } else { 0 },
            queries_count: 0,
            failure_code: None,
            review_reason: None,
            made_by: None,
            decided_by: None,
            created_at_us: now_us,
            updated_at_us: now_us,
            ended_at_us: None,
            version: 0,
        }
    }
}

impl Command for OpenIdentityCheck {
    type Reply = IdentityCheck;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::IdentityPolicy(self.tenant_id));
        wants.add(Want::PaymentIdentity(self.tenant_id, self.payment_id));
        let identity = snapshot.payment_identities.get(&(self.tenant_id, self.payment_id));
        if let Some(id) = identity.and_then(|identity| identity.check_id) {
            wants.add(Want::IdentityCheck(self.tenant_id, id));
        }
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<IdentityCheck>, Refusal> {
        let payment = self.payment(snapshot, moment.now_us)?;
        self.check(payment, snapshot)?;
        let key = (self.tenant_id, self.payment_id);
        let start = || PaymentIdentity::start(self.tenant_id, self.payment_id, payment.payer_id);
        let mut identity = snapshot.payment_identities.get(&key).cloned().unwrap_or_else(start);
        let earlier = identity.check_id.and_then(|id| snapshot.identity_checks.get(&(self.tenant_id, id)));
        if earlier.is_some_and(IdentityCheck::pending) {
            return Err(Refusal::IdentityInProgress);
        }
        if identity.checks_count >= CHECKS_MAX {
            return Err(Refusal::LimitReached { what: "identity_checks", max: CHECKS_MAX });
        }
        let check = self.row(moment.now_us);
        identity.check_id = Some(check.id);
        identity.checks_count = identity.checks_count.saturating_add(1);
        let mut changes = Changes::default();
        let detail = json!({
            "payment": check.payment_id, "level": check.level, "elements": self.elements,
            "consent_version": check.consent_version, "status": check.status,
        });
        changes.audit((self.tenant_id, &self.origin), Act::IdentityOpen, &check.id, &detail, moment);
        changes.put(check.clone());
        changes.put(identity);
        Ok(Decision::new(check, changes))
    }
}

//! A tenant's rules for identity checks, and who carries them out.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{IdentityPolicyId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// A tenant's rules: from which amounts on, under which consent, by which provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityPolicy {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The tenant's own bytes: each has one policy.
    pub id: IdentityPolicyId,
    /// From this sum of a payer's day on, name and number are checked, minor units.
    pub name_from_minor: Option<i64>,
    /// From this sum on, so is the face, minor units.
    pub face_from_minor: Option<i64>,
    /// The version of the consent text in force.
    pub consent_version: String,
    /// Where the provider is, a JSON object; none where no check can be carried out.
    pub provider: Option<String>,
    /// The provider's secrets, sealed.
    pub credentials: Option<Vec<u8>>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// What may be said about a policy; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct IdentityPolicyTerms {
    /// From this sum on, name and number are checked, minor units; `Some(None)` never.
    pub name_from_minor: Option<Option<i64>>,
    /// From this sum on, so is the face, minor units; `Some(None)` never.
    pub face_from_minor: Option<Option<i64>>,
    /// The version of the consent text in force.
    pub consent_version: Option<String>,
    /// Where the provider is, with its secrets sealed by the caller.
    pub provider: Option<(String, Vec<u8>)>,
}

/// Sets a tenant's rules. Each act names the person who does it.
#[derive(Debug, Clone)]
pub struct SaveIdentityPolicy {
    /// The tenant.
    pub tenant_id: TenantId,
    /// What changes.
    pub terms: IdentityPolicyTerms,
    /// The person who changes it.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

/// The identifier of a tenant's policy.
pub(super) const fn policy_id(tenant_id: TenantId) -> IdentityPolicyId {
    IdentityPolicyId(tenant_id.0)
}

impl SaveIdentityPolicy {
    fn onto(&self, stored: Option<&IdentityPolicy>) -> IdentityPolicy {
        let mut policy = stored.cloned().unwrap_or_else(|| IdentityPolicy {
            tenant_id: self.tenant_id,
            id: policy_id(self.tenant_id),
            name_from_minor: None,
            face_from_minor: None,
            consent_version: "1".to_owned(),
            provider: None,
            credentials: None,
            version: 0,
        });
        let terms = self.terms.clone();
        policy.name_from_minor = terms.name_from_minor.unwrap_or(policy.name_from_minor);
        policy.face_from_minor = terms.face_from_minor.unwrap_or(policy.face_from_minor);
        policy.consent_version = terms.consent_version.unwrap_or(policy.consent_version);
        if let Some((provider, credentials)) = terms.provider {
            policy.provider = Some(provider);
            policy.credentials = Some(credentials);
        }
        policy
    }
}

impl Command for SaveIdentityPolicy {
    type Reply = IdentityPolicy;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::IdentityPolicy(self.tenant_id));
    }

    fn decide(
        &self,
        snapshot: &Snapshot,
        moment: &mut Moment<'_>,
    ) -> Result<Decision<IdentityPolicy>, Refusal> {
        let stored = snapshot.identity_policy(self.tenant_id);
        let policy = self.onto(stored);
        check_thresholds((policy.name_from_minor, policy.face_from_minor))?;
        if policy.consent_version.is_empty() || policy.consent_version.len() > 32 {
            let reason = "1 to 32 characters";
            return Err(Refusal::FieldInvalid { param: "consent_version", reason });
        }
        if stored == Some(&policy) {
            return Ok(Decision::nothing(policy));
        }
        let mut changes = Changes::default();
        let detail = json!({
            "by": self.by, "name_from": policy.name_from_minor, "face_from": policy.face_from_minor,
            "consent_version": policy.consent_version, "provider": policy.provider,
            "credentials_changed": self.terms.provider.is_some(),
        });
        changes.audit((self.tenant_id, &self.origin), Act::IdentityPolicyWrite, &policy.id, &detail, moment);
        changes.put(policy.clone());
        Ok(Decision::new(policy, changes))
    }
}

/// Thresholds are amounts, and the face comes not before the name.
pub(crate) fn check_thresholds((name, face): (Option<i64>, Option<i64>)) -> Result<(), Refusal> {
    let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
    if name.is_some_and(|minor| minor < 1) {
        return invalid("identity_name_from", "below 1");
    }
    match (name, face) {
        (_, Some(face)) if face < 1 => invalid("identity_face_from", "below 1"),
        (Some(name), Some(face)) if face < name => invalid("identity_face_from", "below identity_name_from"),
        _ => Ok(()),
    }
}

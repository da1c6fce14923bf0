//! Creating and revoking the keys of an app. The secret never gets here, only its hash.

use super::{ApiKey, Scope, SignatureAlgorithm};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{ApiKeyId, AppId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Keys that an app may have that are not revoked.
pub const API_KEYS_MAX: i64 = 20;
/// Requests per second that a key may be allowed.
const RATES_PER_S: std::ops::RangeInclusive<i64> = 1..=10_000;

/// What a key may do and from where.
#[derive(Debug, Clone)]
pub struct KeyTerms {
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Addresses it may be used from, a JSON array of CIDR blocks; none means any.
    pub ip_allow: Option<String>,
    /// How its requests are signed and the key that verifies them (for HMAC the sealed secret).
    pub signature: Option<(SignatureAlgorithm, Vec<u8>)>,
    /// Requests allowed per second.
    pub rate_per_s: i64,
}

/// Creates a key of an app from the hash of its secret.
#[derive(Debug, Clone)]
pub struct CreateApiKey {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The identifier, drawn by the caller because a shared secret is sealed for it.
    pub api_key_id: ApiKeyId,
    /// The app it speaks for.
    pub app_id: AppId,
    /// The first characters, to recognise it by.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub secret_hash: Vec<u8>,
    /// What it may do and from where.
    pub terms: KeyTerms,
    /// How many unrevoked keys the caller counted; the limit saves resources, so a race may pass it by a few.
    pub counted: i64,
    /// Who asks.
    pub origin: Origin,
}

impl CreateApiKey {
    fn row(&self, now_us: i64) -> ApiKey {
        ApiKey {
            tenant_id: self.tenant_id,
            id: self.api_key_id,
            app_id: self.app_id,
            prefix: self.prefix.clone(),
            secret_hash: self.secret_hash.clone(),
            scopes: json!(self.terms.scopes).to_string(),
            ip_allow: self.terms.ip_allow.clone(),
            signature_algorithm: self.terms.signature.as_ref().map(|(algorithm, _)| *algorithm),
            signature_key: self.terms.signature.as_ref().map(|(_, key)| key.clone()),
            rate_per_s: self.terms.rate_per_s,
            revoked_at_us: None,
            created_at_us: now_us,
            version: 0,
        }
    }
}

impl Command for CreateApiKey {
    type Reply = ApiKey;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::App(self.tenant_id, self.app_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<ApiKey>, Refusal> {
        let app =
            snapshot.apps.get(&(self.tenant_id, self.app_id)).ok_or(Refusal::NotFound { what: "app" })?;
        let of_partner = |scope: &Scope| matches!(scope, Scope::PaymentsRead | Scope::PaymentsWrite);
        if app.partner_id.is_some() && !self.terms.scopes.iter().all(of_partner) {
            let reason = "an app of a partner has payments:read and payments:write only";
            return Err(Refusal::FieldInvalid { param: "scopes", reason });
        }
        if self.terms.scopes.is_empty() {
            return Err(Refusal::FieldInvalid { param: "scopes", reason: "empty" });
        }
        if !RATES_PER_S.contains(&self.terms.rate_per_s) {
            return Err(Refusal::FieldInvalid { param: "rate_per_s", reason: "outside 1 to 10000" });
        }
        if self.counted >= API_KEYS_MAX {
            return Err(Refusal::LimitReached { what: "api_keys", max: API_KEYS_MAX });
        }
        let key = self.row(moment.now_us);
        let mut changes = Changes::default();
        let detail = json!({
            "app": key.app_id, "prefix": key.prefix, "scopes": self.terms.scopes, "ip_allow": key.ip_allow,
            "signature_algorithm": key.signature_algorithm, "rate_per_s": key.rate_per_s,
        });
        changes.audit((self.tenant_id, &self.origin), Act::ApiKeyCreate, &key.id, &detail, moment);
        changes.put(key.clone());
        Ok(Decision::new(key, changes))
    }
}

/// Revokes a key for ever; again changes nothing.
#[derive(Debug, Clone)]
pub struct RevokeApiKey {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The app it is said to be of.
    pub app_id: AppId,
    /// Which.
    pub api_key_id: ApiKeyId,
    /// Who asks.
    pub origin: Origin,
}

impl Command for RevokeApiKey {
    type Reply = ApiKey;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::ApiKey(self.tenant_id, self.api_key_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<ApiKey>, Refusal> {
        let stored = snapshot
            .api_keys
            .get(&(self.tenant_id, self.api_key_id))
            .filter(|key| key.app_id == self.app_id)
            .ok_or(Refusal::NotFound { what: "api_key" })?;
        if stored.revoked_at_us.is_some() {
            return Ok(Decision::nothing(stored.clone()));
        }
        let key = ApiKey { revoked_at_us: Some(moment.now_us), ..stored.clone() };
        let mut changes = Changes::default();
        let detail = json!({ "app": key.app_id, "prefix": key.prefix });
        changes.audit((self.tenant_id, &self.origin), Act::ApiKeyRevoke, &key.id, &detail, moment);
        changes.put(key.clone());
        Ok(Decision::new(key, changes))
    }
}

//! Creating and changing merchants.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{MerchantId, TenantId, TypedId};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::merchant::{Merchant, phone};
use crate::moment::Moment;
use crate::payment::FeeSnapshot;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Merchants that a tenant may have.
pub const MERCHANTS_MAX: i64 = 1_000;

/// Creates a merchant under a code that no other merchant of the tenant has.
#[derive(Debug, Clone)]
pub struct CreateMerchant {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Unique per tenant, for ever.
    pub code: String,
    /// The payee's name shown to the payer.
    pub name: String,
    /// What it is charged.
    pub fee: FeeSnapshot,
    /// Whose merchant it is, as registered.
    pub legal_entity: Option<String>,
    /// Where payers get help, as it is printed.
    pub phone: Option<String>,
    /// How many merchants the caller counted; the limit saves resources, so a race may pass it by a few.
    pub counted: i64,
    /// Who asks.
    pub origin: Origin,
}

impl CreateMerchant {
    fn key(&self) -> KeyName {
        KeyName::of_tenant(self.tenant_id, NaturalKind::MerchantCode, &self.code)
    }
}

impl Command for CreateMerchant {
    type Reply = Merchant;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Natural(self.key()));
        want_bearer(self.tenant_id, &self.fee, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Merchant>, Refusal> {
        if snapshot.natural_keys.get(&self.key()).is_some() {
            return Err(Refusal::CodeTaken { param: "code" });
        }
        check_fee(&self.fee)?;
        check_phone(self.phone.as_deref())?;
        check_bearer(self.tenant_id, &self.fee, snapshot)?;
        if self.counted >= MERCHANTS_MAX {
            return Err(Refusal::LimitReached { what: "merchants", max: MERCHANTS_MAX });
        }
        let merchant = Merchant {
            tenant_id: self.tenant_id,
            id: MerchantId::new(moment),
            code: self.code.clone(),
            name: self.name.clone(),
            fee: self.fee,
            legal_entity: self.legal_entity.clone(),
            phone: self.phone.clone(),
            enabled: true,
            created_at_us: moment.now_us,
            version: 0,
        };
        let mut changes = Changes::default();
        changes.put(NaturalKey { name: self.key(), id: merchant.id.id128() });
        write(&merchant, &self.origin, &mut changes, moment);
        Ok(Decision::new(merchant, changes))
    }
}

/// Changes a merchant; what is absent stays. The code never changes.
#[derive(Debug, Clone)]
pub struct UpdateMerchant {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which.
    pub merchant_id: MerchantId,
    /// The payee's name shown to the payer.
    pub name: Option<String>,
    /// What new payments are charged.
    pub fee: Option<FeeSnapshot>,
    /// Whose merchant it is, as registered; `Some(None)` for nobody's.
    pub legal_entity: Option<Option<String>>,
    /// Where payers get help, as it is printed; `Some(None)` for nowhere.
    pub phone: Option<Option<String>>,
    /// Whether new payments may be made.
    pub enabled: Option<bool>,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UpdateMerchant {
    type Reply = Merchant;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Merchant(self.tenant_id, self.merchant_id));
        if let Some(fee) = &self.fee {
            want_bearer(self.tenant_id, fee, wants);
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Merchant>, Refusal> {
        let key = (self.tenant_id, self.merchant_id);
        let stored = snapshot.merchants.get(&key).ok_or(Refusal::NotFound { what: "merchant" })?;
        let fee = self.fee.unwrap_or(stored.fee);
        check_fee(&fee)?;
        if let Some(fee) = &self.fee {
            check_bearer(self.tenant_id, fee, snapshot)?;
        }
        let merchant = Merchant {
            name: self.name.clone().unwrap_or_else(|| stored.name.clone()),
            fee,
            legal_entity: self.legal_entity.clone().unwrap_or_else(|| stored.legal_entity.clone()),
            phone: self.phone.clone().unwrap_or_else(|| stored.phone.clone()),
            enabled: self.enabled.unwrap_or(stored.enabled),
            ..stored.clone()
        };
        check_phone(merchant.phone.as_deref())?;
        if merchant == *stored {
            return Ok(Decision::nothing(merchant));
        }
        let mut changes = Changes::default();
        write(&merchant, &self.origin, &mut changes, moment);
        Ok(Decision::new(merchant, changes))
    }
}

fn check_fee(fee: &FeeSnapshot) -> Result<(), Refusal> {
    let invalid = |reason| Refusal::FieldInvalid { param: "fee", reason };
    let parts = [Some(fee.fixed_minor), fee.min_minor, fee.max_minor];
    if parts.into_iter().flatten().any(i64::is_negative) {
        return Err(invalid("below zero"));
    }
    match (fee.min_minor, fee.max_minor) {
        (Some(min), Some(max)) if min > max => Err(invalid("min above max")),
        _ => Ok(()),
    }
}

fn check_phone(told: Option<&str>) -> Result<(), Refusal> {
    let fits = told.is_none_or(phone::well_formed);
    if fits { Ok(()) } else { Err(Refusal::FieldInvalid { param: "phone", reason: "no telephone number" }) }
}

fn want_bearer(tenant_id: TenantId, fee: &FeeSnapshot, wants: &mut Wants) {
    wants.add_some(fee.bearer.map(|id| Want::Partner(tenant_id, id)));
}

fn check_bearer(tenant_id: TenantId, fee: &FeeSnapshot, snapshot: &Snapshot) -> Result<(), Refusal> {
    let known = fee.bearer.is_none_or(|id| snapshot.partners.get(&(tenant_id, id)).is_some());
    if known { Ok(()) } else { Err(Refusal::NotFound { what: "partner" }) }
}

fn write(merchant: &Merchant, origin: &Origin, changes: &mut Changes, moment: &mut Moment<'_>) {
    let fee = &merchant.fee;
    let detail = json!({
        "code": merchant.code, "name": merchant.name, "enabled": merchant.enabled,
        "legal_entity": merchant.legal_entity, "phone": merchant.phone,
        "fee": { "rate": fee.rate.to_string(), "fixed": fee.fixed_minor, "min": fee.min_minor,
                 "max": fee.max_minor, "returned": fee.returned, "bearer": fee.bearer },
    });
    changes.audit((merchant.tenant_id, origin), Act::MerchantWrite, &merchant.id, &detail, moment);
    changes.put(merchant.clone());
}

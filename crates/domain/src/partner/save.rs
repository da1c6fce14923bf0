//! Creating and changing partners. Each act names the person who does it.

use super::{Partner, PartnerKind};
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PartnerId, TenantId, TypedId};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::moment::{Moment, date_text};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Partners that a tenant may have.
pub const PARTNERS_MAX: i64 = 1_000;
/// Characters of a licence number.
const LICENCE_NO_MAX: usize = 64;

/// What may be said about a partner; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct PartnerTerms {
    /// For people.
    pub name: Option<String>,
    /// The licence's number.
    pub licence_no: Option<String>,
    /// The products that the licence covers, a JSON array of ids; `Some(None)` means all.
    pub licence_scope: Option<Option<String>>,
    /// The last Shanghai day on which the licence holds, days since 1970-01-01.
    pub licence_until_day: Option<i64>,
    /// Whether new payments may be made through it.
    pub enabled: Option<bool>,
}

impl PartnerTerms {
    fn onto(&self, stored: &Partner) -> Partner {
        Partner {
            name: self.name.clone().unwrap_or_else(|| stored.name.clone()),
            licence_no: self.licence_no.clone().or_else(|| stored.licence_no.clone()),
            licence_scope: self.licence_scope.clone().unwrap_or_else(|| stored.licence_scope.clone()),
            licence_until_day: self.licence_until_day.or(stored.licence_until_day),
            enabled: self.enabled.unwrap_or(stored.enabled),
            ..stored.clone()
        }
    }
}

/// Creates a partner under a code that no other partner of the tenant has.
#[derive(Debug, Clone)]
pub struct CreatePartner {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Unique per tenant, for ever.
    pub code: String,
    /// With a licence or without.
    pub kind: PartnerKind,
    /// The terms; a licensed partner's name the licence's number and last day.
    pub terms: PartnerTerms,
    /// How many partners the caller counted; the limit saves resources, so a race may pass it by a few.
    pub counted: i64,
    /// The person who creates it.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl CreatePartner {
    fn key(&self) -> KeyName {
        KeyName::of_tenant(self.tenant_id, NaturalKind::PartnerCode, &self.code)
    }

    fn row(&self, moment: &mut Moment<'_>) -> Partner {
        self.terms.onto(&Partner {
            tenant_id: self.tenant_id,
            id: PartnerId::new(moment),
            code: self.code.clone(),
            name: self.code.clone(),
            kind: self.kind,
            licence_no: None,
            licence_scope: None,
            licence_until_day: None,
            enabled: true,
            created_at_us: moment.now_us,
            version: 0,
        })
    }
}

impl Command for CreatePartner {
    type Reply = Partner;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Natural(self.key()));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Partner>, Refusal> {
        if snapshot.natural_keys.get(&self.key()).is_some() {
            return Err(Refusal::CodeTaken { param: "code" });
        }
        let partner = self.row(moment);
        check(&partner)?;
        if self.counted >= PARTNERS_MAX {
            return Err(Refusal::LimitReached { what: "partners", max: PARTNERS_MAX });
        }
        let mut changes = Changes::default();
        changes.put(NaturalKey { name: self.key(), id: partner.id.id128() });
        write(&partner, (&self.by, &self.origin), &mut changes, moment);
        Ok(Decision::new(partner, changes))
    }
}

/// Changes a partner; code and kind never change.
#[derive(Debug, Clone)]
pub struct UpdatePartner {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which.
    pub partner_id: PartnerId,
    /// What changes.
    pub terms: PartnerTerms,
    /// The person who changes it.
    pub by: String,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UpdatePartner {
    type Reply = Partner;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Partner(self.tenant_id, self.partner_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Partner>, Refusal> {
        let key = (self.tenant_id, self.partner_id);
        let stored = snapshot.partners.get(&key).ok_or(Refusal::NotFound { what: "partner" })?;
        let partner = self.terms.onto(stored);
        check(&partner)?;
        if partner == *stored {
            return Ok(Decision::nothing(partner));
        }
        let mut changes = Changes::default();
        write(&partner, (&self.by, &self.origin), &mut changes, moment);
        Ok(Decision::new(partner, changes))
    }
}

/// A licence has a number and a last day; who has none claims no part of one.
fn check(partner: &Partner) -> Result<(), Refusal> {
    let invalid = |reason| Err(Refusal::FieldInvalid { param: "licence", reason });
    let number = partner.licence_no.as_deref().unwrap_or_default();
    match partner.kind {
        PartnerKind::Licensed if number.is_empty() || number.len() > LICENCE_NO_MAX => {
            invalid("a licensed partner needs the licence's number, of at most 64 characters")
        }
        PartnerKind::Licensed if partner.licence_until_day.is_none() => {
            invalid("a licensed partner needs the licence's last day")
        }
        PartnerKind::Unlicensed
            if partner.licence_no.is_some()
                || partner.licence_scope.is_some()
                || partner.licence_until_day.is_some() =>
        {
            invalid("an unlicensed partner has none")
        }
        PartnerKind::Licensed | PartnerKind::Unlicensed => Ok(()),
    }
}

fn write(partner: &Partner, (by, origin): (&str, &Origin), changes: &mut Changes, moment: &mut Moment<'_>) {
    let detail = json!({
        "by": by, "code": partner.code, "name": partner.name, "kind": partner.kind, "enabled": partner.enabled,
        "licence_no": partner.licence_no, "licence_scope": partner.licence_scope,
        "licence_until": partner.licence_until_day.map(date_text),
    });
    changes.audit((partner.tenant_id, origin), Act::PartnerWrite, &partner.id, &detail, moment);
    changes.put(partner.clone());
}

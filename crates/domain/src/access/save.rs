//! Creating and changing apps.

use super::App;
use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AppId, MerchantId, PartnerId, TenantId, TypedId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Apps that a tenant may have.
pub const APPS_MAX: i64 = 200;

/// What may be said about an app; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct AppTerms {
    /// For people.
    pub name: Option<String>,
    /// Whether every write must carry a signature.
    pub requires_signature: Option<bool>,
    /// Whether its keys work.
    pub enabled: Option<bool>,
}

/// Creates an app, for one merchant or for all of the tenant.
#[derive(Debug, Clone)]
pub struct CreateApp {
    /// The tenant.
    pub tenant_id: TenantId,
    /// For people.
    pub name: String,
    /// The one merchant it may act for; frozen.
    pub merchant_id: Option<MerchantId>,
    /// The one partner whose payments it makes and sees; frozen.
    pub partner_id: Option<PartnerId>,
    /// Whether every write must carry a signature.
    pub requires_signature: bool,
    /// How many apps the caller counted; the limit saves resources, so a race may pass it by a few.
    pub counted: i64,
    /// Who asks.
    pub origin: Origin,
}

impl Command for CreateApp {
    type Reply = App;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        if let Some(id) = self.merchant_id {
            wants.add(Want::Merchant(self.tenant_id, id));
        }
        if let Some(id) = self.partner_id {
            wants.add(Want::Partner(self.tenant_id, id));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<App>, Refusal> {
        let missing =
            self.merchant_id.is_some_and(|id| snapshot.merchants.get(&(self.tenant_id, id)).is_none());
        if missing {
            return Err(Refusal::NotFound { what: "merchant" });
        }
        if self.partner_id.is_some_and(|id| snapshot.partners.get(&(self.tenant_id, id)).is_none()) {
            return Err(Refusal::NotFound { what: "partner" });
        }
        if self.counted >= APPS_MAX {
            return Err(Refusal::LimitReached { what: "apps", max: APPS_MAX });
        }
        let app = App {
            tenant_id: self.tenant_id,
            id: AppId::new(moment),
            name: self.name.clone(),
            merchant_id: self.merchant_id,
            partner_id: self.partner_id,
            requires_signature: self.requires_signature,
            enabled: true,
            created_at_us: moment.now_us,
            version: 0,
        };
        let mut changes = Changes::default();
        write(&app, &self.origin, &mut changes, moment);
        Ok(Decision::new(app, changes))
    }
}

/// Changes an app.
#[derive(Debug, Clone)]
pub struct UpdateApp {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which.
    pub app_id: AppId,
    /// What changes.
    pub terms: AppTerms,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UpdateApp {
    type Reply = App;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::App(self.tenant_id, self.app_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<App>, Refusal> {
        let key = (self.tenant_id, self.app_id);
        let stored = snapshot.apps.get(&key).ok_or(Refusal::NotFound { what: "app" })?;
        let app = App {
            name: self.terms.name.clone().unwrap_or_else(|| stored.name.clone()),
            requires_signature: self.terms.requires_signature.unwrap_or(stored.requires_signature),
            enabled: self.terms.enabled.unwrap_or(stored.enabled),
            ..stored.clone()
        };
        if app == *stored {
            return Ok(Decision::nothing(app));
        }
        let mut changes = Changes::default();
        write(&app, &self.origin, &mut changes, moment);
        Ok(Decision::new(app, changes))
    }
}

fn write(app: &App, origin: &Origin, changes: &mut Changes, moment: &mut Moment<'_>) {
    let detail = json!({
        "name": app.name, "merchant": app.merchant_id, "partner": app.partner_id,
        "requires_signature": app.requires_signature,
        "enabled": app.enabled,
    });
    changes.audit((app.tenant_id, origin), Act::AppWrite, &app.id, &detail, moment);
    changes.put(app.clone());
}

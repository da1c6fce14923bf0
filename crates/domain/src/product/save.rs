//! Creating and changing products.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PartnerId, ProductId, TenantId, TypedId};
use crate::identity::check_thresholds;
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::moment::Moment;
use crate::product::ext::{self, ExtField};
use crate::product::{IssueOn, Premium, Product, ProductLimits, StrayMoney};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Products that a tenant may have.
pub const PRODUCTS_MAX: i64 = 1_000;
/// The shortest and longest time that a payment of a product may stay open, seconds.
const EXPIRES_AFTER_S: std::ops::RangeInclusive<i64> = 60..=30 * 86_400;
/// The shortest and longest time that the order system may be given, seconds.
const LIMIT_S: std::ops::RangeInclusive<i64> = 60..=365 * 86_400;
/// The most often that a payer may ask for more time: as often as WCAG 2.2.1 wants a time limit extendable.
const EXTENSIONS_MAX: i64 = 10;
/// The greatest amount of any product, minor units: ten billion yuan.
const AMOUNT_MAX_MINOR: i64 = 1_000_000_000_000;

/// What may be said about a product; what is absent stays, or takes its default at creation.
#[derive(Debug, Clone, Default)]
pub struct ProductTerms {
    /// Shown to the payer.
    pub name: Option<String>,
    /// Methods allowed, a JSON array of method and group words; `Some(None)` allows all.
    pub methods_allow: Option<Option<String>>,
    /// How often the premium is paid; once by default.
    pub premium: Option<Premium>,
    /// Methods allowed for instalments after the first; `Some(None)` means as the first.
    pub instalment_methods_allow: Option<Option<String>>,
    /// The fields that its payments have of their own; other fields than now make a new version.
    pub ext_fields: Option<Vec<ExtField>>,
    /// The least amount, minor units; 1 by default.
    pub amount_min_minor: Option<i64>,
    /// The greatest amount, minor units; ten billion yuan by default.
    pub amount_max_minor: Option<i64>,
    /// How long a payment stays open, seconds; two hours by default.
    pub expires_after_s: Option<i64>,
    /// How often a payer may ask for more time; ten times by default.
    pub extensions_max: Option<i64>,
    /// When money counts as received.
    pub issue_on: Option<IssueOn>,
    /// What happens to stray money.
    pub stray_money: Option<StrayMoney>,
    /// From the money that counts to the policy, seconds; `Some(None)` means no limit.
    pub issue_within_s: Option<Option<i64>>,
    /// From a policy issued before its money to that money, seconds; `Some(None)` means no limit.
    pub pay_within_s: Option<Option<i64>>,
    /// From this sum on, name and number are checked; `Some(None)` leaves it to the tenant.
    pub identity_name_from_minor: Option<Option<i64>>,
    /// From this sum on, so is the face; `Some(None)` leaves it to the tenant.
    pub identity_face_from_minor: Option<Option<i64>>,
    /// Whether new payments may be made.
    pub enabled: Option<bool>,
}

impl ProductTerms {
    fn onto(&self, stored: &Product) -> Result<Product, Refusal> {
        let ext_schemas = match &self.ext_fields {
            Some(fields) => ext::declared(stored.ext_schemas.as_deref(), fields)?,
            None => stored.ext_schemas.clone(),
        };
        Ok(Product {
            ext_schemas,
            premium: self.premium.unwrap_or(stored.premium),
            instalment_methods_allow: self
                .instalment_methods_allow
                .clone()
                .unwrap_or_else(|| stored.instalment_methods_allow.clone()),
            name: self.name.clone().unwrap_or_else(|| stored.name.clone()),
            methods_allow: self.methods_allow.clone().unwrap_or_else(|| stored.methods_allow.clone()),
            amount_min_minor: self.amount_min_minor.unwrap_or(stored.amount_min_minor),
            amount_max_minor: self.amount_max_minor.unwrap_or(stored.amount_max_minor),
            expires_after_s: self.expires_after_s.unwrap_or(stored.expires_after_s),
            extensions_max: self.extensions_max.unwrap_or(stored.extensions_max),
            issue_on: self.issue_on.unwrap_or(stored.issue_on),
            stray_money: self.stray_money.unwrap_or(stored.stray_money),
            limits: ProductLimits {
                issue_within_s: self.issue_within_s.unwrap_or(stored.limits.issue_within_s),
                pay_within_s: self.pay_within_s.unwrap_or(stored.limits.pay_within_s),
            },
            identity_name_from_minor: self
                .identity_name_from_minor
                .unwrap_or(stored.identity_name_from_minor),
            identity_face_from_minor: self
                .identity_face_from_minor
                .unwrap_or(stored.identity_face_from_minor),
            enabled: self.enabled.unwrap_or(stored.enabled),
            ..stored.clone()
        })
    }
}

/// Creates a product under a code that no other product of the tenant has.
#[derive(Debug, Clone)]
pub struct CreateProduct {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Unique per tenant, for ever.
    pub code: String,
    /// The one partner through which it is sold.
    pub partner_id: Option<PartnerId>,
    /// The terms; the name is required.
    pub terms: ProductTerms,
    /// How many products the caller counted; the limit saves resources, so a race may pass it by a few.
    pub counted: i64,
    /// Who asks.
    pub origin: Origin,
}

impl CreateProduct {
    fn key(&self) -> KeyName {
        KeyName::of_tenant(self.tenant_id, NaturalKind::ProductCode, &self.code)
    }

    fn row(&self, moment: &mut Moment<'_>) -> Result<Product, Refusal> {
        self.terms.onto(&Product {
            tenant_id: self.tenant_id,
            id: ProductId::new(moment),
            code: self.code.clone(),
            name: self.code.clone(),
            partner_id: self.partner_id,
            methods_allow: None,
            premium: Premium::Single,
            instalment_methods_allow: None,
            ext_schemas: None,
            amount_min_minor: 1,
            amount_max_minor: AMOUNT_MAX_MINOR,
            expires_after_s: 7_200,
            extensions_max: EXTENSIONS_MAX,
            issue_on: IssueOn::ChannelSuccess,
            stray_money: StrayMoney::Refund,
            limits: ProductLimits::default(),
            identity_name_from_minor: None,
            identity_face_from_minor: None,
            enabled: true,
            created_at_us: moment.now_us,
            version: 0,
        })
    }
}

impl Command for CreateProduct {
    type Reply = Product;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Natural(self.key()));
        if let Some(id) = self.partner_id {
            wants.add(Want::Partner(self.tenant_id, id));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Product>, Refusal> {
        if snapshot.natural_keys.get(&self.key()).is_some() {
            return Err(Refusal::CodeTaken { param: "code" });
        }
        if self.partner_id.is_some_and(|id| snapshot.partners.get(&(self.tenant_id, id)).is_none()) {
            return Err(Refusal::NotFound { what: "partner" });
        }
        let product = self.row(moment)?;
        check(&product)?;
        if self.counted >= PRODUCTS_MAX {
            return Err(Refusal::LimitReached { what: "products", max: PRODUCTS_MAX });
        }
        let mut changes = Changes::default();
        changes.put(NaturalKey { name: self.key(), id: product.id.id128() });
        write(&product, &self.origin, &mut changes, moment);
        Ok(Decision::new(product, changes))
    }
}

/// Changes a product; payments made before keep their amount and expiry. The code never changes.
#[derive(Debug, Clone)]
pub struct UpdateProduct {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Which.
    pub product_id: ProductId,
    /// What changes.
    pub terms: ProductTerms,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UpdateProduct {
    type Reply = Product;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Product(self.tenant_id, self.product_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Product>, Refusal> {
        let key = (self.tenant_id, self.product_id);
        let stored = snapshot.products.get(&key).ok_or(Refusal::NotFound { what: "product" })?;
        let product = self.terms.onto(stored)?;
        check(&product)?;
        if product == *stored {
            return Ok(Decision::nothing(product));
        }
        let mut changes = Changes::default();
        write(&product, &self.origin, &mut changes, moment);
        Ok(Decision::new(product, changes))
    }
}

fn check(product: &Product) -> Result<(), Refusal> {
    let invalid = |param, reason| Err(Refusal::FieldInvalid { param, reason });
    if product.amount_min_minor < 1 {
        return invalid("amount_min", "below 1");
    }
    if !(product.amount_min_minor..=AMOUNT_MAX_MINOR).contains(&product.amount_max_minor) {
        return invalid("amount_max", "below amount_min or above 1000000000000");
    }
    if !EXPIRES_AFTER_S.contains(&product.expires_after_s) {
        return invalid("expires_after_s", "outside 60 to 2592000");
    }
    if !(0..=EXTENSIONS_MAX).contains(&product.extensions_max) {
        return invalid("extensions_max", "outside 0 to 10");
    }
    if product.premium == Premium::Single && product.instalment_methods_allow.is_some() {
        return invalid("instalment_methods", "only with a regular premium");
    }
    for (param, limit_s) in
        [("issue_within_s", product.limits.issue_within_s), ("pay_within_s", product.limits.pay_within_s)]
    {
        if limit_s.is_some_and(|limit_s| !LIMIT_S.contains(&limit_s)) {
            return invalid(param, "outside 60 to 31536000");
        }
    }
    check_thresholds((product.identity_name_from_minor, product.identity_face_from_minor))
}

fn write(product: &Product, origin: &Origin, changes: &mut Changes, moment: &mut Moment<'_>) {
    let detail = json!({
        "code": product.code, "name": product.name, "partner": product.partner_id, "enabled": product.enabled,
        "methods_allow": product.methods_allow, "premium": product.premium,
        "instalment_methods_allow": product.instalment_methods_allow, "ext_schemas": product.ext_schemas,
        "amount_min": product.amount_min_minor,
        "amount_max": product.amount_max_minor, "expires_after_s": product.expires_after_s,
        "extensions_max": product.extensions_max,
        "issue_on": product.issue_on, "stray_money": product.stray_money,
        "issue_within_s": product.limits.issue_within_s, "pay_within_s": product.limits.pay_within_s,
        "identity_name_from": product.identity_name_from_minor,
        "identity_face_from": product.identity_face_from_minor,
    });
    changes.audit((product.tenant_id, origin), Act::ProductWrite, &product.id, &detail, moment);
    changes.put(product.clone());
}

//! The gate before an attempt: from a threshold on, nobody pays who is not known.

use super::{IdentityLevel, IdentityPolicy, PayerSum, PaymentIdentity};
use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::id::TenantId;
use crate::moment::shanghai_day;
use crate::payment::Payment;
use crate::product::Product;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;

/// What must be proven of a payer whose day comes to this sum, minor units; the stricter of product and tenant.
#[must_use]
pub fn required(product: &Product, policy: Option<&IdentityPolicy>, sum_minor: i64) -> Option<IdentityLevel> {
    let reached = |thresholds: [Option<i64>; 2]| {
        thresholds.into_iter().flatten().any(|from_minor| from_minor <= sum_minor)
    };
    if reached([product.identity_face_from_minor, policy.and_then(|policy| policy.face_from_minor)]) {
        Some(IdentityLevel::Face)
    } else if reached([product.identity_name_from_minor, policy.and_then(|policy| policy.name_from_minor)]) {
        Some(IdentityLevel::RealName)
    } else {
        None
    }
}

/// Names the rows that the gate has to see; without any threshold it sees the policy only.
pub fn want(payment: &Payment, snapshot: &Snapshot, wants: &mut Wants) {
    let tenant_id = payment.tenant_id;
    wants.add(Want::IdentityPolicy(tenant_id));
    let Some(product) = snapshot.products.get(&(tenant_id, payment.product_id)) else { return };
    if !guarded(product, snapshot.identity_policy(tenant_id)) {
        return;
    }
    wants.add(Want::PaymentIdentity(tenant_id, payment.id));
    let known = snapshot.payment_identities.get(&(tenant_id, payment.id)).and_then(|row| row.payer_id);
    if let Some(payer_id) = known.or(payment.payer_id) {
        wants.add(Want::PayerSum(tenant_id, payer_id));
    }
}

/// Whether any threshold is set: the greatest sum reaches it.
fn guarded(product: &Product, policy: Option<&IdentityPolicy>) -> bool {
    required(product, policy, i64::MAX).is_some()
}

/// The gate as it stands for one payment at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// What must be proven; none lets everybody through.
    pub required: Option<IdentityLevel>,
    identity: PaymentIdentity,
    sum: Option<PayerSum>,
    guarded: bool,
    day: i64,
}

impl Gate {
    /// The gate before this payment.
    #[must_use]
    pub fn of(payment: &Payment, product: &Product, snapshot: &Snapshot, now_us: i64) -> Self {
        let tenant_id: TenantId = payment.tenant_id;
        let policy = snapshot.identity_policy(tenant_id);
        let start = || PaymentIdentity::start(tenant_id, payment.id, payment.payer_id);
        let mut identity =
            snapshot.payment_identities.get(&(tenant_id, payment.id)).cloned().unwrap_or_else(start);
        identity.payer_id = identity.payer_id.or(payment.payer_id);
        let day = shanghai_day(now_us);
        let sum = identity.payer_id.map(|id| {
            let stored = snapshot.payer_sums.get(&(tenant_id, id)).filter(|sum| sum.day == day).cloned();
            let version = snapshot.payer_sums.get(&(tenant_id, id)).map_or(0, |sum| sum.version);
            stored.unwrap_or(PayerSum { tenant_id, id, day, amount_minor: 0, version })
        });
        let before = sum.as_ref().map_or(0, |sum| sum.amount_minor);
        let counted = identity.counted_day == Some(day);
        let whole = if counted { before } else { before.saturating_add(payment.amount_minor) };
        let sum_minor = whole.max(payment.amount_minor);
        Self {
            required: required(product, policy, sum_minor),
            guarded: guarded(product, policy),
            identity,
            sum,
            day,
        }
    }

    /// The gate before this payment, open; it refuses a payer of whom too little is proven.
    pub fn before(payment: &Payment, snapshot: &Snapshot, now_us: i64) -> Result<Self, Refusal> {
        let product = snapshot.products.get(&(payment.tenant_id, payment.product_id));
        let gate = product.map(|product| Self::of(payment, product, snapshot, now_us));
        let gate = gate.ok_or(Refusal::NotFound { what: "product" })?;
        gate.check()?;
        Ok(gate)
    }

    /// Refuses a payer of whom too little is proven.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.required {
            Some(level) if self.identity.level.is_none_or(|proven| proven < level) => {
                Err(Refusal::IdentityRequired { level })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Counts the payment in its payer's day, once, whether or not it ends paid.
    pub fn count(self, payment: &Payment, changes: &mut Changes) {
        let Some(mut sum) = self.sum else { return };
        if !self.guarded || self.identity.counted_day == Some(self.day) {
            return;
        }
        sum.amount_minor = sum.amount_minor.saturating_add(payment.amount_minor);
        changes.put(sum);
        changes.put(PaymentIdentity { counted_day: Some(self.day), ..self.identity });
    }
}

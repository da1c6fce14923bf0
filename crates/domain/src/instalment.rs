//! Regular premium: which payment pays for which period of a policy, so that none is collected twice.

use crate::command::{Want, Wants};
use crate::id::{Id128, InstalmentId, MerchantId, PaymentId, TenantId};
use crate::payment::{Payment, PaymentStatus, RefundStatus};
use crate::product::{Premium, Product};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The last period that a policy may have: a hundred years by the month.
pub const PERIOD_MAX: i64 = 1_200;

/// A period of a policy of a regular premium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The policy or, before it is issued, the proposal; 1 to 64 bytes.
    pub policy_no: String,
    /// Which instalment; the first premium is 1.
    pub number: i64,
}

/// A period of a policy and the payment that collects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from merchant, policy and number.
    pub id: InstalmentId,
    /// Whose policy it is.
    pub merchant_id: MerchantId,
    /// The policy or proposal.
    pub policy_no: String,
    /// Which instalment.
    pub number: i64,
    /// The payment that collects it, the latest if earlier ones ended without money.
    pub payment_id: PaymentId,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Period {
    /// The identifier of the row of this period, the same for everybody who names it.
    #[must_use]
    pub fn id(&self, tenant_id: TenantId, merchant_id: MerchantId) -> InstalmentId {
        let mut hash = Sha256::new();
        hash.update(tenant_id.0.0);
        hash.update(merchant_id.0.0);
        hash.update(self.number.to_be_bytes());
        hash.update(self.policy_no.as_bytes());
        InstalmentId(Id128::of_hash(hash))
    }
}

/// A period of a policy as published.
#[derive(Debug, Clone, Serialize)]
pub struct PeriodView {
    /// The policy or proposal.
    pub policy_no: String,
    /// Which instalment; the first premium is 1.
    pub number: i64,
}

impl PeriodView {
    /// The published form.
    #[must_use]
    pub fn of(period: &Period) -> Self {
        Self { policy_no: period.policy_no.clone(), number: period.number }
    }
}

/// Names the rows that [`claim`] has to see.
pub(crate) fn want(whose: (TenantId, MerchantId), period: &Period, snapshot: &Snapshot, wants: &mut Wants) {
    let (tenant_id, merchant_id) = whose;
    let id = period.id(tenant_id, merchant_id);
    wants.add(Want::Instalment(tenant_id, id));
    if let Some(held) = snapshot.instalments.get(&(tenant_id, id)) {
        wants.add(Want::Payment(tenant_id, held.payment_id));
    }
}

/// The period given to a payment. A product of regular premium needs one, any other has none, and a period whose
/// payment may still collect, or holds what it collected, is not given to another.
pub(crate) fn claim(
    payment: &Payment,
    product: &Product,
    snapshot: &Snapshot,
) -> Result<Option<Instalment>, Refusal> {
    let refused = |reason| Err(Refusal::FieldInvalid { param: "instalment", reason });
    let period = match (product.premium, &payment.period) {
        (Premium::Single, None) => return Ok(None),
        (Premium::Single, Some(_)) => return refused("the product has a single premium"),
        (Premium::Regular, None) => return refused("required for a product of regular premium"),
        (Premium::Regular, Some(period)) => period,
    };
    if !(1..=PERIOD_MAX).contains(&period.number) {
        return refused("the number is 1 to 1200");
    }
    let id = period.id(payment.tenant_id, payment.merchant_id);
    let held = snapshot.instalments.get(&(payment.tenant_id, id));
    if let Some(held) = held {
        let holder = snapshot.payments.get(&(payment.tenant_id, held.payment_id));
        let holder = holder.ok_or(Refusal::NotFound { what: "payment" })?;
        if !is_free(holder) {
            let paid = holder.status == PaymentStatus::Succeeded;
            return Err(Refusal::InstalmentTaken { payment_id: holder.id, paid });
        }
    }
    Ok(Some(Instalment {
        tenant_id: payment.tenant_id,
        id,
        merchant_id: payment.merchant_id,
        policy_no: period.policy_no.clone(),
        number: period.number,
        payment_id: payment.id,
        version: held.map_or(0, |held| held.version),
    }))
}

/// Whether the payment can hold no money of its period any more. Money that comes late all the same is set aside and
/// goes back as any late success does.
fn is_free(holder: &Payment) -> bool {
    match holder.status {
        PaymentStatus::Failed | PaymentStatus::Closed => true,
        PaymentStatus::Succeeded => holder.refund_status == RefundStatus::Full,
        PaymentStatus::RequiresMethod
        | PaymentStatus::RequiresAction
        | PaymentStatus::AwaitingTransfer
        | PaymentStatus::IdentityReview
        | PaymentStatus::Processing => false,
    }
}

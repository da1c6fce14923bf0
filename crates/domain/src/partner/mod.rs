//! A partner 合作渠道: who brings the payer, with or without an insurance licence.

mod save;
#[cfg(test)]
mod tests;

pub use save::{CreatePartner, PARTNERS_MAX, PartnerTerms, UpdatePartner};

use crate::id::{PartnerId, ProductId, TenantId};
use crate::moment::shanghai_day;
use crate::payment::Payment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::words::words;

words! {
    /// Whether a partner may sell insurance.
    PartnerKind {
        /// An agency or broker with a licence, which has a number, a scope and an end.
        Licensed = "licensed",
        /// Anybody else; the insurer is the payee and premium is never the partner's.
        Unlicensed = "unlicensed",
    }
}

/// Who brings the payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: PartnerId,
    /// Unique per tenant, usable instead of the id.
    pub code: String,
    /// For people.
    pub name: String,
    /// With a licence or without; frozen.
    pub kind: PartnerKind,
    /// The licence's number; a licensed partner has one.
    pub licence_no: Option<String>,
    /// The products that the licence covers, a JSON array of ids; none means all of the tenant.
    pub licence_scope: Option<String>,
    /// The last Shanghai day on which the licence holds, days since 1970-01-01; a licensed partner has one.
    pub licence_until_day: Option<i64>,
    /// Whether new payments may be made through it.
    pub enabled: bool,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// Refuses a payment whose partner may not bring it now; one that nobody brings is admitted.
pub(crate) fn admit(payment: &Payment, snapshot: &Snapshot, now_us: i64) -> Result<(), Refusal> {
    let Some(id) = payment.partner_id else { return Ok(()) };
    let partner = snapshot.partners.get(&(payment.tenant_id, id));
    partner.ok_or(Refusal::NotFound { what: "partner" })?.admit(payment.product_id, now_us)
}

impl Partner {
    /// Refuses a payment for a product at a time when the partner may not bring it: switched off, its licence
    /// over, or the product outside the licence.
    pub fn admit(&self, product_id: ProductId, now_us: i64) -> Result<(), Refusal> {
        if !self.enabled {
            return Err(Refusal::PartnerDisabled);
        }
        if self.licence_until_day.is_some_and(|day| day < shanghai_day(now_us)) {
            return Err(Refusal::PartnerLicenceExpired);
        }
        let covers = |scope: &String| {
            let products: Vec<ProductId> = serde_json::from_str(scope).unwrap_or_default();
            products.contains(&product_id)
        };
        if self.licence_scope.as_ref().is_none_or(covers) {
            Ok(())
        } else {
            Err(Refusal::PartnerLicenceScope)
        }
    }
}

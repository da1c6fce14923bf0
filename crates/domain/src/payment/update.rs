//! Changing what does not concern the money: the merchant's own data.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, TenantId};
use crate::moment::Moment;
use crate::payment::Payment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// Replaces the merchant's own data of a payment; the amount, payee and state are out of reach.
#[derive(Debug, Clone)]
pub struct UpdatePayment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The merchant's own data, a JSON object; `Some(None)` removes it.
    pub metadata: Option<Option<String>>,
    /// Pay-before-issue facts, a JSON object, of a payment that was made with such facts; they cannot be removed.
    pub fulfilment: Option<Option<String>>,
    /// Who asks.
    pub origin: Origin,
}

impl Command for UpdatePayment {
    type Reply = Payment;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Payment>, Refusal> {
        let stored = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        // Its row was made with the payment, and who is refunded is looked for by these facts.
        if self.fulfilment.as_ref().is_some_and(|facts| facts.is_some() != stored.fulfilment.is_some()) {
            let reason = "whether a policy is issued for it is settled when the payment is made";
            return Err(Refusal::FieldInvalid { param: "fulfilment", reason });
        }
        let mut payment = Payment {
            metadata: self.metadata.clone().unwrap_or_else(|| stored.metadata.clone()),
            fulfilment: self.fulfilment.clone().unwrap_or_else(|| stored.fulfilment.clone()),
            ..stored.clone()
        };
        if payment == *stored {
            return Ok(Decision::nothing(payment));
        }
        payment.updated_at_us = moment.now_us;
        let mut changes = Changes::default();
        let detail = json!({
            "metadata": self.metadata.is_some(), "fulfilment": self.fulfilment.is_some(),
        });
        changes.audit((self.tenant_id, &self.origin), Act::PaymentUpdate, &payment.id, &detail, moment);
        changes.put(payment.clone());
        Ok(Decision::new(payment, changes))
    }
}

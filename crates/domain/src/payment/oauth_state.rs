//! Using up the state of a way back from a channel's sign-in, before anybody is asked what its code is worth.

use crate::audit::Origin;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{Id128, PaymentId, TenantId};
use crate::key::{KeyName, NaturalKey, NaturalKind};
use crate::moment::Moment;
use crate::payment::Payment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;

/// Uses up a state that was made for this payment and this browser; once.
#[derive(Debug, Clone)]
pub struct UseOauthState {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The state's own identifier, which tells when it was made.
    pub state_id: Id128,
    /// Who asks.
    pub origin: Origin,
}

impl UseOauthState {
    fn key(&self) -> KeyName {
        let number = self.state_id.base32();
        KeyName::scoped(self.tenant_id, NaturalKind::OauthState, &self.payment_id, &number)
    }
}

impl Command for UseOauthState {
    type Reply = ();

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Natural(self.key()));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        let payment: Option<&Payment> = snapshot.payments.get(&(self.tenant_id, self.payment_id));
        let payment = payment.ok_or(Refusal::NotFound { what: "payment" })?;
        if payment.status.terminal() || payment.expires_at_us <= moment.now_us {
            return Err(Refusal::OrderClosed);
        }
        let name = self.key();
        if snapshot.natural_keys.get(&name).is_some() {
            return Err(Refusal::OauthStateInvalid);
        }
        let mut changes = Changes::default();
        changes.put(NaturalKey { name, id: self.state_id });
        Ok(Decision::new((), changes))
    }
}

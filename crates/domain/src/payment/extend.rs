//! More time for a payer who asks for it, as often as the product allows.

use crate::audit::{Act, Origin};
use crate::channel_account::Method;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{PaymentId, TenantId};
use crate::moment::{MINUTE_US, Moment, time_text};
use crate::payment::{Payment, PaymentStatus};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::view::payment_event;
use crate::webhook::EventKind;
use serde_json::json;

/// How much time is given at once, microseconds.
pub const EXTENSION_US: i64 = 15 * MINUTE_US;

/// Gives the payer more time to begin. What a channel was told of an open attempt stays as it was told: its code or link
/// ends when it said, and the time given is time for another.
#[derive(Debug, Clone)]
pub struct ExtendPayment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Until when the payer was told that he has time, Unix microseconds: the same form sent twice extends once.
    pub told_us: i64,
    /// Who asks.
    pub origin: Origin,
}

impl Payment {
    /// Whether a payer who asks would be given more time, as far as the payment alone tells.
    #[must_use]
    pub const fn extendable(&self, now_us: i64) -> bool {
        let goes_on = !self.status.terminal() && self.close_requested_at_us.is_none();
        goes_on && !self.single_attempt && self.expires_at_us > now_us && self.extensions_left > 0
    }
}

impl Command for ExtendPayment {
    type Reply = Payment;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id));
        wants.add_some(
            payment.and_then(|row| row.open_attempt_id).map(|id| Want::Attempt(self.tenant_id, id)),
        );
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Payment>, Refusal> {
        let stored = snapshot
            .payments
            .get(&(self.tenant_id, self.payment_id))
            .ok_or(Refusal::NotFound { what: "payment" })?;
        if stored.status == PaymentStatus::Succeeded {
            return Err(Refusal::AlreadyPaid);
        }
        let over = stored.status.terminal() || stored.close_requested_at_us.is_some();
        if over || stored.single_attempt || stored.expires_at_us <= moment.now_us {
            return Err(Refusal::OrderClosed);
        }
        if stored.expires_at_us != self.told_us {
            return Ok(Decision::nothing(stored.clone()));
        }
        if stored.extensions_left < 1 {
            return Err(Refusal::LimitReached { what: "extensions", max: 0 });
        }
        let open = stored.open_attempt_id.and_then(|id| snapshot.attempts.get(&(self.tenant_id, id)));
        if open.is_some_and(|attempt| attempt.method == Method::BankTransfer) {
            // Its code was given until then, and the payer may have it on paper.
            return Err(Refusal::AttemptInProgress { outcome_unknown: false });
        }
        let mut payment = Payment {
            expires_at_us: stored.expires_at_us.saturating_add(EXTENSION_US),
            extensions_left: stored.extensions_left.saturating_sub(1),
            updated_at_us: moment.now_us,
            ..stored.clone()
        };
        let mut changes = Changes::default();
        let detail = json!({ "until": time_text(payment.expires_at_us), "left": payment.extensions_left });
        changes.put(payment_event(EventKind::PaymentExtended, &mut payment, None, moment));
        changes.audit((self.tenant_id, &self.origin), Act::PaymentExtend, &payment.id, &detail, moment);
        changes.put(payment.clone());
        Ok(Decision::new(payment, changes))
    }
}

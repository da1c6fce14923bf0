//! The host: timers from rows, crashes, restarts, a clock that jumps, and the worker that closes what expired.

use crate::checker::Cause;
use crate::queue::Happening;
use crate::store::Commit;
use crate::world::World;
use tk_domain::audit::Origin;
use tk_domain::id::{PaymentId, TenantId};
use tk_domain::instruction::InstructionStatus;
use tk_domain::moment::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use tk_domain::payment::{ClosePayment, CloseReason};
use tk_domain::webhook::DeliveryStatus;

impl World {
    /// Plans what the changed rows ask for: timers live in rows.
    pub(crate) fn plan_from_rows(&mut self, commit: &Commit) {
        for key in &commit.instructions {
            self.plan_instruction(*key);
        }
        for key in &commit.deliveries {
            self.plan_delivery(*key);
        }
        for key in &commit.payments {
            let payment = self.store.rows.payments.get(key);
            if let Some(at_us) = payment.filter(|row| row.version == 1).map(|row| row.expires_at_us) {
                self.plan_inside(at_us, Happening::ExpiryDue(key.0, key.1));
            }
        }
    }

    fn plan_instruction(&mut self, (tenant_id, id): (TenantId, tk_domain::id::Id128)) {
        let Some(row) = self.store.rows.instructions.get(&(tenant_id, id)) else { return };
        if row.status == InstructionStatus::Open {
            let at_us = row.due_at_us.max(row.lease_until_us);
            self.plan_inside(at_us, Happening::InstructionDue(tenant_id, id));
        }
    }

    fn plan_delivery(&mut self, (tenant_id, id): (TenantId, tk_domain::id::DeliveryId)) {
        let Some(row) = self.store.rows.deliveries.get(&(tenant_id, id)) else { return };
        if row.status == DeliveryStatus::Pending {
            let at_us = row.due_at_us.max(row.lease_until_us);
            self.plan_inside(at_us, Happening::DeliveryDue(tenant_id, id));
        }
    }

    /// Plans every timer anew from the rows alone.
    pub(crate) fn plan_all(&mut self) {
        let rows = &self.store.rows;
        let instructions: Vec<_> = rows.instructions.iter().map(|row| (row.tenant_id, row.id)).collect();
        let deliveries: Vec<_> = rows.deliveries.iter().map(|row| (row.tenant_id, row.id)).collect();
        let payments: Vec<_> = rows
            .payments
            .iter()
            .filter(|row| !row.status.terminal() && row.close_requested_at_us.is_none())
            .map(|row| (row.tenant_id, row.id, row.expires_at_us))
            .collect();
        for key in instructions {
            self.plan_instruction(key);
        }
        for key in deliveries {
            self.plan_delivery(key);
        }
        for (tenant_id, id, at_us) in payments {
            self.plan_inside(at_us, Happening::ExpiryDue(tenant_id, id));
        }
    }

    pub(crate) fn expiry_due(&mut self, tenant_id: TenantId, payment_id: PaymentId) {
        let Some(payment) = self.store.rows.payments.get(&(tenant_id, payment_id)) else { return };
        if payment.status.terminal() || payment.close_requested_at_us.is_some() {
            return;
        }
        if payment.expires_at_us > self.host_us() {
            let at_us = payment.expires_at_us;
            return self.plan_inside(at_us, Happening::ExpiryDue(tenant_id, payment_id));
        }
        let command = ClosePayment {
            tenant_id,
            payment_id,
            reason: CloseReason::Expired,
            lease_us: 0,
            origin: Origin::system(),
        };
        #[cfg(feature = "planted")]
        if self.closes_locally(&command) {
            return;
        }
        if self.run(&command, Cause::of("expiry")).is_err() {
            let at_us = self.host_us().saturating_add(MINUTE_US);
            self.plan_inside(at_us, Happening::ExpiryDue(tenant_id, payment_id));
        }
    }

    /// fault-17: after any event, at random or where the sweep says so.
    pub(crate) fn maybe_crash(&mut self) {
        let random = self.up && self.strikes(self.story.host.crash_ppm);
        if (self.dying || random) && self.up {
            self.crash();
        }
        self.dying = false;
    }

    /// The host dies: what it had in memory is gone, what was committed stays.
    pub(crate) fn crash(&mut self) {
        if !self.up {
            return;
        }
        self.tally.hit(17, None);
        self.up = false;
        self.life = self.life.saturating_add(1);
        let longest_us = [SECOND_US, MINUTE_US, 20 * MINUTE_US];
        let longest_us = crate::story::pick(&mut self.dice, &longest_us);
        let down_us = self.dice.between(1_000, longest_us);
        self.plan(down_us, Happening::Restart);
    }

    pub(crate) fn restart(&mut self) {
        self.up = true;
        self.plan_all();
    }

    /// fault-16: the clock is set, forwards or backwards.
    pub(crate) fn clock_jumps(&mut self) {
        let widest_us = crate::story::pick(&mut self.dice, &[SECOND_US, 10 * MINUTE_US, HOUR_US, DAY_US]);
        self.skew_us = if self.story.two_tabs {
            self.dice.between(20 * MINUTE_US, 40 * MINUTE_US)
        } else {
            self.dice.between(-widest_us, widest_us)
        };
        self.tally.hit(16, None);
        self.plan_all();
    }
}

//! Attackers: they forge, replay, name other tenants' rows.

use crate::checker::Cause;
use crate::conversation;
use crate::world::{Missed, World};
use tk_domain::audit::Origin;
use tk_domain::id::{ChannelAccountId, TenantId};
use tk_domain::payment::{Attempt, ClosePayment, CloseReason, RequestQuery};
use tk_domain::refund::{CancelRefund, CreateRefund};
use tk_domain::refusal::Refusal;
use tk_simulator::core::Seal;

/// What an attacker tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attack {
    /// A success about a real order, unsigned or signed with another key.
    Forge,
    /// Another tenant's identifiers, with one's own key.
    Foreign,
    /// A refund beyond what was paid.
    OverRefund,
    /// Another merchant of the channel does under his own name what we ask for, under our numbers.
    Stranger,
}

impl Attack {
    pub(crate) const ALL: [Self; 4] = [Self::Forge, Self::Foreign, Self::OverRefund, Self::Stranger];
}

impl World {
    pub(crate) fn attack(&mut self, attack: Attack) {
        match attack {
            Attack::Forge => self.forges(),
            Attack::Foreign => self.names_foreign_rows(),
            Attack::OverRefund => self.refunds_too_much(),
            Attack::Stranger => self.pays_himself(),
        }
    }

    fn any_order(&mut self) -> Option<crate::actors::Order> {
        let count = u64::try_from(self.orders.len()).unwrap_or(0);
        let index = usize::try_from(self.dice.below(count)).unwrap_or(0);
        self.orders.get(index).cloned()
    }

    fn forges(&mut self) {
        let seals = [Seal::Unsigned, Seal::WrongKey, Seal::Probe];
        let index = usize::try_from(self.dice.below(3)).unwrap_or(0);
        let Some(seal) = seals.get(index).copied() else { return };
        let Some(order) = self.any_order() else { return };
        let Some(attempt) = self.attempt_of(&order) else { return };
        let (status, page) =
            (self.status_of_attempt((attempt.tenant_id, attempt.id)), self.page_of(&attempt));
        self.count_attack(9, &attempt);
        self.with_seller(attempt.channel_account_id, status, |seller, now_us| {
            seller.forge(now_us, (&attempt.out_no, page.as_ref()), seal);
        });
    }

    fn attempt_of(&self, order: &crate::actors::Order) -> Option<Attempt> {
        self.store.rows.attempts.iter().find(|row| Some(row.payment_id) == order.payment_id).cloned()
    }

    fn count_attack(&mut self, fault: u8, attempt: &Attempt) {
        let status = self.status_of_attempt((attempt.tenant_id, attempt.id));
        self.tally.hit_at(attempt.channel, fault, status);
    }

    /// fault-8: the channel's genuine notification of a payment or refund of somebody else, under a number of ours.
    fn pays_himself(&mut self) {
        let Some(order) = self.any_order() else { return };
        let Some(attempt) = self.attempt_of(&order) else { return };
        let key = (attempt.tenant_id, attempt.channel_account_id);
        let Some(account) = self.store.rows.channel_accounts.get(&key) else { return };
        let refunds = self.store.rows.refunds.iter();
        let refund = refunds.filter(|row| row.attempt_id == attempt.id && !row.status.terminal()).last();
        let call = match refund {
            Some(refund) => conversation::refund_call(refund, &attempt, account, self.now_us),
            None => self.page_of(&attempt),
        };
        let refund = refund.map(|row| (row.out_no.clone(), row.amount_minor));
        self.count_attack(8, &attempt);
        self.with_seller(attempt.channel_account_id, None, |seller, now_us| {
            let refund = refund.as_ref().map(|(number, fen)| (number.as_str(), *fen));
            seller.impersonate(now_us, (&attempt.out_no, call.as_ref()), refund);
        });
    }

    /// A foreign identifier is a non-existent one.
    fn names_foreign_rows(&mut self) {
        let Some(order) = self.any_order() else { return };
        let Some(payment_id) = order.payment_id else { return };
        let other = self.companies.iter().map(|company| company.tenant_id);
        let Some(tenant_id) = other.into_iter().find(|id| *id != order.tenant_id) else { return };
        let origin = Origin::system();
        let reason = CloseReason::Merchant;
        let close = ClosePayment { tenant_id, payment_id, reason, lease_us: 0, origin: origin.clone() };
        let outcome = self.run(&close, Cause::of("foreign")).map(|_| ());
        self.expect_not_found(&outcome);
        let query = RequestQuery { tenant_id, payment_id, lease_us: 0, origin: origin.clone() };
        let outcome = self.run(&query, Cause::of("foreign")).map(|_| ());
        self.expect_not_found(&outcome);
        if let Some(refund_id) = order.refunds.first().and_then(|plan| plan.id) {
            let attempt_id = tk_domain::id::AttemptId::default();
            let cancel = CancelRefund { tenant_id, payment_id, attempt_id, refund_id, origin };
            let outcome = self.run(&cancel, Cause::of("foreign"));
            self.expect_not_found(&outcome.map(|_| ()));
        }
        self.expect_not_found_refund(tenant_id, payment_id);
    }

    fn expect_not_found_refund(&mut self, tenant_id: TenantId, payment_id: tk_domain::id::PaymentId) {
        let outcome = self.run(&refund_of(tenant_id, payment_id, 1, "foreign"), Cause::of("foreign"));
        self.expect_not_found(&outcome.map(|_| ()));
    }

    fn expect_not_found(&mut self, outcome: &Result<(), Missed>) {
        match outcome {
            Err(Missed::Refused(Refusal::NotFound { .. }) | Missed::Down | Missed::AnswerLost) => {}
            Ok(()) | Err(Missed::Refused(_)) => {
                self.checker.violation("inv-35", "a foreign identifier was answered".to_owned());
            }
        }
    }

    fn refunds_too_much(&mut self) {
        let Some(order) = self.any_order() else { return };
        let Some(payment_id) = order.payment_id else { return };
        let amount_minor = order.payer_minor.saturating_add(1);
        let number = format!("{}-over", order.merchant_order_no);
        let command = refund_of(order.tenant_id, payment_id, amount_minor, &number);
        if self.run(&command, Cause::of("over refund")).is_ok() {
            self.checker.violation("inv-17", "a refund above what was paid was accepted".to_owned());
        }
    }

    /// Which seller an address belongs to; an address of nobody verifies nothing.
    pub(crate) fn tenant_of(&self, account: ChannelAccountId) -> Option<TenantId> {
        self.sellers.get(&account).map(|seller| seller.tenant_id)
    }
}

fn refund_of(
    tenant_id: TenantId,
    payment_id: tk_domain::id::PaymentId,
    amount_minor: i64,
    number: &str,
) -> CreateRefund {
    CreateRefund {
        tenant_id,
        app_id: None,
        payment_id,
        attempt_id: None,
        merchant_refund_no: number.to_owned(),
        amount_minor,
        items: Vec::new(),
        currency: None,
        reason: "attack".to_owned(),
        origin: Origin::system(),
    }
}

//! Beginning to open a card.

use super::report::ASK_AFTER_US;
use super::{Agreement, AgreementStatus};
use crate::audit::{Act, Origin};
use crate::channel_account::Method;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AgreementId, PaymentId, TenantId, TypedId};
use crate::moment::{MINUTE_US, Moment, SECOND_US};
use crate::payment::Payment;
use crate::refusal::Refusal;
use crate::routing::{Demand, method_allowed, route};
use crate::snapshot::Snapshot;
use serde_json::json;

/// How long the payer has on the channel's page.
const OPENING_US: i64 = 15 * MINUTE_US;

/// Begins to open a card for the payer of a payment that waits.
#[derive(Debug, Clone)]
pub struct OpenAgreement {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Who asks.
    pub origin: Origin,
}

/// A payment that may still begin to be paid.
pub(super) fn waiting(
    snapshot: &Snapshot,
    (tenant_id, payment_id): (TenantId, PaymentId),
    now_us: i64,
) -> Result<&Payment, Refusal> {
    let payment = snapshot.payments.get(&(tenant_id, payment_id));
    let payment = payment.ok_or(Refusal::NotFound { what: "payment" })?;
    let over = payment.status.terminal() || payment.close_requested_at_us.is_some();
    if over || payment.expires_at_us <= now_us {
        return Err(Refusal::OrderClosed);
    }
    if payment.open_attempt_id.is_some() {
        return Err(Refusal::AttemptInProgress { outcome_unknown: false });
    }
    Ok(payment)
}

impl Command for OpenAgreement {
    type Reply = Agreement;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::ChannelAccounts(self.tenant_id));
        let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id));
        wants.add_some(payment.map(|payment| Want::Product(self.tenant_id, payment.product_id)));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Agreement>, Refusal> {
        let payment = waiting(snapshot, (self.tenant_id, self.payment_id), moment.now_us)?;
        let product = snapshot.products.get(&(self.tenant_id, payment.product_id));
        let product = product.ok_or(Refusal::NotFound { what: "product" })?;
        let accounts = snapshot.channel_accounts_of(self.tenant_id);
        let chosen = route(accounts, Method::QuickPay, &Demand::of(payment)).chosen;
        let allowed = method_allowed(product, payment, Method::QuickPay);
        let channel_account_id = chosen.filter(|_| allowed).ok_or(Refusal::ChannelNotAvailable)?;
        let created_at_us = moment.now_us.div_euclid(SECOND_US).saturating_mul(SECOND_US);
        let agreement = Agreement {
            tenant_id: self.tenant_id,
            id: AgreementId::new(moment),
            payment_id: self.payment_id,
            channel_account_id,
            payer_id: payment.payer_id,
            status: AgreementStatus::Opening,
            masked: None,
            sealed: None,
            expires_at_us: created_at_us.saturating_add(OPENING_US),
            ask_due_at_us: Some(created_at_us.saturating_add(ASK_AFTER_US)),
            asks_count: 0,
            code_payment_id: None,
            code_attempt_id: None,
            code_at_us: None,
            codes_day: 0,
            codes_count: 0,
            created_at_us,
            updated_at_us: moment.now_us,
            version: 0,
        };
        let mut changes = Changes::default();
        let detail = json!({ "payment": self.payment_id, "channel_account": channel_account_id });
        changes.audit((self.tenant_id, &self.origin), Act::AgreementOpen, &agreement.id, &detail, moment);
        changes.put(agreement.clone());
        Ok(Decision::new(agreement, changes))
    }
}

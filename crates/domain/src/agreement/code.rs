//! A code by SMS: asked for in the name of an attempt to come, and good for that one only.

use super::open::waiting;
use super::{Agreement, AgreementStatus};
use crate::audit::{Act, Origin};
use crate::channel_account::Method;
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AgreementId, AttemptId, PaymentId, TenantId, TypedId};
use crate::identity::{self, Gate};
use crate::moment::{MINUTE_US, Moment, SECOND_US, shanghai_day};
use crate::payment::Payment;
use crate::refusal::Refusal;
use crate::routing::{Demand, route};
use crate::snapshot::Snapshot;
use serde_json::json;

/// How long a code may be used.
pub const CODE_LIVES_US: i64 = 5 * MINUTE_US;
/// Codes of one card on one day.
pub const CODES_A_DAY_MAX: i64 = 10;
/// How long before another is sent.
const CODE_AGAIN_US: i64 = MINUTE_US;

/// Asks that a code be sent for a payment by a card.
#[derive(Debug, Clone)]
pub struct AskCardCode {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The card.
    pub agreement_id: AgreementId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Who asks.
    pub origin: Origin,
}

/// A card and the code that came for it, as an attempt uses them.
#[derive(Debug, Clone)]
pub struct CardUse {
    /// The card.
    pub agreement_id: AgreementId,
    /// The attempt for which the code was sent.
    pub attempt_id: AttemptId,
}

impl AskCardCode {
    fn check<'a>(
        &self,
        snapshot: &'a Snapshot,
        now_us: i64,
    ) -> Result<(&'a Payment, &'a Agreement), Refusal> {
        let payment = waiting(snapshot, (self.tenant_id, self.payment_id), now_us)?;
        let agreement = snapshot.agreements.get(&(self.tenant_id, self.agreement_id));
        let agreement = agreement.filter(|row| row.serves(payment));
        let agreement = agreement.ok_or(Refusal::NotFound { what: "agreement" })?;
        let accounts = snapshot.channel_accounts_of(self.tenant_id);
        // A code for a contract that the attempt would not take is sent for nothing.
        if route(accounts, Method::QuickPay, &Demand::of(payment)).chosen
            != Some(agreement.channel_account_id)
        {
            return Err(Refusal::ChannelNotAvailable);
        }
        Gate::before(payment, snapshot, now_us)?;
        let today = agreement.codes_day == shanghai_day(now_us);
        if today && agreement.codes_count >= CODES_A_DAY_MAX {
            return Err(Refusal::LimitReached { what: "card_codes", max: CODES_A_DAY_MAX });
        }
        if agreement.code_at_us.is_some_and(|at_us| now_us < at_us.saturating_add(CODE_AGAIN_US)) {
            return Err(Refusal::CodeTooSoon);
        }
        Ok((payment, agreement))
    }
}

impl Command for AskCardCode {
    type Reply = Agreement;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Agreement(self.tenant_id, self.agreement_id));
        wants.add(Want::ChannelAccounts(self.tenant_id));
        let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) else { return };
        wants.add(Want::Product(self.tenant_id, payment.product_id));
        identity::want(payment, snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Agreement>, Refusal> {
        let (payment, stored) = self.check(snapshot, moment.now_us)?;
        let day = shanghai_day(moment.now_us);
        let before = if stored.codes_day == day { stored.codes_count } else { 0 };
        // UnionPay tells orders apart by whole seconds too.
        let code_at_us = moment.now_us.div_euclid(SECOND_US).saturating_mul(SECOND_US);
        let agreement = Agreement {
            code_payment_id: Some(payment.id),
            code_attempt_id: Some(AttemptId::new(moment)),
            code_at_us: Some(code_at_us),
            codes_day: day,
            codes_count: before.saturating_add(1),
            updated_at_us: moment.now_us,
            ..stored.clone()
        };
        let mut changes = Changes::default();
        let detail = json!({ "payment": payment.id, "attempt": agreement.code_attempt_id });
        changes.audit((self.tenant_id, &self.origin), Act::AgreementCode, &agreement.id, &detail, moment);
        changes.put(agreement.clone());
        Ok(Decision::new(agreement, changes))
    }
}

/// Uses the code of a card up for this payment: the card as it then stands, and when the code was asked for.
pub(crate) fn take(
    card: &CardUse,
    payment: &Payment,
    snapshot: &Snapshot,
    now_us: i64,
) -> Result<(Agreement, i64), Refusal> {
    let stored = snapshot.agreements.get(&(payment.tenant_id, card.agreement_id));
    let stored = stored.filter(|row| row.status == AgreementStatus::Active && row.serves(payment));
    let stored = stored.ok_or(Refusal::NotFound { what: "agreement" })?;
    let sent = stored.code_payment_id == Some(payment.id) && stored.code_attempt_id == Some(card.attempt_id);
    let at_us = stored.code_at_us.filter(|at_us| sent && now_us <= at_us.saturating_add(CODE_LIVES_US));
    let at_us = at_us.ok_or(Refusal::CodeNotOpen)?;
    let agreement =
        Agreement { code_payment_id: None, code_attempt_id: None, updated_at_us: now_us, ..stored.clone() };
    Ok((agreement, at_us))
}

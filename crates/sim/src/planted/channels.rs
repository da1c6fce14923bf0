//! Bugs that only the road of one channel, or of several together, can show.

use super::Bug;
use crate::flight::Flight;
use crate::world::World;
use tk_channels::callback::RefundHint;
use tk_domain::channel_account::{Channel, Method};
use tk_domain::command::LaneKind;
use tk_domain::decision::{Change, Changes};
use tk_domain::id::{ChannelAccountId, PaymentId, TenantId, TypedId};
use tk_domain::payment::{AttemptStatus, PaymentStatus};
use tk_domain::refund::Refund;
use tk_domain::report::{PaidEvidence, PaymentFinding, PaymentReport, RefundFinding, Source};
use tk_money::Amount;

impl World {
    /// An order that WeChat does not know, or a close that the channel refused, is taken for closed.
    pub(super) fn closed_too_early(&self, flight: &Flight, report: &PaymentReport) -> PaymentReport {
        let wechat = flight.account.channel == Channel::Wechatpay;
        let spoil = match report.finding {
            PaymentFinding::NotFound => wechat && self.has(Bug::WechatNotFoundIsClosed),
            PaymentFinding::CloseRefused => self.has(Bug::CloseRefusedIsClosed),
            PaymentFinding::Paid(_)
            | PaymentFinding::ActionRequired(_)
            | PaymentFinding::WaitingPayer
            | PaymentFinding::InProgress
            | PaymentFinding::Failed { .. }
            | PaymentFinding::Closed
            | PaymentFinding::Undone(_)
            | PaymentFinding::Unclear(_) => false,
        };
        let finding = if spoil { PaymentFinding::Closed } else { report.finding.clone() };
        PaymentReport { finding, ..report.clone() }
    }

    pub(crate) fn asks_before_it_repeats(&self) -> bool {
        !self.has(Bug::RefusedRepetitionIsFailed)
    }

    /// A payment begun again is refused, and the refusal is taken for the fate of the first.
    pub(super) fn refusal_believed(&self, flight: &Flight, report: PaymentReport) -> PaymentReport {
        let refused = matches!(report.finding, PaymentFinding::Failed { .. });
        if self.has(Bug::RefusedRepetitionIsFailed) && refused && flight.instruction.tries > 1 {
            // The domain believes no refusal of a repeated call, so the bug has to claim that it asked.
            return PaymentReport { source: Source::Query, ..report };
        }
        report
    }

    /// UnionPay refuses a refund sent again as a duplicate; the first sending may have been carried out.
    pub(super) fn fails_duplicates(&self, flight: &Flight) -> bool {
        self.has(Bug::UnionpayDuplicateIsFailed)
            && flight.account.channel == Channel::Unionpay
            && flight.instruction.tries > 1
    }

    pub(super) fn concerns_unionpay(&self, changes: &Changes) -> bool {
        changes.as_slice().iter().any(|change| {
            let Change::Refund(row) = change else { return false };
            let seller = self.sellers.get(&row.channel_account_id);
            seller.is_some_and(|seller| seller.channel == Channel::Unionpay)
        })
    }

    /// Whoever's refund the notification is about, its number is ours.
    pub(crate) fn spoil_hint(
        &self,
        account: ChannelAccountId,
        refund: &Refund,
        hint: RefundHint,
    ) -> RefundHint {
        let channel = self.sellers.get(&account).map(|seller| seller.channel);
        let proof = matches!(channel, Some(Channel::Wechatpay | Channel::Unionpay));
        if !self.has(Bug::StrangersRefundBelieved) || !proof || hint.finding.is_some() {
            return hint;
        }
        let amount = Amount::fen(refund.amount_minor);
        RefundHint { finding: Some(RefundFinding::Done { amount, borne: None, at_us: None }), ..hint }
    }

    /// A payer who changes method is given a new attempt, and the open one is forgotten.
    pub(crate) fn forgets_the_open_attempt(&mut self, tenant_id: TenantId, payment_id: PaymentId) {
        if !self.has(Bug::SwitchForgetsTheOpen) {
            return;
        }
        let rows = &self.store.rows;
        let Some(mut payment) = rows.payments.get(&(tenant_id, payment_id)).cloned() else { return };
        let open = payment.open_attempt_id.and_then(|id| rows.attempts.get(&(tenant_id, id)));
        let Some(mut attempt) = open.cloned() else { return };
        let mut changes = Changes::default();
        if let Some(mut instruction) = rows.instructions.get(&(tenant_id, attempt.id.id128())).cloned() {
            instruction.finish();
            changes.put(instruction);
        }
        (attempt.status, payment.status) = (AttemptStatus::Closed, PaymentStatus::RequiresMethod);
        payment.open_attempt_id = None;
        changes.put(attempt);
        changes.put(payment);
        self.write((tenant_id, LaneKind::Plain), changes);
    }
}

impl World {
    /// A payment by card that UnionPay has taken is taken for paid, though its code may be wrong.
    pub(super) fn taken_for_paid(&self, flight: &Flight, mut report: PaymentReport) -> PaymentReport {
        let by_card = flight.attempt.method == Method::QuickPay && report.source == Source::Reply;
        if self.has(Bug::CodeTakenIsPaid) && by_card && report.finding == PaymentFinding::InProgress {
            report.finding = PaymentFinding::Paid(PaidEvidence {
                channel_txn_no: flight.attempt.out_no.clone(),
                amount: Amount::new(flight.attempt.amount_minor, flight.attempt.currency),
                payee_app: None,
                payee_merchant: None,
                borne: None,
                paid_at_us: None,
            });
        }
        report
    }
}

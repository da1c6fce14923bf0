//! What the order system reports about the policy.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::fulfilment::{Fulfilment, FulfilmentStatus, Reported};
use crate::id::{AttemptId, PaymentId, RefundId, TenantId, TypedId};
use crate::moment::{Moment, SECOND_US};
use crate::payment::Payment;
use crate::refund::{Refund, WithdrawUnsent};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use serde_json::json;

/// A refund of the payment that has not ended, named so that all rows are locked in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenRefund {
    /// The refund.
    pub refund_id: RefundId,
    /// Its attempt.
    pub attempt_id: AttemptId,
}

/// Takes what the order system reports. It is a fact, so it is never dropped; what contradicts it is withdrawn, or a
/// person is told.
#[derive(Debug, Clone)]
pub struct ReportFulfilment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What is reported.
    pub reported: Reported,
    /// Of which item of the payment, by its place from 0; of the whole if absent.
    pub item: Option<usize>,
    /// The policy's number.
    pub policy_no: Option<String>,
    /// The refunds of the payment that have not ended, as the caller read them; refused if there are others by now.
    pub refunds: Vec<OpenRefund>,
    /// Who reports.
    pub origin: Origin,
}

impl ReportFulfilment {
    fn exception_id(&self) -> crate::id::ExceptionId {
        let subject = self.payment_id.to_string();
        Exception::id_of(self.tenant_id, ExceptionKind::IssuedAndRefunded, &subject)
    }

    /// Where the row then stands; nothing if it stands there already.
    fn next(&self, row: &Fulfilment) -> Result<Option<FulfilmentStatus>, Refusal> {
        if row.items.is_some() {
            return Err(Refusal::FulfilmentConflict);
        }
        match (self.reported, row.status) {
            (Reported::Issued, FulfilmentStatus::Issued) => {
                let same = self.policy_no.is_none() || self.policy_no == row.policy_no;
                if same { Ok(None) } else { Err(Refusal::FulfilmentConflict) }
            }
            (Reported::Cancelled, FulfilmentStatus::Cancelled)
            | (Reported::Surrendered, FulfilmentStatus::Surrendered) => Ok(None),
            (Reported::Issued, FulfilmentStatus::Awaiting | FulfilmentStatus::Announced) => {
                Ok(Some(FulfilmentStatus::Issued))
            }
            (Reported::Cancelled, FulfilmentStatus::Awaiting | FulfilmentStatus::Announced) => {
                Ok(Some(FulfilmentStatus::Cancelled))
            }
            (Reported::Surrendered, FulfilmentStatus::Issued) => Ok(Some(FulfilmentStatus::Surrendered)),
            (Reported::Issued, FulfilmentStatus::Cancelled | FulfilmentStatus::Surrendered)
            | (Reported::Cancelled, FulfilmentStatus::Issued | FulfilmentStatus::Surrendered)
            | (
                Reported::Surrendered,
                FulfilmentStatus::Awaiting | FulfilmentStatus::Announced | FulfilmentStatus::Cancelled,
            ) => Err(Refusal::FulfilmentConflict),
        }
    }

    /// The refunds named, all that there are.
    fn open<'a>(&self, payment: &Payment, snapshot: &'a Snapshot) -> Result<Vec<&'a Refund>, Refusal> {
        let found = |named: &OpenRefund| {
            let refund = snapshot.refunds.get(&(self.tenant_id, named.refund_id))?;
            let of_payment = refund.payment_id == payment.id && refund.attempt_id == named.attempt_id;
            let effective = payment.effective_attempt_id == Some(refund.attempt_id);
            (of_payment && effective && refund.status.counts() && !refund.status.terminal()).then_some(refund)
        };
        let open: Vec<&Refund> = self.refunds.iter().filter_map(found).collect();
        let sum = open.iter().fold(0_i64, |sum, refund| sum.saturating_add(refund.amount_minor));
        if sum == payment.refunding_minor { Ok(open) } else { Err(Refusal::RefundsChanged) }
    }

    /// Whether what is reported is about something that a refund takes back.
    fn concerns(&self, refund: &Refund) -> bool {
        let share = |place: usize| refund.item_shares().get(place).copied();
        self.item.and_then(share).is_none_or(|share| share > 0)
    }

    /// What went back of what is reported, or was sent to go back, minor units; `payment` without what was withdrawn.
    fn gone_minor(&self, payment: &Payment) -> i64 {
        let back = |place: usize| payment.items_back().get(place).copied().unwrap_or(0);
        let gone = payment.refunded_minor.saturating_add(payment.late_refunded_minor);
        self.item.map_or(gone.saturating_add(payment.refunding_minor), back)
    }

    /// Never both policy and refund: what was not sent is withdrawn; of what was sent or done a person is told.
    fn against_refunds(
        &self,
        payment: &Payment,
        (snapshot, changes): (&Snapshot, &mut Changes),
        moment: &mut Moment<'_>,
    ) -> Result<Payment, Refusal> {
        let mut payment = payment.clone();
        let mut attempt = None;
        let open = self.open(&payment, snapshot)?;
        for refund in open.into_iter().filter(|refund| self.concerns(refund)) {
            let unsent = WithdrawUnsent { refund, origin: &self.origin };
            let _sent = unsent.withdraw((&mut payment, &mut attempt), (snapshot, changes), moment).is_none();
        }
        let left = self.gone_minor(&payment);
        changes.put_some(attempt);
        if left > 0 {
            let exception = self.exception(&payment, left, moment);
            changes.put_some(exception.unless_open(snapshot));
        }
        Ok(payment)
    }

    fn exception(&self, payment: &Payment, amount_minor: i64, moment: &Moment<'_>) -> Exception {
        Exception {
            tenant_id: self.tenant_id,
            id: self.exception_id(),
            kind: ExceptionKind::IssuedAndRefunded,
            payment_id: Some(payment.id),
            attempt_id: payment.effective_attempt_id,
            refund_id: None,
            amount_minor,
            detail: json!({ "policy_no": self.policy_no, "refunded_or_sent": amount_minor }).to_string(),
            resolution: None,
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        }
    }
}

impl Command for ReportFulfilment {
    type Reply = Fulfilment;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        if self.refunds.is_empty() { LaneKind::Plain } else { LaneKind::Posting }
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Fulfilment(self.tenant_id, self.payment_id));
        wants.add(Want::Exception(self.tenant_id, self.exception_id()));
        if let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) {
            wants.add(Want::Product(self.tenant_id, payment.product_id));
        }
        for named in &self.refunds {
            wants.add(Want::Attempt(self.tenant_id, named.attempt_id));
            wants.add(Want::Refund(self.tenant_id, named.refund_id));
            wants.add(Want::Instruction(self.tenant_id, named.refund_id.id128()));
            let payment = snapshot.payments.get(&(self.tenant_id, self.payment_id));
            let refund = snapshot.refunds.get(&(self.tenant_id, named.refund_id));
            if let (Some(refund), Some(payment)) = (refund, payment) {
                WithdrawUnsent::want(refund, payment, snapshot, wants);
            }
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Fulfilment>, Refusal> {
        let key = (self.tenant_id, self.payment_id);
        let missing = Refusal::NotFound { what: "fulfilment" };
        let payment = snapshot.payments.get(&key).ok_or(missing.clone())?;
        let mut row = snapshot.fulfilments.get(&key).cloned().ok_or(missing)?;
        let next = match self.item {
            Some(place) => self.next_of_item(place, (&row, payment))?,
            None => self.next(&row)?.map(|status| (status, Vec::new())),
        };
        let Some((status, items)) = next else { return Ok(Decision::nothing(row)) };
        let mut changes = Changes::default();
        if self.reported == Reported::Issued {
            let after = self.against_refunds(payment, (snapshot, &mut changes), moment)?;
            if after != *payment {
                changes.put(after);
            }
            let product = snapshot.products.get(&(self.tenant_id, payment.product_id));
            let within_s = product.and_then(|product| product.limits.pay_within_s);
            let unpaid = row.paid_at_us.is_none();
            let due_us = |within_s: i64| moment.after(within_s.saturating_mul(SECOND_US));
            row.due_at_us = within_s.filter(|_| unpaid).map(due_us);
            row.issued_at_us = Some(moment.now_us);
        } else {
            row.due_at_us = None;
        }
        row.status = status;
        if self.item.is_some() {
            row.items = serde_json::to_string(&items).ok();
        } else {
            row.policy_no = self.policy_no.clone().or(row.policy_no);
        }
        row.updated_at_us = moment.now_us;
        let detail = json!({ "reported": self.reported, "policy_no": self.policy_no, "item": self.item });
        changes.audit((self.tenant_id, &self.origin), Act::FulfilmentReport, &payment.id, &detail, moment);
        changes.put(row.clone());
        Ok(Decision::new(row, changes))
    }
}

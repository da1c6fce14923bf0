//! From the money to the announcement that a policy may be issued.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::fulfilment::view::fulfilment_event;
use crate::fulfilment::{Fulfilment, FulfilmentStatus};
use crate::id::{PaymentId, TenantId};
use crate::moment::{Moment, SECOND_US};
use crate::payment::Payment;
use crate::product::{IssueOn, Product};
use crate::refund::Refund;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::webhook::EventKind;
use serde_json::json;

/// The row of a payment that has a policy to issue; none for other payments.
pub(crate) fn begin(payment: &Payment, product: &Product) -> Option<Fulfilment> {
    payment.fulfilment.as_ref()?;
    Some(Fulfilment {
        tenant_id: payment.tenant_id,
        id: payment.id,
        merchant_id: payment.merchant_id,
        product_id: payment.product_id,
        issue_on: product.issue_on,
        rests_on: None,
        status: FulfilmentStatus::Awaiting,
        policy_no: None,
        items: None,
        paid_at_us: None,
        stopped_at_us: None,
        issued_at_us: None,
        due_at_us: None,
        created_at_us: payment.created_at_us,
        updated_at_us: payment.created_at_us,
        version: 0,
    })
}

fn due_us(product: Option<&Product>, moment: &Moment<'_>) -> Option<i64> {
    let within_s = product.and_then(|product| product.limits.issue_within_s)?;
    Some(moment.after(within_s.saturating_mul(SECOND_US)))
}

/// What the collection of a payment means for its policy: the announcement, if the channel's success is enough.
pub(crate) fn announce(
    payment: &mut Payment,
    snapshot: &Snapshot,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    let key = (payment.tenant_id, payment.id);
    let Some(mut row) = snapshot.fulfilments.get(&key).cloned() else { return };
    row.paid_at_us = Some(moment.now_us);
    row.updated_at_us = moment.now_us;
    match row.status {
        FulfilmentStatus::Awaiting if row.issue_on == IssueOn::ChannelSuccess => {
            let product = snapshot.products.get(&(payment.tenant_id, payment.product_id));
            tell((&mut row, payment), (IssueOn::ChannelSuccess, product), changes, moment);
        }
        FulfilmentStatus::Awaiting => {}
        // The order system was ahead of the money: what it reported stands, and the money is here now.
        FulfilmentStatus::Announced
        | FulfilmentStatus::Issued
        | FulfilmentStatus::Cancelled
        | FulfilmentStatus::Surrendered => row.due_at_us = None,
    }
    changes.put(row);
}

/// Tells the order system that it may issue, and on which fact that rests.
fn tell(
    (row, payment): (&mut Fulfilment, &mut Payment),
    (fact, product): (IssueOn, Option<&Product>),
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    row.rests_on = Some(fact);
    row.status = FulfilmentStatus::Announced;
    row.due_at_us = due_us(product, moment);
    payment.event_seq = payment.event_seq.saturating_add(1);
    changes.put(fulfilment_event((EventKind::PaymentIssuable, payment.event_seq), row, moment));
}

/// What a refund of the money means for a policy: none may be issued any more for what goes back, or the money goes another
/// way.
pub(crate) fn stop(
    (payment, refund): (&mut Payment, &Refund),
    snapshot: &Snapshot,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) -> Result<(), Refusal> {
    let key = (payment.tenant_id, payment.id);
    let Some(mut row) = snapshot.fulfilments.get(&key).cloned() else { return Ok(()) };
    if row.stands_for(&refund.item_shares()) {
        return Err(Refusal::PolicyIssued);
    }
    let items = payment.items();
    let shares = refund.item_shares();
    let own = items.iter().zip(&shares).any(|(item, share)| item.collected_for.is_none() && *share > 0);
    // What is collected for others has no policy.
    if row.status == FulfilmentStatus::Cancelled || !(own || items.is_empty()) {
        return Ok(());
    }
    // Each refund of items may stop another policy.
    if row.stopped_at_us.is_none() || own {
        row.stopped_at_us = row.stopped_at_us.or(Some(moment.now_us));
        row.updated_at_us = moment.now_us;
        payment.event_seq = payment.event_seq.saturating_add(1);
        let kind = EventKind::PaymentIssueStopped;
        changes.put(fulfilment_event((kind, payment.event_seq), &row, moment));
        changes.put(row);
    }
    Ok(())
}

/// Says that a payment's money is reconciled or settled, by which policies that wait for it may be issued.
#[derive(Debug, Clone)]
pub struct ConfirmMoney {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What was confirmed.
    pub fact: IssueOn,
    /// Who says so.
    pub origin: Origin,
}

/// Whether a fact is at least what the policy waits for.
const fn enough(fact: IssueOn, wanted: IssueOn) -> bool {
    match wanted {
        IssueOn::ChannelSuccess => true,
        IssueOn::Reconciled => matches!(fact, IssueOn::Reconciled | IssueOn::Settled),
        IssueOn::Settled => matches!(fact, IssueOn::Settled),
    }
}

impl Command for ConfirmMoney {
    type Reply = Fulfilment;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Payment(self.tenant_id, self.payment_id));
        wants.add(Want::Fulfilment(self.tenant_id, self.payment_id));
        if let Some(payment) = snapshot.payments.get(&(self.tenant_id, self.payment_id)) {
            wants.add(Want::Product(self.tenant_id, payment.product_id));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Fulfilment>, Refusal> {
        let key = (self.tenant_id, self.payment_id);
        let missing = Refusal::NotFound { what: "fulfilment" };
        let mut row = snapshot.fulfilments.get(&key).cloned().ok_or(missing.clone())?;
        let mut payment = snapshot.payments.get(&key).cloned().ok_or(missing)?;
        let waits = row.status == FulfilmentStatus::Awaiting && row.paid_at_us.is_some();
        if !waits || row.stopped_at_us.is_some() || !enough(self.fact, row.issue_on) {
            return Ok(Decision::nothing(row));
        }
        let mut changes = Changes::default();
        let product = snapshot.products.get(&(self.tenant_id, payment.product_id));
        tell((&mut row, &mut payment), (self.fact, product), &mut changes, moment);
        row.updated_at_us = moment.now_us;
        payment.updated_at_us = moment.now_us;
        let detail = json!({ "fact": self.fact });
        changes.audit((self.tenant_id, &self.origin), Act::MoneyConfirm, &payment.id, &detail, moment);
        changes.put(payment);
        changes.put(row.clone());
        Ok(Decision::new(row, changes))
    }
}

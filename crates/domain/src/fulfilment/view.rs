//! The published form of fulfilments.

use crate::fulfilment::{Fulfilment, FulfilmentStatus, Reported};
use crate::id::{EventId, TypedId};
use crate::moment::{Moment, time_text};
use crate::product::IssueOn;
use crate::view::event_body;
use crate::webhook::{Event, EventKind};
use serde::Serialize;

/// What became of the policy of one payment, as published.
#[derive(Debug, Clone, Serialize)]
pub struct FulfilmentView {
    /// Always `fulfilment`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `pay_…`
    pub payment: String,
    /// `mch_…`
    pub merchant: String,
    /// `prd_…`
    pub product: String,
    /// When the money counts as received.
    pub issue_on: IssueOn,
    /// The fact that the announcement rests on; nothing before it.
    pub rests_on: Option<IssueOn>,
    /// Where issuing stands.
    pub status: FulfilmentStatus,
    /// The policy's number.
    pub policy_no: Option<String>,
    /// What was reported of the payment's items, where they have policies of their own.
    pub items: Vec<ItemFulfilmentView>,
    /// When the payment was collected, RFC 3339.
    pub paid_at: Option<String>,
    /// When a refund was held before the issue, RFC 3339.
    pub stopped_at: Option<String>,
    /// When the policy was reported issued, RFC 3339.
    pub issued_at: Option<String>,
    /// Until when the policy, or the money, is expected, RFC 3339.
    pub due_at: Option<String>,
}

/// What was reported of one item, as published.
#[derive(Debug, Clone, Serialize)]
pub struct ItemFulfilmentView {
    /// Its place among the payment's items, from 0.
    pub item: usize,
    /// What was reported last.
    pub status: Reported,
    /// The policy's number.
    pub policy_no: Option<String>,
}

fn items(row: &Fulfilment) -> Vec<ItemFulfilmentView> {
    let told = row.items().into_iter().enumerate();
    told.filter_map(|(item, told)| {
        told.map(|told| ItemFulfilmentView { item, status: told.status, policy_no: told.policy_no })
    })
    .collect()
}

impl FulfilmentView {
    /// The published form.
    #[must_use]
    pub fn of(row: &Fulfilment, livemode: bool) -> Self {
        Self {
            object: "fulfilment",
            livemode,
            payment: row.id.to_string(),
            merchant: row.merchant_id.to_string(),
            product: row.product_id.to_string(),
            issue_on: row.issue_on,
            rests_on: row.rests_on,
            status: row.status,
            policy_no: row.policy_no.clone(),
            items: items(row),
            paid_at: row.paid_at_us.map(time_text),
            stopped_at: row.stopped_at_us.map(time_text),
            issued_at: row.issued_at_us.map(time_text),
            due_at: row.due_at_us.map(time_text),
        }
    }
}

/// The next event about a payment's fulfilment. It is counted by the payment, whose events it belongs to.
pub(super) fn fulfilment_event(
    (kind, object_seq): (EventKind, i64),
    row: &Fulfilment,
    moment: &mut Moment<'_>,
) -> Event {
    let id = EventId::new(moment);
    let data = FulfilmentView::of(row, moment.live);
    Event {
        tenant_id: row.tenant_id,
        id,
        kind,
        object_id: row.id.id128(),
        object: row.id.to_string(),
        object_seq,
        body: event_body(id, kind, object_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

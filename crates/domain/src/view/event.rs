//! Events as delivered: the published form of what happened.

use super::{PaymentView, RefundView};
use crate::id::{EventId, TypedId};
use crate::moment::{Moment, time_text};
use crate::payment::{Attempt, Payment};
use crate::refund::Refund;
use crate::webhook::{Event, EventKind};
use serde::Serialize;

/// The next event about a payment; counts it on the payment.
pub fn payment_event(
    kind: EventKind,
    payment: &mut Payment,
    attempt: Option<&Attempt>,
    moment: &mut Moment<'_>,
) -> Event {
    payment.event_seq = payment.event_seq.saturating_add(1);
    let id = EventId::new(moment);
    let data = PaymentView::of(payment, attempt, moment.live);
    Event {
        tenant_id: payment.tenant_id,
        id,
        kind,
        object_id: payment.id.id128(),
        object: payment.id.to_string(),
        object_seq: payment.event_seq,
        body: event_body(id, kind, payment.event_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

/// The next event about a refund; counts it on the refund.
pub fn refund_event(kind: EventKind, refund: &mut Refund, moment: &mut Moment<'_>) -> Event {
    refund.event_seq = refund.event_seq.saturating_add(1);
    let id = EventId::new(moment);
    let data = RefundView::of(refund, moment.live);
    Event {
        tenant_id: refund.tenant_id,
        id,
        kind,
        object_id: refund.id.id128(),
        object: refund.id.to_string(),
        object_seq: refund.event_seq,
        body: event_body(id, kind, refund.event_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

/// An event as delivered.
#[derive(Serialize)]
struct EventBody<'a, T> {
    id: EventId,
    #[serde(rename = "type")]
    kind: EventKind,
    timestamp: String,
    livemode: bool,
    object_seq: i64,
    data: &'a T,
}

/// The JSON body of an event, as delivered: `{id, type, timestamp, livemode, object_seq, data}`.
#[must_use]
pub fn event_body<T: Serialize>(
    id: EventId,
    kind: EventKind,
    object_seq: i64,
    data: &T,
    moment: &Moment<'_>,
) -> String {
    let timestamp = time_text(moment.now_us);
    let body = EventBody { id, kind, timestamp, livemode: moment.live, object_seq, data };
    serde_json::to_string(&body).unwrap_or_default()
}

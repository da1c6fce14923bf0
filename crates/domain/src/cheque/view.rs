//! The published form of cheques.

use crate::cheque::{Cheque, ChequeStatus, VALID_DAYS};
use crate::id::{EventId, TypedId};
use crate::moment::{Moment, date_text, time_text};
use crate::view::event_body;
use crate::webhook::{Event, EventKind};
use serde::Serialize;

/// A cheque as published.
#[derive(Debug, Clone, Serialize)]
pub struct ChequeView {
    /// `chq_…`
    pub id: String,
    /// Always `cheque`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `pay_…`
    pub payment: String,
    /// `att_…`
    pub attempt: String,
    /// `cha_…`, the counter that took it.
    pub counter: String,
    /// The code of the bank that it is drawn on.
    pub bank: String,
    /// Its number.
    pub cheque_no: String,
    /// Minor units.
    pub amount: i64,
    /// The payment's currency.
    pub currency: &'static str,
    /// The day on it.
    pub issued_on: String,
    /// The last day on which it may be presented.
    pub present_by: String,
    /// The day on which the bank got it.
    pub presented_on: Option<String>,
    /// Where it stands.
    pub status: ChequeStatus,
    /// The name of who proposed that the bank has its money.
    pub clearing_asked_by: Option<String>,
    /// `btr_…`, the bank's line that shows its money.
    pub bank_transfer: Option<String>,
    /// Why it bounced or was withdrawn.
    pub reason: Option<String>,
    /// The name of who received it.
    pub made_by: String,
    /// The name of who moved it on last.
    pub changed_by: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl ChequeView {
    /// The published form.
    #[must_use]
    pub fn of(cheque: &Cheque, livemode: bool) -> Self {
        Self {
            id: cheque.id.to_string(),
            object: "cheque",
            livemode,
            payment: cheque.payment_id.to_string(),
            attempt: cheque.attempt_id().to_string(),
            counter: cheque.channel_account_id.to_string(),
            bank: cheque.bank.clone(),
            cheque_no: cheque.cheque_no.clone(),
            amount: cheque.amount_minor,
            currency: cheque.currency.code(),
            issued_on: date_text(cheque.issued_day),
            present_by: date_text(cheque.issued_day.saturating_add(VALID_DAYS)),
            presented_on: cheque.presented_day.map(date_text),
            status: cheque.status,
            clearing_asked_by: cheque.clearing_asked_by.clone(),
            bank_transfer: cheque.bank_line_id.map(|id| id.to_string()),
            reason: cheque.reason.clone(),
            made_by: cheque.made_by.clone(),
            changed_by: cheque.changed_by.clone(),
            created: time_text(cheque.created_at_us),
        }
    }
}

/// The next event about a cheque; counts it on the cheque.
pub(super) fn cheque_event(kind: EventKind, cheque: &mut Cheque, moment: &mut Moment<'_>) -> Event {
    cheque.event_seq = cheque.event_seq.saturating_add(1);
    let id = EventId::new(moment);
    let data = ChequeView::of(cheque, moment.live);
    Event {
        tenant_id: cheque.tenant_id,
        id,
        kind,
        object_id: cheque.id.id128(),
        object: cheque.id.to_string(),
        object_seq: cheque.event_seq,
        body: event_body(id, kind, cheque.event_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

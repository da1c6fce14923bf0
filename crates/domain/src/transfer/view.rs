//! The published form of bank lines and matches.

use crate::id::{BankLineId, EventId, ReturnId, TypedId};
use crate::moment::{Moment, date_text, time_text};
use crate::transfer::{
    BankLine, Flow, LineLink, LineNature, LineSource, LineStatus, MatchStatus, ReturnState, ReturnStatus,
    TransferMatch, TransferReturn,
};
use crate::view::event_body;
use crate::webhook::{Event, EventKind};
use serde::Serialize;
use serde_json::Value;

/// A line of a bank account as published; the other side's name and account are no part of it.
#[derive(Debug, Clone, Serialize)]
pub struct BankLineView {
    /// `btr_…`
    pub id: String,
    /// Always `bank_transfer`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `cha_…`, the bank account.
    pub channel_account: String,
    /// How it reached us.
    pub source: LineSource,
    /// Where it stands.
    pub status: LineStatus,
    /// Whether money came or went.
    pub flow: Flow,
    /// Whether it stands for itself.
    pub nature: LineNature,
    /// Minor units.
    pub amount: i64,
    /// The account's currency.
    pub currency: &'static str,
    /// What of it was given to orders, minor units.
    pub amount_matched: i64,
    /// What of it is in suspense, minor units.
    pub amount_unmatched: i64,
    /// What of it went, goes or is asked to go back to its sender, minor units.
    pub amount_returned: i64,
    /// Where the last of that stands.
    pub return_status: ReturnStatus,
    /// What of it is explained by `link`, minor units: all or nothing.
    pub amount_linked: i64,
    /// What it has to do with `linked_to`.
    pub link: Option<LineLink>,
    /// `btr_…` or `rtn_…`
    pub linked_to: Option<String>,
    /// The bank's day.
    pub booked_date: String,
    /// The bank's time, RFC 3339, where it gives one.
    pub booked_at: Option<String>,
    /// The bank's own number.
    pub bank_ref: String,
    /// The sound remittance codes of its remark.
    pub codes: Value,
    /// The name of who brought it.
    pub made_by: String,
    /// The name of who decided about it.
    pub decided_by: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl BankLineView {
    /// The published form.
    #[must_use]
    pub fn of(line: &BankLine, livemode: bool) -> Self {
        Self {
            id: line.id.to_string(),
            object: "bank_transfer",
            livemode,
            channel_account: line.channel_account_id.to_string(),
            source: line.source,
            status: line.status,
            flow: line.flow,
            nature: line.nature,
            amount: line.amount_minor,
            currency: line.currency.code(),
            amount_matched: line.matched_minor,
            amount_unmatched: line.left_minor(),
            amount_returned: line.return_minor,
            return_status: line.return_status,
            amount_linked: line.linked_minor,
            link: line.link,
            linked_to: line.link.zip(line.link_id).map(|(link, id)| match link {
                LineLink::Return => ReturnId(id).to_string(),
                LineLink::Slip | LineLink::Proof | LineLink::Reversal => BankLineId(id).to_string(),
            }),
            booked_date: date_text(line.booked_day),
            booked_at: line.booked_at_us.map(time_text),
            bank_ref: line.bank_ref.clone(),
            codes: serde_json::from_str(&line.codes).unwrap_or(Value::Null),
            made_by: line.made_by.clone(),
            decided_by: line.decided_by.clone(),
            created: time_text(line.created_at_us),
        }
    }
}

/// A match as published.
#[derive(Debug, Clone, Serialize)]
pub struct TransferMatchView {
    /// `mat_…`
    pub id: String,
    /// Always `transfer_match`.
    pub object: &'static str,
    /// `btr_…`
    pub bank_transfer: String,
    /// `pay_…`
    pub payment: String,
    /// `att_…`
    pub attempt: String,
    /// Minor units.
    pub amount: i64,
    /// 0 to 100.
    pub score: i64,
    /// Why.
    pub reasons: Value,
    /// Whether it holds.
    pub status: MatchStatus,
    /// The name of who made it.
    pub made_by: String,
    /// The name of who undid it.
    pub undone_by: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl TransferMatchView {
    /// The published form.
    #[must_use]
    pub fn of(made: &TransferMatch) -> Self {
        Self {
            id: made.id.to_string(),
            object: "transfer_match",
            bank_transfer: made.bank_line_id.to_string(),
            payment: made.payment_id.to_string(),
            attempt: made.order_id.to_string(),
            amount: made.amount_minor,
            score: made.score,
            reasons: serde_json::from_str(&made.reasons).unwrap_or(Value::Null),
            status: made.status,
            made_by: made.made_by.clone(),
            undone_by: made.undone_by.clone(),
            created: time_text(made.created_at_us),
        }
    }
}

/// Money on its way back to the sender of a bank line, as published.
#[derive(Debug, Clone, Serialize)]
pub struct TransferReturnView {
    /// `rtn_…`
    pub id: String,
    /// Always `transfer_return`.
    pub object: &'static str,
    /// `btr_…`, whose sender gets it.
    pub bank_transfer: String,
    /// `ref_…`, the refund it carries out.
    pub refund: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// The account's currency.
    pub currency: &'static str,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: ReturnState,
    /// The name of who asked for it.
    pub made_by: String,
    /// The name of who decided.
    pub decided_by: Option<String>,
    /// `btr_…`, the line that shows it leaving.
    pub sent_by: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl TransferReturnView {
    /// The published form.
    #[must_use]
    pub fn of(row: &TransferReturn) -> Self {
        Self {
            id: row.id.to_string(),
            object: "transfer_return",
            bank_transfer: row.bank_line_id.to_string(),
            refund: row.refund_id.map(|id| id.to_string()),
            amount: row.amount_minor,
            currency: row.currency.code(),
            reason: row.reason.clone(),
            status: row.status,
            made_by: row.made_by.clone(),
            decided_by: row.decided_by.clone(),
            sent_by: row.sent_line_id.map(|id| id.to_string()),
            created: time_text(row.created_at_us),
        }
    }
}

/// The next event about a bank line; counts it on the line.
pub(super) fn bank_line_event(kind: EventKind, line: &mut BankLine, moment: &mut Moment<'_>) -> Event {
    line.event_seq = line.event_seq.saturating_add(1);
    let id = EventId::new(moment);
    let data = BankLineView::of(line, moment.live);
    Event {
        tenant_id: line.tenant_id,
        id,
        kind,
        object_id: line.id.id128(),
        object: line.id.to_string(),
        object_seq: line.event_seq,
        body: event_body(id, kind, line.event_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

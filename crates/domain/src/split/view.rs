//! The published form of splits.

use super::abandon::{Abandonment, AbandonmentStatus};
use super::rows::{Split, SplitLine, SplitLineStatus, SplitMode, SplitState};
use crate::id::{EventId, TypedId};
use crate::moment::{Moment, time_text};
use crate::refusal::MoneyState;
use crate::view::event_body;
use crate::webhook::{Event, EventKind};
use serde::Serialize;
use serde_json::{Value, json};

/// A share as published.
#[derive(Debug, Clone, Serialize)]
pub struct SplitLineView {
    /// `mch_…`, in the books.
    pub merchant: Option<String>,
    /// `spr_…`, at the channel.
    pub receiver: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// The place of the item whose money it is, from 0.
    pub item: Option<i64>,
    /// Where it stands.
    pub status: SplitLineStatus,
    /// What refunds under way take back, minor units.
    pub amount_returning: i64,
    /// What came back, minor units.
    pub amount_returned: i64,
    /// Whether it can be taken back.
    pub returnable: bool,
    /// The channel's reason where it was not paid.
    pub failure_code: Option<String>,
}

/// A split as published.
#[derive(Debug, Clone, Serialize)]
pub struct SplitView {
    /// `spl_…`
    pub id: String,
    /// Always `split`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `pay_…`
    pub payment: String,
    /// `att_…`
    pub attempt: String,
    /// `mch_…`, which gives.
    pub merchant: String,
    /// `cha_…`
    pub channel_account: String,
    /// Who divides: `books` or `channel`.
    pub mode: SplitMode,
    /// The merchant's own number; absent for what was agreed with the payment.
    pub merchant_split_no: Option<String>,
    /// The number sent to the channel.
    pub out_no: String,
    /// All shares together, minor units.
    pub amount: i64,
    /// The payment's currency.
    pub currency: &'static str,
    /// Whether the channel releases what is not divided.
    pub last: bool,
    /// Where it stands.
    pub status: SplitState,
    /// Where the shares' money is.
    pub money_state: MoneyState,
    /// Who gets what.
    pub shares: Vec<SplitLineView>,
    /// Since when the outcome is not known, RFC 3339.
    pub outcome_unknown_since: Option<String>,
    /// Whether a person has it.
    pub needs_manual: bool,
    /// The channel's final refusal: `{"code", "message"}`.
    pub failure: Option<Value>,
    /// A proposal to give it up.
    pub abandonment: Option<AbandonmentView>,
    /// RFC 3339.
    pub ended_at: Option<String>,
    /// RFC 3339.
    pub created: String,
}

/// A proposal to give something up, and what was decided about it.
#[derive(Debug, Clone, Serialize)]
pub struct AbandonmentView {
    /// Where it stands.
    pub status: AbandonmentStatus,
    /// Why.
    pub reason: String,
    /// What shows that the channel never will.
    pub evidence: String,
    /// Who proposed it.
    pub maker: String,
    /// RFC 3339.
    pub proposed_at: String,
    /// What an approval is bound to.
    pub content_hash: String,
    /// Who decided.
    pub checker: Option<String>,
    /// RFC 3339.
    pub decided_at: Option<String>,
}

impl AbandonmentView {
    /// The published form of what this subject's row carries.
    #[must_use]
    pub fn of(abandonment: Abandonment, subject: &str) -> Self {
        Self {
            content_hash: abandonment.content_hash(subject),
            status: abandonment.status,
            reason: abandonment.reason,
            evidence: abandonment.evidence,
            maker: abandonment.maker,
            proposed_at: time_text(abandonment.proposed_at_us),
            checker: abandonment.checker,
            decided_at: abandonment.decided_at_us.map(time_text),
        }
    }
}

impl SplitLineView {
    /// The published form.
    #[must_use]
    pub fn of(line: &SplitLine) -> Self {
        Self {
            merchant: line.to_merchant_id.map(|id| id.to_string()),
            receiver: line.to_receiver_id.map(|id| id.to_string()),
            amount: line.amount_minor,
            item: line.item,
            status: line.status,
            amount_returning: line.returning_minor,
            amount_returned: line.returned_minor,
            returnable: line.returnable,
            failure_code: line.failure_code.clone(),
        }
    }
}

impl SplitView {
    /// The published form with its shares.
    #[must_use]
    pub fn of(split: &Split, lines: &[SplitLine], livemode: bool) -> Self {
        let code = split.failure_code.as_ref();
        Self {
            id: split.id.to_string(),
            object: "split",
            livemode,
            payment: split.payment_id.to_string(),
            attempt: split.attempt_id.to_string(),
            merchant: split.merchant_id.to_string(),
            channel_account: split.channel_account_id.to_string(),
            mode: split.mode,
            merchant_split_no: split.merchant_split_no.clone(),
            out_no: split.out_no.clone(),
            amount: split.amount_minor,
            currency: split.currency.code(),
            last: split.last,
            status: split.status,
            money_state: money_state(split.status),
            shares: lines.iter().map(SplitLineView::of).collect(),
            outcome_unknown_since: split.unknown_since_us.map(time_text),
            needs_manual: split.needs_manual,
            failure: code.map(|code| json!({ "code": code, "message": split.failure_message })),
            abandonment: split.abandonment().map(|row| AbandonmentView::of(row, &split.id.to_string())),
            ended_at: split.ended_at_us.map(time_text),
            created: time_text(split.created_at_us),
        }
    }
}

const fn money_state(status: SplitState) -> MoneyState {
    match status {
        SplitState::Succeeded => MoneyState::Moved,
        SplitState::Processing => MoneyState::Unknown,
        SplitState::Pending | SplitState::Failed => MoneyState::NotMoved,
    }
}

/// The next event about a split; counts it on the split.
pub(super) fn split_event(
    kind: EventKind,
    split: &mut Split,
    lines: &[SplitLine],
    moment: &mut Moment<'_>,
) -> Event {
    split.event_seq = split.event_seq.saturating_add(1);
    let id = EventId::new(moment);
    let data = SplitView::of(split, lines, moment.live);
    Event {
        tenant_id: split.tenant_id,
        id,
        kind,
        object_id: split.id.id128(),
        object: split.id.to_string(),
        object_seq: split.event_seq,
        body: event_body(id, kind, split.event_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

//! The published form of direct links.

use super::{BankLink, LinkRoad, LinkStatus, PullTrouble};
use crate::id::{EventId, TypedId};
use crate::moment::{Moment, date_text, time_text};
use crate::view::event_body;
use crate::webhook::{Event, EventKind};
use serde::Serialize;

/// The direct link of a bank account as published.
#[derive(Debug, Clone, Serialize)]
pub struct BankLinkView {
    /// `cha_…`, the bank account's own.
    pub id: String,
    /// Always `bank_link`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// Whether statements are asked for.
    pub status: LinkStatus,
    /// How they reach us.
    pub road: LinkRoad,
    /// The person who is told when something is wrong.
    pub keeper: String,
    /// The last day whose final statement was taken; null where files come as they like.
    pub final_date: Option<String>,
    /// RFC 3339, when the bank was last heard.
    pub heard_at: String,
    /// RFC 3339, when it is asked next.
    pub asked_next_at: String,
    /// Times in a row that nothing came of asking.
    pub failures: i64,
    /// What is wrong.
    pub trouble: Option<PullTrouble>,
    /// The same in words.
    pub trouble_detail: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl BankLinkView {
    /// The published form.
    #[must_use]
    pub fn of(link: &BankLink, livemode: bool) -> Self {
        Self {
            id: link.id.to_string(),
            object: "bank_link",
            livemode,
            status: link.status,
            road: link.road,
            keeper: link.keeper.clone(),
            final_date: (link.road == LinkRoad::Https).then(|| date_text(link.final_day)),
            heard_at: time_text(link.heard_at_us),
            asked_next_at: time_text(link.due_at_us),
            failures: link.failures,
            trouble: link.trouble,
            trouble_detail: link.trouble_detail.clone(),
            created: time_text(link.created_at_us),
        }
    }
}

/// The next event about a link; counts it on the link.
pub(super) fn bank_link_event(kind: EventKind, link: &mut BankLink, moment: &mut Moment<'_>) -> Event {
    link.event_seq = link.event_seq.saturating_add(1);
    let id = EventId::new(moment);
    let data = BankLinkView::of(link, moment.live);
    Event {
        tenant_id: link.tenant_id,
        id,
        kind,
        object_id: link.id.id128(),
        object: link.id.to_string(),
        object_seq: link.event_seq,
        body: event_body(id, kind, link.event_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

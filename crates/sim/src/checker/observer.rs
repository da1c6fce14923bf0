//! What was genuinely said by channels, endpoints and clients: the evidence that state may rest on.

use crate::checker::Checker;
use crate::flight::{Flight, Report};
use crate::store::Commit;
use crate::webhook::Post;
use std::collections::{BTreeMap, BTreeSet};
use tk_domain::id::{
    AttemptId, ChannelAccountId, DeliveryId, EventId, Id128, RefundId, SplitId, SplitReturnId, TenantId,
};
use tk_domain::idempotency::RecordedAnswer;
use tk_domain::instruction::InstructionKind;
use tk_domain::key::IdempotencyName;
use tk_domain::snapshot::Snapshot;
use tk_domain::webhook::{Delivery, DeliveryStatus, Event};

/// Why a command was run, with the report that the channel genuinely made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    pub(crate) word: &'static str,
    pub(crate) report: Option<&'a Report>,
    /// A question, which may change nothing but when it is asked.
    pub(crate) question: bool,
}

impl<'a> Cause<'a> {
    pub(crate) const fn of(word: &'static str) -> Self {
        Self { word, report: None, question: false }
    }

    pub(crate) const fn question(word: &'static str) -> Self {
        Self { word, report: None, question: true }
    }

    pub(crate) const fn report(word: &'static str, report: &'a Report) -> Self {
        Self { word, report: Some(report), question: false }
    }
}

/// What was seen outside the rows.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    taken: BTreeSet<(ChannelAccountId, String)>,
    answered_2xx: BTreeSet<DeliveryId>,
    events: BTreeMap<EventId, u64>,
    object_seqs: BTreeMap<(TenantId, Id128), i64>,
    answers: BTreeMap<IdempotencyName, String>,
    return_calls: BTreeMap<SplitReturnId, (String, String, i64)>,
    split_calls: BTreeMap<SplitId, (String, Vec<(String, i64)>)>,
    refund_calls: BTreeMap<RefundId, (String, i64)>,
    payment_calls: BTreeMap<AttemptId, u64>,
    pub(super) refunds_sent: BTreeSet<RefundId>,
}

impl Checker {
    /// A notification whose content is committed.
    pub(crate) fn taken(&mut self, account: ChannelAccountId, notify_id: &str) {
        self.observer.taken.insert((account, notify_id.to_owned()));
    }

    /// inv-16: the channel gets its ACK only after the durable commit.
    pub(crate) fn acknowledged(&mut self, account: ChannelAccountId, notify_id: &str) {
        let known = self.observer.taken.contains(&(account, notify_id.to_owned()));
        self.require(known, "inv-16", || format!("{notify_id} acknowledged before its commit"));
    }

    pub(crate) fn answered_2xx(&mut self, delivery_id: DeliveryId) {
        self.observer.answered_2xx.insert(delivery_id);
    }

    /// inv-28: "delivered" is written only after 2xx.
    pub(super) fn inv_28_sent_after_2xx(&mut self, delivery: &Delivery) {
        let delivered = delivery.status == DeliveryStatus::Delivered;
        let known = self.observer.answered_2xx.contains(&delivery.id);
        self.require(!delivered || known, "inv-28", || {
            format!("{} marked delivered without 2xx", delivery.id)
        });
    }

    /// inv-29: an endpoint receives only events that were committed.
    pub(crate) fn received(&mut self, post: &Post) {
        let count = self.observer.events.get_mut(&post.event_id);
        let known = count.is_some();
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
        self.require(known, "inv-29", || format!("{} was sent and never committed", post.event_id));
    }

    /// inv-29: the events of one object are numbered without gaps.
    pub(super) fn inv_29_object_sequence(&mut self, event: &Event) {
        let last = self.observer.object_seqs.entry((event.tenant_id, event.object_id)).or_insert(0);
        let expected = last.saturating_add(1);
        *last = event.object_seq;
        let holds = event.object_seq == expected && event.body.contains(&event.id.to_string());
        self.observer.events.insert(event.id, 0);
        self.require(holds, "inv-29", || {
            format!("{} has number {} not {expected}", event.id, event.object_seq)
        });
    }

    /// inv-38: a repeat changes nothing.
    pub(crate) fn replayed(&mut self, unchanged: bool) {
        self.require(unchanged, "inv-38", || "a replayed request changed something".to_owned());
    }

    /// inv-38: one key has one answer for ever.
    pub(crate) fn answered_once(
        &mut self,
        name: &IdempotencyName,
        answer: &RecordedAnswer,
        before: Option<&RecordedAnswer>,
    ) {
        let first = self.observer.answers.entry(name.clone()).or_insert_with(|| answer.body.clone());
        let same = *first == answer.body && before.is_none_or(|before| before == answer);
        self.require(same, "inv-38", || format!("{} answered differently", name.key));
    }

    /// How often a payment was begun at the channel.
    pub(super) fn begun(&self, attempt_id: AttemptId) -> u64 {
        self.observer.payment_calls.get(&attempt_id).copied().unwrap_or(0)
    }

    /// inv-19: the number and amount sent for one refund never change.
    pub(crate) fn told(&mut self, flight: &Flight, rows: &Snapshot) {
        if flight.instruction.kind == InstructionKind::Pay {
            let calls = self.observer.payment_calls.entry(flight.attempt.id).or_insert(0);
            *calls = calls.saturating_add(1);
        }
        if let Some(sent) = flight.said.split() {
            let split_id = SplitId(flight.instruction.id);
            let first = self.observer.split_calls.entry(split_id).or_insert_with(|| sent.clone()).clone();
            self.require(first == sent, "inv-19", || format!("{split_id} was sent again as {sent:?}"));
        }
        if let Some(sent) = flight.said.share_back() {
            let id = SplitReturnId(flight.instruction.id);
            let first = self.observer.return_calls.entry(id).or_insert_with(|| sent.clone()).clone();
            self.require(first == sent, "inv-19", || format!("{id} was sent again as {sent:?}"));
        }
        let Some(sent) = flight.said.refund() else { return };
        self.shares_came_back(flight.refund.as_ref(), rows);
        if flight.instruction.kind != InstructionKind::Refund {
            return;
        }
        let refund_id = RefundId(flight.instruction.id);
        self.observer.refunds_sent.insert(refund_id);
        let first = self.observer.refund_calls.entry(refund_id).or_insert_with(|| sent.clone());
        let same = *first == sent;
        let asked = flight.refund.as_ref().is_none_or(|refund| refund.order_minor == sent.1);
        self.require(asked, "inv-17", || {
            format!("{refund_id} was sent as {sent:?}, which is not what it is")
        });
        self.require(same, "inv-19", || format!("{refund_id} was sent again as {sent:?}"));
    }

    /// inv-13: a question (the browser's return, a poll, a notice about a refund) changes no state.
    pub(super) fn inv_13_questions_change_nothing(&mut self, commit: &Commit, cause: Cause<'_>) {
        let still = commit.payments.is_empty()
            && commit.attempts.is_empty()
            && commit.refunds.is_empty()
            && commit.holds.is_empty()
            && commit.appended.entries.is_empty();
        self.require(!cause.question || still, "inv-13", || {
            format!("the question {} changed state", cause.word)
        });
    }

    /// inv-35: a commit touches rows of its own tenant only.
    pub(super) fn inv_35_own_tenant(&mut self, commit: &Commit) {
        let own = commit.tenant_id;
        let foreign = commit.payments.iter().any(|key| key.0 != own)
            || commit.attempts.iter().any(|key| key.0 != own)
            || commit.refunds.iter().any(|key| key.0 != own)
            || commit.accounts.iter().any(|key| key.0 != own)
            || commit.deliveries.iter().any(|key| key.0 != own)
            || commit.appended.events.iter().any(|event| event.tenant_id != own)
            || commit.appended.entries.iter().any(|entry| {
                entry.tenant_id != own || entry.lines().iter().any(|line| line.account.tenant_id != own)
            });
        self.require(!foreign, "inv-35", || format!("a commit of {own} touched another tenant"));
    }
}

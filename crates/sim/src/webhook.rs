//! Events on their way to order systems, and the endpoints that receive, fail, or lose their own answer.

use crate::checker::Cause;
use crate::queue::Happening;
use crate::world::World;
use std::collections::BTreeMap;
use tk_domain::command::{Command, LaneKind, Want, Wants};
use tk_domain::decision::{Changes, Decision};
use tk_domain::id::{DeliveryId, EventId, TenantId, WebhookEndpointId};
use tk_domain::moment::{Moment, SECOND_US};
use tk_domain::refusal::Refusal;
use tk_domain::snapshot::Snapshot;
use tk_domain::webhook::{Delivery, DeliveryOutcome, DeliveryStatus, TakeDeliveryOutcome};

/// One POST under way.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) tenant_id: TenantId,
    pub(crate) delivery_id: DeliveryId,
    pub(crate) event_id: EventId,
    pub(crate) endpoint_id: WebhookEndpointId,
    pub(crate) life: u32,
}

/// What the worker heard back.
#[derive(Debug)]
pub(crate) struct PostAnswer {
    pub(crate) post: Post,
    pub(crate) outcome: DeliveryOutcome,
}

/// What the order systems received: endpoint and event → how often.
#[derive(Debug, Default)]
pub(crate) struct Sinks {
    pub(crate) received: BTreeMap<(WebhookEndpointId, EventId), u64>,
}

/// Takes a due delivery for one worker.
#[derive(Debug)]
struct ClaimDelivery {
    tenant_id: TenantId,
    id: DeliveryId,
    lease_us: i64,
}

impl Command for ClaimDelivery {
    type Reply = Option<Delivery>;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Delivery(self.tenant_id, self.id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Self::Reply>, Refusal> {
        let Some(mut row) = snapshot.deliveries.get(&(self.tenant_id, self.id)).cloned() else {
            return Ok(Decision::nothing(None));
        };
        if !row.claim(moment.now_us, self.lease_us) {
            return Ok(Decision::nothing(None));
        }
        let mut changes = Changes::default();
        changes.put(row.clone());
        Ok(Decision::new(Some(row), changes))
    }
}

impl World {
    pub(crate) fn delivery_due(&mut self, key: (TenantId, DeliveryId)) {
        let Some(row) = self.store.rows.deliveries.get(&key) else { return };
        let due_us = row.due_at_us.max(row.lease_until_us);
        if row.status != DeliveryStatus::Pending || due_us > self.host_us() {
            return;
        }
        let command = ClaimDelivery { tenant_id: key.0, id: key.1, lease_us: self.story.lease_us };
        let Ok(Some(row)) = self.run(&command, Cause::of("claim")) else { return };
        #[cfg(feature = "planted")]
        self.marks_sent_first(&row);
        let post = Post {
            tenant_id: row.tenant_id,
            delivery_id: row.id,
            event_id: row.event_id,
            endpoint_id: row.endpoint_id,
            life: self.life,
        };
        let delay_us = self.dice.between(1_000, 100_000);
        self.plan(delay_us, Happening::PostArrives(Box::new(post)));
    }

    pub(crate) fn post_arrives(&mut self, post: Post) {
        let (outcome, wait_us) = self.endpoint_answers(&post);
        if post.life != self.life || !self.up {
            return;
        }
        let at_us = self.host_us().saturating_add(wait_us);
        self.plan_inside(at_us, Happening::PostAnswered(Box::new(PostAnswer { post, outcome })));
    }

    /// fault-24: down, slow, broken, or received and its answer lost.
    fn endpoint_answers(&mut self, post: &Post) -> (DeliveryOutcome, i64) {
        let failed =
            |status: Option<i64>, error: &str| DeliveryOutcome::Failed { status, error: error.to_owned() };
        let quick_us = self.dice.between(1_000, 500_000);
        if !self.strikes(self.story.host.endpoint_ppm) {
            self.receive(post);
            self.checker.answered_2xx(post.delivery_id);
            return (DeliveryOutcome::Delivered { status: 200 }, quick_us);
        }
        self.tally.hit(24, None);
        match self.dice.below(4) {
            0 => (failed(None, "connection refused"), quick_us),
            1 => (failed(Some(500), "internal server error"), quick_us),
            2 => {
                self.receive(post);
                (failed(None, "answer lost"), 10 * SECOND_US)
            }
            _ => (failed(None, "no answer in time"), self.story.lease_us.saturating_add(30 * SECOND_US)),
        }
    }

    fn receive(&mut self, post: &Post) {
        self.checker.received(post);
        let count = self.sinks.received.entry((post.endpoint_id, post.event_id)).or_insert(0);
        *count = count.saturating_add(1);
    }

    pub(crate) fn post_answered(&mut self, answer: PostAnswer) {
        let PostAnswer { post, outcome } = answer;
        let command =
            TakeDeliveryOutcome { tenant_id: post.tenant_id, delivery_id: post.delivery_id, outcome };
        // Should this commit be lost, the lease ends and the event is sent again: at least once.
        let _taken = self.run(&command, Cause::of("delivery"));
    }
}

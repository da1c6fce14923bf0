//! The world of one seed: one thread, one queue, one clock that only the queue moves.

use crate::actors::Order;
use crate::checker::{Cause, Checker};
use crate::queue::{Happening, Planned, Queue};
use crate::seller::{Seller, Whose};
use crate::store::{Commit, Store};
use crate::story::{START_US, Story};
use crate::tally::{CHANNEL_FAULTS, Tally};
use crate::trace::Trace;
use crate::webhook::Sinks;
use std::collections::BTreeMap;
use tk_domain::channel_account::Method;
use tk_domain::command::Command;
use tk_domain::id::{AttemptId, ChannelAccountId, MerchantId, ProductId, TenantId};
use tk_domain::payment::PaymentStatus;
use tk_domain::refusal::Refusal;
use tk_simulator::core::Dice;

/// A tenant as the actors know it.
#[derive(Debug, Clone)]
pub(crate) struct Company {
    pub(crate) tenant_id: TenantId,
    pub(crate) merchants: Vec<MerchantId>,
    pub(crate) product_id: ProductId,
    /// What its contracts let a payer choose.
    pub(crate) methods: Vec<Method>,
}

/// Which part of the story runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Faults strike.
    Troubled,
    /// Faults have stopped.
    Healed,
}

/// Why a caller has no answer.
#[derive(Debug)]
pub(crate) enum Missed {
    /// An expected no.
    Refused(Refusal),
    /// Committed or not: the caller cannot know.
    AnswerLost,
    /// The host is down.
    Down,
}

/// Everything there is in the simulation of one seed.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) story: Story,
    pub(crate) dice: Dice,
    pub(crate) queue: Queue,
    /// True time.
    pub(crate) now_us: i64,
    /// What the host's clock shows beyond true time.
    pub(crate) skew_us: i64,
    pub(crate) life: u32,
    pub(crate) up: bool,
    pub(crate) phase: Phase,
    /// The present step is the last of this life: whatever is committed, nobody hears of it.
    pub(crate) dying: bool,
    pub(crate) crash_after: Option<u64>,
    pub(crate) horizon_us: i64,
    pub(crate) store: Store,
    pub(crate) companies: Vec<Company>,
    pub(crate) sellers: BTreeMap<ChannelAccountId, Seller>,
    pub(crate) orders: Vec<Order>,
    pub(crate) sinks: Sinks,
    pub(crate) checker: Checker,
    pub(crate) tally: Tally,
    pub(crate) trace: Trace,
    #[cfg(feature = "planted")]
    pub(crate) bug: Option<crate::planted::Bug>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(0x9E37_79B9).wrapping_add(17));
        let story = Story::draw(seed, &mut dice);
        let mut world = Self {
            seed,
            dice,
            queue: Queue::default(),
            now_us: START_US,
            skew_us: 0,
            life: 0,
            up: true,
            phase: Phase::Troubled,
            dying: false,
            crash_after: None,
            horizon_us: i64::MAX,
            store: Store::new(seed),
            companies: Vec::new(),
            sellers: BTreeMap::new(),
            orders: Vec::new(),
            sinks: Sinks::default(),
            checker: Checker::default(),
            tally: Tally::default(),
            trace: Trace::default(),
            story,
            #[cfg(feature = "planted")]
            bug: None,
        };
        world.set_up();
        world
    }

    /// What the host's clock shows.
    pub(crate) const fn host_us(&self) -> i64 {
        self.now_us.saturating_add(self.skew_us)
    }

    /// Plans something that happens outside the host.
    pub(crate) fn plan(&mut self, delay_us: i64, happening: Happening) {
        let at_us = self.now_us.saturating_add(delay_us.max(0));
        self.queue.plan(at_us, Planned { happening, life: None });
    }

    /// Plans something inside the host, lost when it dies; `at_us` is by the host's clock.
    pub(crate) fn plan_inside(&mut self, at_us: i64, happening: Happening) {
        let at_us = at_us.saturating_sub(self.skew_us).max(self.now_us);
        self.queue.plan(at_us, Planned { happening, life: Some(self.life) });
    }

    /// Runs the next happening; false when nothing remains.
    pub(crate) fn step(&mut self) -> bool {
        let Some((at_us, planned)) = self.queue.take() else { return false };
        if at_us > self.horizon_us {
            return false;
        }
        self.now_us = self.now_us.max(at_us);
        if planned.life.is_some_and(|life| life != self.life || !self.up) {
            return true;
        }
        self.tally.events += 1;
        let step = self.tally.events;
        self.checker.step = step;
        self.trace.note(step, self.now_us, planned.happening.word(), planned.happening.subject());
        self.dying = self.crash_after == Some(step);
        self.happen(planned.happening);
        self.maybe_crash();
        true
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Client { order, ask, tries } => self.client_asks(order, ask, tries),
            Happening::Payer { tenant_id, attempt_id, act, tries } => {
                self.payer_acts((tenant_id, attempt_id), act, tries);
            }
            Happening::Attack(attack) => self.attack(attack),
            Happening::Channel(account) => self.channel_wakes(account),
            Happening::Notice { account, notification } => self.take_notice(account, &notification),
            Happening::Acknowledge { account, notify_id } => self.acknowledge(account, &notify_id),
            Happening::CallArrives(flight) => self.call_arrives(*flight),
            Happening::Answer(answered) => self.answer_arrives(&answered),
            Happening::InstructionDue(tenant_id, id) => self.instruction_due((tenant_id, id)),
            Happening::DeliveryDue(tenant_id, id) => self.delivery_due((tenant_id, id)),
            Happening::PostArrives(post) => self.post_arrives(*post),
            Happening::PostAnswered(answer) => self.post_answered(*answer),
            Happening::ExpiryDue(tenant_id, id) => self.expiry_due(tenant_id, id),
            Happening::Restart => self.restart(),
            Happening::ClockJump => self.clock_jumps(),
            #[cfg(feature = "planted")]
            Happening::SecondHalf(half) => self.second_half(*half),
        }
    }

    /// Runs a command as the writer would: decide, commit, check, plan what the changed rows ask for.
    pub(crate) fn run<C: Command>(&mut self, command: &C, cause: Cause<'_>) -> Result<C::Reply, Missed> {
        if !self.up {
            return Err(Missed::Down);
        }
        let host_us = self.host_us();
        if self.strikes(self.story.host.conflict_ppm) {
            self.tally.hit(19, None);
            // A conflicting batch rolls back: what it decided is forgotten, and it is decided again.
            let _rolled_back = self.store.decide(command, host_us);
        }
        self.checker.declared_wants(&self.store, command, host_us);
        let decision = self.store.decide(command, host_us).map_err(Missed::Refused)?;
        let (reply, changes) = (decision.reply, decision.changes);
        let place = (command.tenant_id(), command.lane());
        #[cfg(feature = "planted")]
        let changes = self.spoil_changes(place, changes);
        match self.store.commit(place, changes, host_us) {
            Ok(commit) => self.committed(&commit, cause),
            Err(fault) => {
                self.checker.defect(&fault);
                return Err(Missed::AnswerLost);
            }
        }
        if self.dying {
            return Err(Missed::AnswerLost);
        }
        if self.strikes(self.story.host.commit_lost_ppm) {
            self.tally.hit(19, None);
            return Err(Missed::AnswerLost);
        }
        Ok(reply)
    }

    pub(crate) fn committed(&mut self, commit: &Commit, cause: Cause<'_>) {
        if commit.is_empty() {
            return;
        }
        self.tally.commits += 1;
        let host_us = self.host_us();
        self.checker.after_commit(&self.store.rows, commit, (cause, host_us), &self.sellers);
        if let Some(audit) = commit.appended.audits.last() {
            self.trace.feed(&audit.hash);
        }
        self.plan_from_rows(commit);
    }

    /// Whether a fault of this rate strikes now; never after healing.
    pub(crate) fn strikes(&mut self, rate_ppm: u32) -> bool {
        self.phase == Phase::Troubled && self.dice.happens(rate_ppm)
    }

    /// fault-25: whose new key the other side does not know now; never after healing.
    pub(crate) fn key_gap(&self, account: ChannelAccountId) -> Option<Whose> {
        let seller = self.sellers.get(&account).filter(|_| self.phase == Phase::Troubled)?;
        seller.key_gap(self.now_us)
    }

    pub(crate) fn status_of_attempt(&self, key: (TenantId, AttemptId)) -> Option<PaymentStatus> {
        let attempt = self.store.rows.attempts.get(&key)?;
        self.store.rows.payments.get(&(key.0, attempt.payment_id)).map(|payment| payment.status)
    }

    /// Does something with the channel, counts the faults that struck, and plans its next timer.
    pub(crate) fn with_seller<T>(
        &mut self,
        account: ChannelAccountId,
        status: Option<PaymentStatus>,
        act: impl FnOnce(&mut Seller, i64) -> T,
    ) -> Option<T> {
        let now_us = self.now_us;
        let seller = self.sellers.get_mut(&account)?;
        let (channel, before) = (seller.channel, seller.counts());
        let result = act(seller, now_us);
        let after = seller.counts();
        for ((old, new), (_, number)) in before.iter().zip(after).zip(CHANNEL_FAULTS) {
            for _ in *old..new {
                self.tally.hit_at(channel, number, status);
            }
        }
        self.plan_channel(account);
        Some(result)
    }

    pub(crate) fn plan_channel(&mut self, account: ChannelAccountId) {
        let now_us = self.now_us;
        let Some(seller) = self.sellers.get_mut(&account) else { return };
        let Some(due_us) = seller.next_due_us() else { return };
        let due_us = due_us.max(now_us);
        if seller.wake_us.is_some_and(|wake_us| wake_us <= due_us) {
            return;
        }
        seller.wake_us = Some(due_us);
        self.queue.plan(due_us, Planned { happening: Happening::Channel(account), life: None });
    }
}

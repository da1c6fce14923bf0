//! Counts: what was simulated, which faults struck, and in which state they found the payment.

use std::collections::BTreeMap;
use tk_domain::channel_account::Channel;
use tk_domain::payment::PaymentStatus;
use tk_simulator::core::{FaultCounters, FaultKind};

/// Payment states, and a place for "no payment concerned".
const STATES: usize = 9;

/// Counts of one run or of many.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) payments: u64,
    pub(crate) refunds: u64,
    pub(crate) events: u64,
    pub(crate) commits: u64,
    pub(crate) crash_points: u64,
    pub(crate) webhooks_delivered: u64,
    pub(crate) webhooks_dead: u64,
    pub(crate) forged_refused: u64,
    pub(crate) found_by_bill: u64,
    pub(crate) manual: u64,
    pub(crate) duplicates: u64,
    pub(crate) late_successes: u64,
    pub(crate) late_refunds: u64,
    pub(crate) shares: u64,
    pub(crate) shares_by_channel: u64,
    pub(crate) shares_back: u64,
    pub(crate) shares_with_refunds: u64,
    pub(crate) shares_kept: u64,
    pub(crate) shares_given_up: u64,
    pub(crate) undone: u64,
    pub(crate) switched: u64,
    pub(crate) fen_lost: i64,
    pub(crate) fen_created: i64,
    pub(crate) fen_unexplained: i64,
    hits: BTreeMap<(u8, u8), u64>,
    /// What was done in the hall.
    hall: BTreeMap<&'static str, u64>,
    /// By channel: faults, and what else is counted there.
    channels: BTreeMap<(&'static str, Counted), u64>,
}

/// What is counted per channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counted {
    Attempts,
    Paid,
    RefundsDone,
    Fault(u8),
}

impl Tally {
    pub(crate) fn hit(&mut self, fault: u8, status: Option<PaymentStatus>) {
        let state = status.map_or(STATES - 1, state_index);
        let state = u8::try_from(state).unwrap_or(u8::MAX);
        let count = self.hits.entry((fault, state)).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// A fault of, or on the way to, a channel.
    pub(crate) fn hit_at(&mut self, channel: Channel, fault: u8, status: Option<PaymentStatus>) {
        self.hit(fault, status);
        self.count(channel, Counted::Fault(fault));
    }

    pub(crate) fn count(&mut self, channel: Channel, what: Counted) {
        *self.channels.entry((channel.word(), what)).or_insert(0) += 1;
    }

    /// Something was done in the hall.
    pub(crate) fn sees(&mut self, what: &'static str) {
        *self.hall.entry(what).or_insert(0) += 1;
    }

    pub(crate) fn hall(&self) -> BTreeMap<String, u64> {
        self.hall.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect()
    }

    /// What a repetition of a story adds to the counts: its crash point and its differences.
    pub(crate) fn of_crash_point(&self) -> Self {
        Self {
            crash_points: 1,
            fen_lost: self.fen_lost,
            fen_created: self.fen_created,
            fen_unexplained: self.fen_unexplained,
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.payments += other.payments;
        self.refunds += other.refunds;
        self.events += other.events;
        self.commits += other.commits;
        self.crash_points += other.crash_points;
        self.webhooks_delivered += other.webhooks_delivered;
        self.webhooks_dead += other.webhooks_dead;
        self.forged_refused += other.forged_refused;
        self.found_by_bill += other.found_by_bill;
        self.manual += other.manual;
        self.duplicates += other.duplicates;
        self.late_successes += other.late_successes;
        self.late_refunds += other.late_refunds;
        self.shares += other.shares;
        self.shares_by_channel += other.shares_by_channel;
        self.shares_back += other.shares_back;
        self.shares_with_refunds += other.shares_with_refunds;
        self.shares_kept += other.shares_kept;
        self.shares_given_up += other.shares_given_up;
        self.undone += other.undone;
        self.fen_lost += other.fen_lost;
        self.fen_created += other.fen_created;
        self.fen_unexplained += other.fen_unexplained;
        for (place, count) in &other.channels {
            *self.channels.entry(*place).or_insert(0) += count;
        }
        for (what, count) in &other.hall {
            *self.hall.entry(what).or_insert(0) += count;
        }
        self.switched += other.switched;
        for (place, count) in &other.hits {
            *self.hits.entry(*place).or_insert(0) += count;
        }
    }

    pub(crate) fn faults(&self) -> BTreeMap<String, u64> {
        let mut sums = BTreeMap::new();
        for ((fault, _), count) in &self.hits {
            *sums.entry(format!("fault-{fault}")).or_insert(0) += count;
        }
        sums
    }

    /// Per channel: attempts, payments, refunds done, and each fault.
    pub(crate) fn by_channel(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let mut matrix: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((channel, what), count) in &self.channels {
            let word = match what {
                Counted::Attempts => "attempts".to_owned(),
                Counted::Paid => "paid".to_owned(),
                Counted::RefundsDone => "refunds_done".to_owned(),
                Counted::Fault(number) => format!("fault-{number}"),
            };
            matrix.entry((*channel).to_owned()).or_default().insert(word, *count);
        }
        matrix
    }

    pub(crate) fn coverage(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let mut matrix: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((fault, state), count) in &self.hits {
            let row = matrix.entry(format!("fault-{fault}")).or_default();
            *row.entry(state_word(usize::from(*state)).to_owned()).or_insert(0) += count;
        }
        matrix
    }
}

fn state_index(status: PaymentStatus) -> usize {
    PaymentStatus::ALL.iter().position(|one| *one == status).unwrap_or(STATES - 1)
}

fn state_word(index: usize) -> &'static str {
    PaymentStatus::ALL.get(index).map_or("no_payment", |status| status.word())
}

/// Every kind counted by the channel, with its number.
pub(crate) const CHANNEL_FAULTS: [(FaultKind, u8); 12] = [
    (FaultKind::LostBefore, 1),
    (FaultKind::AnswerLost, 2),
    (FaultKind::LateEffect, 3),
    (FaultKind::Unreadable, 4),
    (FaultKind::Duplicated, 5),
    (FaultKind::Reordered, 6),
    (FaultKind::NotifyLate, 7),
    (FaultKind::WrongContent, 8),
    (FaultKind::Forged, 9),
    (FaultKind::Lie, 10),
    (FaultKind::Trouble, 11),
    (FaultKind::NoCap, 12),
];

/// The channel's counters as numbers, to be compared before and after a call.
pub(crate) fn channel_counts(counters: &FaultCounters) -> [u64; 12] {
    let mut counts = [0; 12];
    for (slot, (kind, _)) in counts.iter_mut().zip(CHANNEL_FAULTS) {
        *slot = counters.of(kind);
    }
    counts
}

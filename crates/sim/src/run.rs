//! Running seeds, and what is told about them.

use crate::desk::Desk;
use crate::hall::Hall;
use crate::tally::Tally;
use crate::world::World;
use serde::Serialize;
use std::collections::BTreeMap;

/// Crash points of one seed that a sweep tries at most; longer stories are strided.
const SWEEP_POINTS_MAX: u64 = 400;
/// Broken invariants that are told in full.
const VIOLATIONS_MAX: usize = 20;

/// Which seeds to run and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many seeds.
    pub seeds: u64,
    /// The first seed.
    pub start: u64,
    /// For how many of them every crash point is tried.
    pub sweep: u64,
    /// Whether the planted bugs are run too, where they are built in.
    pub planted: bool,
}

/// A broken invariant, with how to see it again.
#[derive(Debug, Clone, Serialize)]
pub struct Violation {
    /// The seed.
    pub seed: u64,
    /// The crash point, if a sweep found it.
    pub crash_after: Option<u64>,
    /// The step within the seed.
    pub step: u64,
    /// Which invariant.
    pub invariant: String,
    /// What was seen.
    pub text: String,
    /// The last forty steps.
    pub last_steps: Vec<String>,
    /// The command that runs it again.
    pub replay: String,
}

/// A planted bug and when it was caught.
#[derive(Debug, Clone, Serialize)]
pub struct Catch {
    /// The bug.
    pub bug: String,
    /// Seeds or crash points run until it was caught; none if it was not.
    pub caught_after: Option<u64>,
    /// The invariant that caught it.
    pub invariant: Option<String>,
}

/// What came of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Seeds run.
    pub seeds: u64,
    /// The first of them.
    pub start: u64,
    /// Payments created.
    pub payments: u64,
    /// Refunds created by order systems.
    pub refunds: u64,
    /// Events simulated.
    pub events: u64,
    /// Commits made.
    pub commits: u64,
    /// Faults that struck, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Crash points tried by the sweep.
    pub crash_points: u64,
    /// Webhooks answered with 2xx.
    pub webhooks_delivered: u64,
    /// Webhooks given up.
    pub webhooks_dead: u64,
    /// Forged notifications refused.
    pub forged_refused: u64,
    /// Differences that only the bill showed.
    pub found_by_bill: u64,
    /// Payments and refunds left to a person.
    pub manual: u64,
    /// Successes beyond the one that counts.
    pub duplicates: u64,
    /// Successes after the end.
    pub late_successes: u64,
    /// Refunds done after they had failed or been withdrawn.
    pub late_refunds: u64,
    /// Shares of collected payments.
    pub shares: u64,
    /// Those of them that a channel paid.
    pub shares_by_channel: u64,
    /// Shares that came back by calls of their own.
    pub shares_back: u64,
    /// Shares that came back with their refunds.
    pub shares_with_refunds: u64,
    /// Shares that their receivers kept although the refund was done.
    pub shares_kept: u64,
    /// Splits and returns of shares that two persons gave up and the channel's answer ended.
    pub shares_given_up: u64,
    /// Payments that a cancel at the channel gave back.
    pub undone: u64,
    /// Money that the channel has and the books have not, minor units.
    pub fen_lost: i64,
    /// Money that the books have and the channel has not, minor units.
    pub fen_created: i64,
    /// Differences that no listed matter explains, minor units.
    pub fen_unexplained: i64,
    /// How many seeds broke an invariant.
    pub failing_seeds: u64,
    /// The first of the broken invariants.
    pub violations: Vec<Violation>,
    /// How often each fault found a payment in each state.
    pub coverage: BTreeMap<String, BTreeMap<String, u64>>,
    /// Per channel: attempts, payments, refunds done, and how often each fault struck.
    pub channels: BTreeMap<String, BTreeMap<String, u64>>,
    /// Payments whose payer went on at another channel while the first attempt was not over.
    pub switched: u64,
    /// What was done in the hall: takings, voids, draws, cheques and the rest.
    pub hall: BTreeMap<String, u64>,
    /// Planted bugs built in.
    pub planted: u64,
    /// Planted bugs caught.
    pub planted_caught: u64,
    /// Each planted bug.
    pub catches: Vec<Catch>,
}

impl Summary {
    /// Whether no invariant was broken, no fen is missing and every planted bug was caught.
    #[must_use]
    pub fn good(&self) -> bool {
        self.failing_seeds == 0
            && self.fen_lost == 0
            && self.fen_created == 0
            && self.fen_unexplained == 0
            && self.planted_caught == self.planted
    }
}

/// What one seed came to.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) tally: Tally,
    pub(crate) hash: u64,
    pub(crate) violations: Vec<Violation>,
}

/// Runs the seeds, the sweep, and the planted bugs where they are built in.
#[must_use]
pub fn run(options: &Options) -> Summary {
    let mut summary = Summary { seeds: options.seeds, start: options.start, ..Summary::default() };
    let mut total = Tally::default();
    for number in 0..options.seeds {
        let seed = options.start.wrapping_add(number);
        let told = run_seed(seed, None);
        let events = told.tally.events;
        summary.take(told, &mut total);
        if number < options.sweep {
            sweep_seed(seed, events, &mut summary, &mut total);
        }
    }
    summary.count(&total);
    #[cfg(feature = "planted")]
    if options.planted && summary.failing_seeds == 0 {
        summary.catches = crate::planted::catch_all(options.start);
        summary.planted = u64::try_from(summary.catches.len()).unwrap_or(0);
        let caught = summary.catches.iter().filter(|one| one.caught_after.is_some()).count();
        summary.planted_caught = u64::try_from(caught).unwrap_or(0);
    }
    summary
}

/// The trace hash of one seed: the same whenever and wherever it runs.
#[must_use]
pub fn trace_hash(seed: u64) -> u64 {
    run_seed(seed, None).hash
}

/// Crashes after event 1, 2, 3 … of a seed that takes so many.
fn sweep_seed(seed: u64, events: u64, summary: &mut Summary, total: &mut Tally) {
    for point in sweep_points(events) {
        let told = run_seed(seed, Some(point));
        let broken = !told.violations.is_empty();
        // Only the crash counts: the story itself was counted when it ran without.
        let counted = told.tally.of_crash_point();
        summary.take(Told { tally: counted, ..told }, total);
        if broken {
            return;
        }
    }
}

/// Every event of a short story; of a long one as many, evenly spread.
pub(crate) fn sweep_points(events: u64) -> impl Iterator<Item = u64> {
    let stride = events.div_ceil(SWEEP_POINTS_MAX).max(1);
    (1..=events).step_by(usize::try_from(stride).unwrap_or(1))
}

pub(crate) fn run_seed(seed: u64, crash_after: Option<u64>) -> Told {
    let mut world = World::new(seed);
    world.crash_after = crash_after;
    world.live();
    let mut told = tell(world);
    // A crash after a given event is a crash of the first part, and of the hall after as many commits; the desk has deaths
    // of its own.
    if let Some(mut desk) = Desk::new(seed).filter(|_| crash_after.is_none()) {
        desk.live();
        let (tally, violations) = desk.told();
        told.tally.add(&tally);
        told.violations.extend(violations);
    }
    if let Some(mut hall) = Hall::new(seed) {
        hall.dies_after(crash_after);
        hall.live();
        let (tally, violations, hash) = hall.told();
        told.tally.add(&tally);
        told.violations.extend(violations);
        told.hash = told.hash.rotate_left(1) ^ hash;
    }
    told
}

pub(crate) fn tell(world: World) -> Told {
    let last_steps = if world.fine() { Vec::new() } else { world.trace.last_lines() };
    let violations = world
        .checker
        .broken
        .iter()
        .map(|broken| Violation {
            seed: world.seed,
            crash_after: world.crash_after,
            step: broken.step,
            invariant: broken.invariant.to_owned(),
            text: broken.text.clone(),
            last_steps: last_steps.clone(),
            replay: replay(world.seed, world.crash_after),
        })
        .collect();
    Told { hash: world.trace.hash(), tally: world.tally, violations }
}

fn replay(seed: u64, crash_after: Option<u64>) -> String {
    let sweep = if crash_after.is_some() { " --sweep 1" } else { "" };
    format!("./x simulate --start {seed} --seeds 1{sweep}")
}

impl Summary {
    fn take(&mut self, told: Told, total: &mut Tally) {
        total.add(&told.tally);
        self.failing_seeds += u64::from(!told.violations.is_empty());
        let room = VIOLATIONS_MAX.saturating_sub(self.violations.len());
        self.violations.extend(told.violations.into_iter().take(room));
    }

    fn count(&mut self, total: &Tally) {
        self.payments = total.payments;
        self.refunds = total.refunds;
        self.events = total.events;
        self.commits = total.commits;
        self.crash_points = total.crash_points;
        self.webhooks_delivered = total.webhooks_delivered;
        self.webhooks_dead = total.webhooks_dead;
        self.forged_refused = total.forged_refused;
        self.found_by_bill = total.found_by_bill;
        self.manual = total.manual;
        self.duplicates = total.duplicates;
        self.late_successes = total.late_successes;
        self.late_refunds = total.late_refunds;
        self.shares = total.shares;
        self.shares_by_channel = total.shares_by_channel;
        self.shares_back = total.shares_back;
        self.shares_with_refunds = total.shares_with_refunds;
        self.shares_kept = total.shares_kept;
        self.shares_given_up = total.shares_given_up;
        self.undone = total.undone;
        self.fen_lost = total.fen_lost;
        self.fen_created = total.fen_created;
        self.fen_unexplained = total.fen_unexplained;
        self.faults = total.faults();
        self.coverage = total.coverage();
        self.channels = total.by_channel();
        self.switched = total.switched;
        self.hall = total.hall();
    }
}

//! The bank's part of a seed: payers who transfer, a direct link that brings statements, and the desk that matches them.
//!
//! It has a store, a clock and a checker of its own, for a bank is not told of orders: nothing but the remark of a
//! transfer says whose money it is. Statements are the simulator's own bytes, read by the adapter's own functions; the
//! process may die after any commit, and an answer may come after a later one.

mod check;
mod link;
mod matching;
mod payers;
pub(crate) mod setup;
#[cfg(feature = "planted")]
mod spoilt;

use crate::agenda::Agenda;
use crate::checker::Broken;
use crate::run::Violation;
use crate::store::Store;
use crate::tally::Tally;
use payers::Wanted;
use setup::{ACCOUNT, own};
use tk_channels::bank::Link;
use tk_channels::bank::call::Answer;
use tk_domain::bank_link::Asking;
use tk_domain::command::Command;
use tk_domain::moment::{DAY_US, HOUR_US};
use tk_simulator::bank::{Bank, FileFormat, Habits};
use tk_simulator::core::Dice;

/// How long after the last trouble the world is given to come to rest: late items are shown a day later, and final
/// statements come a day after that.
const REST_US: i64 = 5 * DAY_US;
/// At most so many happenings of one story.
const STEPS_MAX: usize = 200_000;

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// An order system makes a payment, and its payer is shown a code.
    Order(usize),
    /// Its payer transfers.
    Pay(usize),
    /// The order system closes it.
    Close(usize),
    /// The bank may be due to be asked.
    Pull,
}

/// Everything there is in this part.
#[derive(Debug)]
pub(crate) struct Desk {
    seed: u64,
    dice: Dice,
    now_us: i64,
    agenda: Agenda<Act>,
    store: Store,
    bank: Bank,
    format: FileFormat,
    link: Link,
    orders: Vec<Wanted>,
    troubled: bool,
    trouble_ppm: u32,
    crash_ppm: u32,
    /// The file that the bank gave before.
    given: Vec<u8>,
    /// An answer that is still under way while another is asked for.
    under_way: Option<(Asking, Answer)>,
    broken: Vec<Broken>,
    steps: u64,
    tally: Tally,
    #[cfg(feature = "planted")]
    bug: Option<crate::planted::Bug>,
    /// The file asked for last had its rows doubled.
    #[cfg(feature = "planted")]
    doubled: bool,
}

/// The process died: what it had not committed is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Died;

impl Desk {
    /// The whole story: trouble, healing, rest, and the last check.
    pub(crate) fn live(&mut self) {
        let troubled_until_us = self.now_us.saturating_add(4 * DAY_US);
        self.run_until(troubled_until_us);
        self.troubled = false;
        self.bank.habits = Habits { numberless: self.bank.habits.numberless, ..Habits::default() };
        self.under_way = None;
        if self.bank.arrive(ACCOUNT, (&own(), 1_000), "interest", self.now_us).is_err() {
            self.violation("desk", "the bank pays no interest".to_owned());
        }
        self.plan(self.now_us, Act::Pull);
        self.run_until(troubled_until_us.saturating_add(REST_US));
        if self.broken.is_empty() {
            self.check_at_the_end();
        }
    }

    /// What came of it.
    pub(crate) fn told(self) -> (Tally, Vec<Violation>) {
        let replay = format!("./x simulate --start {} --seeds 1", self.seed);
        let violation = |broken: Broken| Violation {
            seed: self.seed,
            crash_after: None,
            step: broken.step,
            invariant: broken.invariant.to_owned(),
            text: broken.text,
            last_steps: Vec::new(),
            replay: replay.clone(),
        };
        (self.tally, self.broken.into_iter().map(violation).collect())
    }

    fn plan(&mut self, at_us: i64, act: Act) {
        self.agenda.plan(at_us.max(self.now_us), act);
    }

    fn run_until(&mut self, end_us: i64) {
        for _ in 0..STEPS_MAX {
            let Some((at_us, act)) = self.agenda.take(end_us) else { break };
            self.now_us = self.now_us.max(at_us);
            self.steps = self.steps.saturating_add(1);
            self.tally.events += 1;
            match act {
                Act::Order(order) => self.make_order(order),
                Act::Pay(order) => self.pay(order),
                Act::Close(order) => self.close(order),
                Act::Pull => self.pull(),
            }
            if !self.broken.is_empty() {
                return;
            }
        }
        self.now_us = self.now_us.max(end_us);
    }

    /// Runs a command as the writer would; nothing where it is refused.
    fn run<C: Command>(&mut self, command: &C) -> Option<C::Reply> {
        let decision = self.store.decide(command, self.now_us).ok()?;
        let place = (command.tenant_id(), command.lane());
        match self.store.commit(place, decision.changes, self.now_us) {
            Ok(commit) => {
                self.tally.commits += u64::from(!commit.is_empty());
                self.check_commit(&commit);
                Some(decision.reply)
            }
            Err(fault) => {
                self.violation("inv-04", format!("the store refused a decision: {fault:?}"));
                None
            }
        }
    }

    /// fault-17: the process may die after any commit; whoever takes over comes when the lease is over.
    fn survives(&mut self) -> Result<(), Died> {
        if self.strikes(self.crash_ppm) {
            self.tally.hit(17, None);
            self.plan(self.now_us.saturating_add(HOUR_US / 4), Act::Pull);
            return Err(Died);
        }
        Ok(())
    }

    /// Trouble begins after the first statement: that one has nothing to follow on, so nothing could tell what it lacks.
    fn strikes(&mut self, rate_ppm: u32) -> bool {
        let begun = self.store.rows.bank_statements.iter().next().is_some();
        self.troubled && begun && self.dice.happens(rate_ppm)
    }

    fn violation(&mut self, invariant: &'static str, text: String) {
        self.broken.push(Broken { step: self.steps, invariant, text });
    }

    fn require(&mut self, holds: bool, invariant: &'static str, text: impl FnOnce() -> String) {
        if !holds {
            self.violation(invariant, text());
        }
    }

    #[cfg(feature = "planted")]
    fn has(&self, bug: crate::planted::Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Plants a bug.
    #[cfg(feature = "planted")]
    pub(crate) fn plant(&mut self, bug: crate::planted::Bug) {
        self.bug = Some(bug);
    }
}

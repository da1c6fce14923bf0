//! The hall's part of a seed: a hospital's counters, its patients' deposits, and cheques.
//!
//! Like the desk it has a store, a clock and truth books of its own: the cash that is really in each drawer, in the vault and
//! on its way to the bank, what card terminals owe, and what the bank has of each cheque. Whoever gets no answer asks again
//! under the same key; money changes hands in the hall before it is in the books, or after.

mod act;
mod cash;
mod check;
mod cheques;
mod identity;
mod refunds;
mod setup;
#[cfg(feature = "planted")]
mod spoilt;
mod statement;
mod takings;
mod truth;
mod wallets;
mod wards;

use crate::agenda::Agenda;
use crate::checker::Checker;
use crate::run::Violation;
use crate::store::Store;
use crate::tally::Tally;
use crate::trace::Trace;
use crate::world::Missed;
use act::Act;
use cheques::Paper;
use identity::Proof;
use refunds::{HandBack, WantedRefund};
use setup::TENANT;
use takings::Visit;
use tk_domain::command::Command;
use tk_domain::id::{AppId, Id128, RequestId};
use tk_domain::idempotency::{Idempotent, Once, RecordedAnswer};
use tk_domain::key::IdempotencyName;
use tk_domain::moment::{DAY_US, MINUTE_US};
use tk_simulator::bank::Bank;
use tk_simulator::core::Dice;
use truth::Truth;
use wallets::Purse;
use wards::Stay;

/// How long faults strike.
const TROUBLED_DAYS: i64 = 2;
/// How long the counters are open in all.
const DAYS: i64 = 3;
/// How long afterwards the bank is still listened to.
const REST_DAYS: i64 = 3;
/// At most so many happenings of one story.
const STEPS_MAX: usize = 20_000;

/// How often the host fails, parts per million of requests.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "each is in parts per million")]
struct HostRates {
    /// fault-17: it dies before the commit.
    down_ppm: u32,
    /// fault-17, fault-19: it dies after the commit, or the answer is lost.
    lost_ppm: u32,
    /// fault-19: the batch conflicts and is decided again.
    conflict_ppm: u32,
    /// fault-23: the same request comes more than once.
    repeat_ppm: u32,
}

/// Everything there is in this part.
#[derive(Debug)]
pub(crate) struct Hall {
    seed: u64,
    dice: Dice,
    start_us: i64,
    now_us: i64,
    agenda: Agenda<Act>,
    store: Store,
    checker: Checker,
    truth: Truth,
    bank: Bank,
    visits: Vec<Visit>,
    papers: Vec<Paper>,
    purses: Vec<Purse>,
    /// A worker's next look at the wallet is planned.
    wallet_waits: bool,
    stays: Vec<Stay>,
    refunds: Vec<WantedRefund>,
    hand_backs: Vec<HandBack>,
    proofs: Vec<Proof>,
    /// Whether the hospital wants to know who pays much.
    known_payers: bool,
    troubled: bool,
    host: HostRates,
    /// The process dies after this commit, whatever the rates say.
    die_after: Option<u64>,
    steps: u64,
    /// The command that ran last.
    last: &'static str,
    tally: Tally,
    trace: Trace,
    #[cfg(feature = "planted")]
    bug: Option<crate::planted::Bug>,
}

impl Hall {
    /// The whole story: trouble, calm days, rest, and the last check.
    pub(crate) fn live(&mut self) {
        self.run_until(self.start_us.saturating_add(TROUBLED_DAYS * DAY_US));
        self.troubled = false;
        self.die_after = None;
        self.run_until(self.start_us.saturating_add((DAYS + REST_DAYS) * DAY_US));
        if self.checker.broken.is_empty() {
            self.check_at_the_end();
        }
    }

    /// What came of it, and the hash over all that happened.
    pub(crate) fn told(self) -> (Tally, Vec<Violation>, u64) {
        let (replay, lines) =
            (format!("./x simulate --start {} --seeds 1", self.seed), self.trace.last_lines());
        let broken = self.checker.broken.into_iter().map(|broken| Violation {
            seed: self.seed,
            crash_after: None,
            step: broken.step,
            invariant: broken.invariant.to_owned(),
            text: broken.text,
            last_steps: lines.clone(),
            replay: replay.clone(),
        });
        (self.tally, broken.collect(), self.trace.hash())
    }

    fn plan(&mut self, at_us: i64, act: Act) {
        self.agenda.plan(at_us.max(self.now_us), act);
    }

    fn plan_in(&mut self, (low_us, high_us): (i64, i64), act: Act) {
        let delay_us = self.dice.between(low_us, high_us);
        self.plan(self.now_us.saturating_add(delay_us), act);
    }

    fn run_until(&mut self, end_us: i64) {
        for _ in 0..STEPS_MAX {
            let Some((at_us, act)) = self.agenda.take(end_us) else { break };
            self.now_us = self.now_us.max(at_us);
            self.steps = self.steps.saturating_add(1);
            self.tally.events += 1;
            self.checker.step = self.steps;
            self.trace.note(self.steps, self.now_us, act.word(), Id128::default());
            match self.does(act) {
                Ok(()) => {}
                // Nobody knows whether it was done: the same request again, under the same key.
                Err(Missed::AnswerLost | Missed::Down) => self.plan_in((MINUTE_US, 5 * MINUTE_US), act),
                Err(Missed::Refused(refusal)) => {
                    let text = format!("{}: {} was refused: {refusal:?}", act.word(), self.last);
                    self.checker.violation("hall", text);
                }
            }
            if !self.checker.broken.is_empty() {
                return;
            }
        }
        self.now_us = self.now_us.max(end_us);
    }

    fn does(&mut self, act: Act) -> Result<(), Missed> {
        match act {
            Act::OpenShift { counter, day } => self.open_shift(counter, day),
            Act::CloseShift { counter, day } => self.close_shift(counter, day),
            Act::CloseDay { counter, day } => self.close_day(counter, day),
            Act::CarryCash { counter, day } => self.carry_cash(counter, day),
            Act::Counted(carried) => {
                self.bank_counts(carried);
                Ok(())
            }
            Act::Order(visit) => self.order(visit),
            Act::Scan(visit) => self.scan(visit),
            Act::WalletPays(purse) => {
                self.wallet_pays(purse);
                Ok(())
            }
            Act::WalletTells(purse) => self.wallet_tells(purse),
            Act::Wallet => {
                self.speak_with_wallet();
                Ok(())
            }
            Act::Take(visit) => self.take(visit),
            Act::AskVoid(visit) => self.ask_void(visit),
            Act::DecideVoid(visit) => self.decide_void(visit),
            Act::Refund(wanted) => self.refund(wanted),
            Act::LookForRefunds => {
                self.look_for_refunds();
                Ok(())
            }
            Act::HandBack(index) => self.hand_back(index),
            Act::Draw { stay, number } => self.draw(stay, number),
            Act::UndoDraw { stay, number } => self.undo_draw(stay, number),
            Act::Discharge(stay) => {
                self.discharge(stay);
                Ok(())
            }
            Act::Present(paper) => self.present(paper),
            Act::Withdraw(paper) => self.withdraw(paper),
            Act::Credited(paper) => {
                self.bank_credits(paper);
                Ok(())
            }
            Act::TakenBack(paper) => {
                self.bank_takes_back(paper);
                Ok(())
            }
            Act::SayCleared(paper) => self.say_cleared(paper),
            Act::AgreeCleared(paper) => self.agree_cleared(paper),
            Act::Bounce(paper) => self.bounce(paper),
            Act::Prove(proof) => self.prove(proof),
            Act::AskProvider(proof) => self.ask_provider(proof),
            Act::Statement => self.statement(),
        }
    }

    /// A request under its key, sent once or more than once; what it made is read from the rows.
    fn ask<C>(&mut self, command: &C, key: &str) -> Result<(), Missed>
    where
        C: Command + Clone,
        C::Reply: Clone + std::fmt::Debug,
    {
        let mut times = 1;
        if self.strikes(self.host.repeat_ppm) {
            self.tally.hit(23, None);
            times = 2;
        }
        let mut answered: Option<RecordedAnswer> = None;
        for _ in 0..times {
            let once = once(command, (key, times > 1));
            let commits = self.tally.commits;
            let answer = match self.run(&once)? {
                Idempotent::Fresh { answer, .. } => answer,
                Idempotent::Replayed(answer) => {
                    self.checker.replayed(self.tally.commits == commits);
                    Some(answer)
                }
            };
            let Some(answer) = answer else { continue };
            self.checker.answered_once(&once.name, &answer, answered.as_ref());
            answered = Some(answer);
        }
        Ok(())
    }

    /// Runs a command as the writer would.
    fn run<C: Command>(&mut self, command: &C) -> Result<C::Reply, Missed> {
        self.last = std::any::type_name::<C>();
        if self.strikes(self.host.down_ppm) {
            self.tally.hit(17, None);
            return Err(Missed::Down);
        }
        if self.strikes(self.host.conflict_ppm) {
            self.tally.hit(19, None);
            let _rolled_back = self.store.decide(command, self.now_us);
        }
        self.checker.declared_wants(&self.store, command, self.now_us);
        let decision = self.store.decide(command, self.now_us).map_err(Missed::Refused)?;
        let place = (command.tenant_id(), command.lane());
        #[cfg(feature = "planted")]
        let decision = tk_domain::decision::Decision::new(decision.reply, self.spoil(decision.changes));
        match self.store.commit(place, decision.changes, self.now_us) {
            Ok(commit) => {
                self.tally.commits += u64::from(!commit.is_empty());
                self.check_commit(&commit);
            }
            Err(fault) => {
                self.checker.defect(&fault);
                return Err(Missed::AnswerLost);
            }
        }
        let dies = self.die_after == Some(self.tally.commits);
        if dies || self.strikes(self.host.lost_ppm) {
            self.die_after = self.die_after.filter(|_| !dies);
            self.tally.hit(if dies { 17 } else { 19 }, None);
            return Err(Missed::AnswerLost);
        }
        Ok(decision.reply)
    }

    fn strikes(&mut self, rate_ppm: u32) -> bool {
        self.troubled && self.dice.happens(rate_ppm)
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

    /// The process dies after this commit.
    pub(crate) fn dies_after(&mut self, commit: Option<u64>) {
        self.die_after = commit;
    }
}

/// The answer is kept in full where it will be compared.
fn once<C>(command: &C, (key, repeated): (&str, bool)) -> Once<C>
where
    C: Command + Clone,
    C::Reply: Clone + std::fmt::Debug,
{
    Once {
        command: command.clone(),
        name: IdempotencyName { tenant_id: TENANT, app_id: AppId(Id128([27; 16])), key: key.to_owned() },
        fingerprint: key.as_bytes().to_vec(),
        request_id: RequestId(Id128([28; 16])),
        render: std::sync::Arc::new(move |reply, _| {
            let body = if repeated { format!("{reply:?}") } else { "done".to_owned() };
            Some(RecordedAnswer { status: 200, body })
        }),
    }
}

/// A refusal that is expected here is an answer like any other.
fn or_refused(outcome: Result<(), Missed>) -> Result<bool, Missed> {
    match outcome {
        Ok(()) => Ok(true),
        Err(Missed::Refused(_)) => Ok(false),
        Err(missed @ (Missed::AnswerLost | Missed::Down)) => Err(missed),
    }
}

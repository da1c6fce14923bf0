//! Planted bugs: what others got wrong, wrapped around the commands. Each must be caught.

mod bugs;
mod channels;
mod desk;
mod hall;
mod lost;
mod parts;
mod refunds;
mod shares;

pub(crate) use bugs::Bug;

use crate::flight::{Flight, Report};
use crate::queue::Happening;
use crate::run::{Catch, Violation, sweep_points, tell};
use crate::seller::Notification;
use crate::world::World;
use tk_domain::command::LaneKind;
use tk_domain::decision::{Change, Changes};
use tk_domain::id::{AttemptId, ChannelAccountId, EntryId, TenantId, TypedId};
use tk_domain::instruction::InstructionKind;
use tk_domain::ledger::EntryKind;
use tk_domain::moment::Moment;
use tk_domain::payment::{AttemptStatus, ClosePayment, Disposition, PaymentStatus};
use tk_domain::refund::{CreateRefund, RefundState};
use tk_domain::report::{PaymentFinding, PaymentReport};
use tk_domain::webhook::{Delivery, DeliveryOutcome, TakeDeliveryOutcome};
use tk_money::Amount;

/// What remains to be written after the first of two transactions, or the notice acknowledged too early.
#[derive(Debug)]
pub(crate) enum SecondHalf {
    Changes((TenantId, LaneKind), Changes),
    Notice(ChannelAccountId, Box<Notification>),
}

/// Seeds that a bug may need at most.
const SEEDS_MAX: u64 = 3_000;

/// Runs every bug until it is caught.
pub(crate) fn catch_all(start: u64) -> Vec<Catch> {
    Bug::ALL.iter().map(|(bug, word)| catch(*bug, word, start)).collect()
}

fn catch(bug: Bug, word: &str, start: u64) -> Catch {
    let found = if bug == Bug::TwoTransactions { by_sweep(bug, start) } else { by_seeds(bug, start) };
    let (caught_after, invariant) = found.unzip();
    Catch { bug: word.to_owned(), caught_after, invariant }
}

fn by_seeds(bug: Bug, start: u64) -> Option<(u64, String)> {
    (0..SEEDS_MAX).find_map(|number| {
        let broken = run_with(bug, start.wrapping_add(number), None).0.into_iter().next()?;
        Some((number.saturating_add(1), broken.invariant))
    })
}

/// Random crashes rarely fall between two transactions; a crash after every single event does.
fn by_sweep(bug: Bug, start: u64) -> Option<(u64, String)> {
    let mut runs = 0_u64;
    for seed in (0..20).map(|number| start.wrapping_add(number)) {
        let (broken, events) = run_with(bug, seed, None);
        if !broken.is_empty() {
            continue;
        }
        for point in sweep_points(events) {
            runs = runs.saturating_add(1);
            if let Some(broken) = run_with(bug, seed, Some(point)).0.into_iter().next() {
                return Some((runs, broken.invariant));
            }
        }
    }
    None
}

fn run_with(bug: Bug, seed: u64, crash_after: Option<u64>) -> (Vec<Violation>, u64) {
    if bug.of_desk() {
        return desk::run_with(bug, seed);
    }
    if bug.of_hall() {
        return hall::run_with(bug, seed);
    }
    let mut world = World::new(seed);
    world.bug = Some(bug);
    world.checker.patient = bug == Bug::TwoTransactions;
    world.crash_after = crash_after;
    world.live();
    let told = tell(world);
    (told.violations, told.tally.events)
}

impl World {
    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Bugs in how a decision is written.
    pub(crate) fn spoil_changes(&mut self, place: (TenantId, LaneKind), changes: Changes) -> Changes {
        let Some(bug) = self.bug else { return changes };
        match bug {
            Bug::DoublePosting => self.post_twice(changes, EntryKind::Collect),
            Bug::UnionpayRefundBookedTwice if self.concerns_unionpay(&changes) => {
                self.post_twice(changes, EntryKind::Refund)
            }
            Bug::ShareTakenBackTwice => self.post_twice(changes, EntryKind::SplitReturn),
            Bug::ShareNotTakenBack => shares::keep_shares(changes),
            Bug::RefundBeforeReturn => mapped(changes, |change| {
                if let Change::Instruction(row) = change
                    && row.kind == InstructionKind::RefundAwait
                {
                    row.kind = InstructionKind::Refund;
                }
            }),
            Bug::TwoTransactions => self.write_state_first(place, changes),
            Bug::FeeReturnedTwice => mapped(changes, |change| {
                if let Change::Refund(row) = change
                    && row.status == RefundState::Succeeded
                {
                    row.fee_refund_minor = row.fee_refund_minor.saturating_mul(2);
                } else if let Change::Payment(row) = change {
                    row.fee_returned_minor = row.fee_returned_minor.saturating_mul(2);
                }
            }),
            Bug::DuplicateIsSecondSuccess => mapped(changes, |change| {
                if let Change::Attempt(row) = change
                    && row.disposition == Some(Disposition::Duplicate)
                {
                    row.disposition = Some(Disposition::Effective);
                }
            }),
            Bug::LateSuccessDropped => lost::drop_late(changes),
            Bug::LateRefundDropped => lost::drop_late_refund(changes),
            Bug::UndoneUnbooked => lost::drop_undone(changes),
            Bug::AdvanceForgottenOnRefund => parts::forget_advances(changes),
            Bug::FailedRefundKeepsParts => self.keep_parts(changes),
            Bug::TaxIsPremium => parts::book_as_own(changes),
            Bug::ItemRefundedTwice => self.forget_items(changes),
            Bug::TimeoutIsFailed
            | Bug::HoldReleasedOnTimeout
            | Bug::NewRefundNumberOnRetry
            | Bug::ReadThenInsertRefund
            | Bug::NotFoundIsFailed
            | Bug::StateRegress
            | Bug::SentBefore2xx
            | Bug::AmountUnchecked
            | Bug::PayeeUnchecked
            | Bug::AckBeforeCommit
            | Bug::ClosedLocally
            | Bug::AcceptedIsDone
            | Bug::RefundNotFoundIsFailed
            | Bug::WechatNotFoundIsClosed
            | Bug::UnionpayDuplicateIsFailed
            | Bug::UnionpayRefundBookedTwice
            | Bug::CloseRefusedIsClosed
            | Bug::SwitchForgetsTheOpen
            | Bug::StrangersRefundBelieved
            | Bug::UnverifiedAcknowledged
            | Bug::CouponPaidToPayer
            | Bug::DiscountTakenForPayersMoney
            | Bug::MerchantsDiscountCollected
            | Bug::RefusedRepetitionIsFailed
            | Bug::ShareFailureIsPayment
            | Bug::ShareSentUnderNewNumber
            | Bug::ReturnAcceptedIsDone
            | Bug::LostReturnIsRefused
            | Bug::KeptShareIsBack
            | Bug::SumEndsEachShare
            | Bug::GivenUpIsUnpaid
            | Bug::BankLineNamedByItsFile
            | Bug::DoubledRowsBelieved
            | Bug::GapIgnored
            | Bug::DrawnTwiceAtOnce
            | Bug::DepositRefundIgnoresDraws
            | Bug::ChequePaidOnPresentation
            | Bug::BouncedChequeKept
            | Bug::VoidPaidTwice
            | Bug::SlipRecordedTwice
            | Bug::CloseTakenForGranted
            | Bug::DifferenceSwallowed
            | Bug::SilenceProvesIdentity
            | Bug::CodeTakenIsPaid => changes,
        }
    }

    fn post_twice(&mut self, changes: Changes, kind: EntryKind) -> Changes {
        let mut spoilt = Changes::default();
        for change in changes.into_vec() {
            if let Change::Entry(entry) = &change
                && entry.kind == kind
            {
                let mut again = entry.as_ref().clone();
                again.id = EntryId::new(&mut Moment::new(self.now_us, &mut self.store.bits));
                spoilt.put(again);
            }
            spoilt.put(change);
        }
        spoilt
    }

    /// State now, the entries in a transaction of their own a moment later.
    fn write_state_first(&mut self, place: (TenantId, LaneKind), changes: Changes) -> Changes {
        let (mut first, mut second) = (Changes::default(), Changes::default());
        for change in changes.into_vec() {
            if matches!(&change, Change::Entry(entry) if entry.kind == EntryKind::Collect) {
                second.put(change);
            } else {
                first.put(change);
            }
        }
        if !second.is_empty() {
            let half = Box::new(SecondHalf::Changes(place, second));
            self.plan_inside(self.host_us(), Happening::SecondHalf(half));
        }
        first
    }

    pub(crate) fn second_half(&mut self, half: SecondHalf) {
        match half {
            SecondHalf::Changes(place, changes) => {
                let host_us = self.host_us();
                if let Ok(commit) = self.store.commit(place, changes, host_us) {
                    self.committed(&commit, crate::checker::Cause::of("second transaction"));
                }
            }
            SecondHalf::Notice(account, notification) => {
                self.take_genuine(account, &notification);
            }
        }
    }

    /// Bugs in what is sent.
    pub(crate) fn spoil_call(&mut self, flight: &mut Flight) {
        self.pay_coupon_out(flight);
        self.forget_beside(flight);
        if flight.instruction.tries < 2 {
            return;
        }
        self.renumber_split(flight);
        if !self.has(Bug::NewRefundNumberOnRetry) {
            return;
        }
        if flight.said.refund().is_some() {
            let fresh = self.dice.next_u64();
            flight.said.renumber_refund(format!("R{fresh:016X}"));
        }
    }

    /// Bugs in how an answer is read.
    pub(crate) fn spoil_report(&self, flight: &Flight, report: &Report) -> Report {
        let failed = || ("planted".to_owned(), "planted".to_owned());
        match report {
            Report::Payment(report) => {
                let spoil = match &report.finding {
                    PaymentFinding::Unclear(_) => self.has(Bug::TimeoutIsFailed),
                    PaymentFinding::NotFound => self.has(Bug::NotFoundIsFailed),
                    PaymentFinding::Paid(_)
                    | PaymentFinding::ActionRequired(_)
                    | PaymentFinding::WaitingPayer
                    | PaymentFinding::InProgress
                    | PaymentFinding::Failed { .. }
                    | PaymentFinding::Closed
                    | PaymentFinding::Undone(_)
                    | PaymentFinding::CloseRefused => false,
                };
                let (code, message) = failed();
                let finding = PaymentFinding::Failed { code, message };
                let report = &self.spoil_borne(self.taken_for_paid(flight, report.clone()));
                let asked_at_us = report.asked_at_us;
                let spoilt = PaymentReport { source: report.source, asked_at_us, finding };
                let spoilt = if spoil { spoilt } else { self.closed_too_early(flight, report) };
                Report::Payment(self.refusal_believed(flight, spoilt))
            }
            Report::Refund(report) => Report::Refund(self.spoil_refund_report(flight, report)),
            Report::Split(report) => Report::Split(self.spoil_split_report(flight, report)),
            Report::Return(report) => Report::Return(self.spoil_return_report(flight, report)),
        }
    }

    /// Bugs in how a notification is read.
    pub(crate) fn spoil_notice(
        &mut self,
        key: (TenantId, AttemptId),
        mut report: PaymentReport,
    ) -> PaymentReport {
        if self.has(Bug::StateRegress) {
            self.regress(key);
        }
        let Some(attempt) = self.store.rows.attempts.get(&key) else { return report };
        let amount = Amount::new(attempt.amount_minor, attempt.currency);
        let (amounts, payees) = (self.has(Bug::AmountUnchecked), self.has(Bug::PayeeUnchecked));
        report = self.spoil_borne(report);
        if let PaymentFinding::Paid(evidence) = &mut report.finding {
            if amounts {
                evidence.amount = amount;
            }
            if payees {
                evidence.payee_app = None;
                evidence.payee_merchant = None;
            }
        }
        report
    }

    /// A repeated notification puts a finished payment back to processing.
    fn regress(&mut self, (tenant_id, attempt_id): (TenantId, AttemptId)) {
        let rows = &self.store.rows;
        let Some(attempt) = rows.attempts.get(&(tenant_id, attempt_id)) else { return };
        let Some(mut payment) = rows.payments.get(&(tenant_id, attempt.payment_id)).cloned() else { return };
        if payment.status != PaymentStatus::Succeeded || attempt.status != AttemptStatus::Succeeded {
            return;
        }
        payment.status = PaymentStatus::Processing;
        let mut changes = Changes::default();
        changes.put(payment);
        self.write((tenant_id, LaneKind::Plain), changes);
    }

    fn write(&mut self, place: (TenantId, LaneKind), changes: Changes) {
        let host_us = self.host_us();
        if let Ok(commit) = self.store.commit(place, changes, host_us) {
            self.committed(&commit, crate::checker::Cause::of("planted"));
        }
    }

    pub(crate) fn acknowledges_first(
        &mut self,
        account: ChannelAccountId,
        notification: &Notification,
    ) -> bool {
        if self.has(Bug::UnverifiedAcknowledged) && self.key_gap(account).is_some() {
            self.acknowledge(account, &notification.id());
            return true;
        }
        if !self.has(Bug::AckBeforeCommit) {
            return false;
        }
        self.acknowledge(account, &notification.id());
        let half = SecondHalf::Notice(account, Box::new(notification.clone()));
        self.plan_inside(self.host_us(), Happening::SecondHalf(Box::new(half)));
        true
    }

    pub(crate) fn marks_sent_first(&mut self, delivery: &Delivery) {
        if self.has(Bug::SentBefore2xx) {
            let outcome = DeliveryOutcome::Delivered { status: 200 };
            let command =
                TakeDeliveryOutcome { tenant_id: delivery.tenant_id, delivery_id: delivery.id, outcome };
            let _taken = self.run(&command, crate::checker::Cause::of("planted"));
        }
    }

    /// At expiry the row is closed and the channel never told.
    pub(crate) fn closes_locally(&mut self, command: &ClosePayment) -> bool {
        if !self.has(Bug::ClosedLocally) {
            return false;
        }
        let key = (command.tenant_id, command.payment_id);
        let rows = &self.store.rows;
        let Some(mut payment) = rows.payments.get(&key).cloned() else { return false };
        let mut changes = Changes::default();
        if let Some(mut attempt) =
            payment.open_attempt_id.and_then(|id| rows.attempts.get(&(key.0, id))).cloned()
        {
            attempt.status = AttemptStatus::Closed;
            let instruction = rows.instructions.get(&(key.0, attempt.id.id128())).cloned();
            if let Some(mut instruction) = instruction {
                instruction.finish();
                changes.put(instruction);
            }
            changes.put(attempt);
        }
        payment.status = PaymentStatus::Closed;
        payment.open_attempt_id = None;
        changes.put(payment);
        self.write((key.0, LaneKind::Plain), changes);
        true
    }

    /// Two requests read the refundable sum before either writes.
    pub(crate) fn reads_then_inserts(&mut self, command: &CreateRefund) -> bool {
        if !self.has(Bug::ReadThenInsertRefund) {
            return false;
        }
        let host_us = self.host_us();
        let mut other = command.clone();
        other.merchant_refund_no = format!("{}-again", command.merchant_refund_no);
        let first = self.store.decide(command, host_us);
        let second = self.store.decide(&other, host_us);
        for decision in [first, second].into_iter().flatten() {
            self.write((command.tenant_id, LaneKind::Posting), decision.changes);
        }
        true
    }
}

fn mapped(changes: Changes, spoil: impl Fn(&mut Change)) -> Changes {
    let mut spoilt = Changes::default();
    for mut one in changes.into_vec() {
        spoil(&mut one);
        spoilt.put(one);
    }
    spoilt
}

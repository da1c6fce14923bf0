//! From a due instruction to a report: claim, call, answer, and the command that takes it.

use crate::checker::Cause;
use crate::conversation::{self, Echo, Heard, Said};
use crate::queue::Happening;
use crate::seller::{Seller, Whose};
use crate::world::World;
use tk_domain::audit::Origin;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::command::{Command, LaneKind, Want, Wants};
use tk_domain::decision::{Changes, Decision};
use tk_domain::id::{AttemptId, Id128, RefundId, SplitId, SplitReturnId, TenantId};
use tk_domain::instruction::{Instruction, InstructionKind};
use tk_domain::moment::{Moment, SECOND_US};
use tk_domain::payment::{Attempt, Payment, PaymentStatus, TakePaymentReport};
use tk_domain::refund::{Refund, TakeRefundReport};
use tk_domain::refusal::Refusal;
use tk_domain::report::{PaymentReport, RefundReport};
use tk_domain::snapshot::Snapshot;
use tk_domain::split::{
    ContinueRefund, ReturnMode, ReturnReport, ReturnStatus, Split, SplitLine, SplitReceiver, SplitReport,
    SplitReturn, TakeReturnReport, TakeSplitReport, withheld,
};

/// A conversation that a worker has begun, with the rows it read.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    pub(crate) instruction: Instruction,
    pub(crate) payment: Payment,
    pub(crate) attempt: Attempt,
    pub(crate) refund: Option<Refund>,
    /// What the refund takes back of shares by its own call, with whom.
    pub(crate) returns: Vec<(SplitReturn, SplitReceiver)>,
    /// The split that is spoken of, and who gets what.
    pub(crate) split: Option<(Split, Vec<(SplitLine, SplitReceiver)>)>,
    /// The share on its way back that is spoken of, of which split, and who gives it.
    pub(crate) back: Option<Back>,
    pub(crate) account: ChannelAccount,
    pub(crate) said: Said,
    /// When it left us, by the host's clock.
    pub(crate) asked_at_us: i64,
    pub(crate) life: u32,
}

/// A share on its way back, with the rows around it.
#[derive(Debug, Clone)]
pub(crate) struct Back {
    pub(crate) row: SplitReturn,
    pub(crate) split: Split,
    pub(crate) refund: Refund,
    pub(crate) receiver: SplitReceiver,
    /// What else the receiver gives back with the same refund.
    pub(crate) beside: Vec<SplitReturn>,
}

/// What became of it: silence, or what the channel said.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) flight: Flight,
    pub(crate) heard: Heard,
}

/// A report about one of them.
#[derive(Debug, Clone)]
pub(crate) enum Report {
    Payment(PaymentReport),
    Refund(RefundReport),
    Split(SplitReport),
    Return(ReturnReport),
}

/// Takes a due instruction for one worker.
#[derive(Debug)]
pub(crate) struct ClaimInstruction {
    pub(crate) tenant_id: TenantId,
    pub(crate) id: Id128,
    pub(crate) lease_us: i64,
}

impl Command for ClaimInstruction {
    type Reply = Option<Instruction>;

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Instruction(self.tenant_id, self.id));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Self::Reply>, Refusal> {
        let Some(mut row) = snapshot.instructions.get(&(self.tenant_id, self.id)).cloned() else {
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
    pub(crate) fn instruction_due(&mut self, key: (TenantId, Id128)) {
        let Some(row) = self.store.rows.instructions.get(&key) else { return };
        let (due_us, host_us) = (row.due_at_us.max(row.lease_until_us), self.host_us());
        if row.status != tk_domain::instruction::InstructionStatus::Open || due_us > host_us {
            return;
        }
        let command = ClaimInstruction { tenant_id: key.0, id: key.1, lease_us: self.story.lease_us };
        if let Ok(Some(instruction)) = self.run(&command, Cause::of("claim")) {
            if instruction.kind == InstructionKind::RefundAwait {
                return self.continue_refund(&instruction);
            }
            self.depart(instruction);
        }
    }

    /// Looks whether a refund may be sent; nobody is spoken to.
    fn continue_refund(&mut self, instruction: &Instruction) {
        let (tenant_id, payment_id) = (instruction.tenant_id, instruction.payment_id);
        let (refund_id, origin) = (RefundId(instruction.id), Origin::system());
        let command = ContinueRefund { tenant_id, payment_id, refund_id, origin };
        let _taken = self.run(&command, Cause::of("continue"));
    }

    /// Begins the conversation of a claimed instruction.
    pub(crate) fn depart(&mut self, instruction: Instruction) {
        let Some(mut flight) = self.flight(instruction) else { return };
        let (said, split) = (&flight.instruction, flight.split.as_ref());
        if let Some(report) = split.and_then(|(split, shares)| withheld(said, split, shares)) {
            return self.take_report(&flight, &Report::Split(report));
        }
        flight.said = conversation::say(&flight, self.host_us());
        #[cfg(feature = "planted")]
        self.spoil_call(&mut flight);
        self.checker.told(&flight, &self.store.rows);
        let delay_us = self.dice.between(2_000, 200_000);
        match &flight.said {
            Said::Call(_) => self.plan(delay_us, Happening::CallArrives(Box::new(flight))),
            Said::Heard(heard) => {
                let answered = Answered { heard: heard.clone(), flight };
                let at_us = self.host_us().saturating_add(1_000);
                self.plan_inside(at_us, Happening::Answer(Box::new(answered)));
            }
        }
    }

    fn flight(&self, instruction: Instruction) -> Option<Flight> {
        let rows = &self.store.rows;
        let tenant_id = instruction.tenant_id;
        let about_refund = matches!(instruction.kind, InstructionKind::Refund | InstructionKind::RefundQuery);
        let refund =
            about_refund.then(|| rows.refunds.get(&(tenant_id, RefundId(instruction.id))).cloned()).flatten();
        let split = self.split_said(&instruction);
        let back = self.back_said(&instruction);
        let divided = split.as_ref().map(|(split, _)| split).or(back.as_ref().map(|back| &back.split));
        let of_split = divided.map_or(AttemptId(instruction.id), |split| split.attempt_id);
        let attempt_id = refund.as_ref().map_or(of_split, |refund: &Refund| refund.attempt_id);
        let account = rows.channel_accounts.get(&(tenant_id, instruction.channel_account_id))?.clone();
        let attempt = rows.attempts.get(&(tenant_id, attempt_id))?.clone();
        let mut instruction = instruction;
        if self.asks_before_it_repeats() {
            instruction.kind = attempt.kind_to_say(&instruction, self.host_us());
        }
        Some(Flight {
            payment: rows.payments.get(&(tenant_id, instruction.payment_id))?.clone(),
            attempt,
            returns: refund.as_ref().map(|refund| self.returns_of(refund)).unwrap_or_default(),
            refund,
            split,
            back,
            instruction,
            said: Said::Heard(conversation::silence(account.channel)),
            account,
            asked_at_us: self.host_us(),
            life: self.life,
        })
    }

    fn split_said(&self, instruction: &Instruction) -> Option<(Split, Vec<(SplitLine, SplitReceiver)>)> {
        if !matches!(instruction.kind, InstructionKind::Split | InstructionKind::SplitQuery) {
            return None;
        }
        let (rows, tenant_id) = (&self.store.rows, instruction.tenant_id);
        let split = rows.splits.get(&(tenant_id, SplitId(instruction.id)))?;
        let places = split.first_line..split.first_line.saturating_add(split.lines_count);
        let lines =
            places.filter_map(|n| rows.split_lines.get(&(tenant_id, SplitLine::id_of(split.payment_id, n))));
        let shares = lines.filter_map(|line| {
            let receiver = rows.split_receivers.get(&(tenant_id, line.to_receiver_id?))?;
            Some((line.clone(), receiver.clone()))
        });
        Some((split.clone(), shares.collect()))
    }

    fn back_said(&self, instruction: &Instruction) -> Option<Back> {
        let (rows, tenant_id) = (&self.store.rows, instruction.tenant_id);
        let back = rows.split_returns.get(&(tenant_id, SplitReturnId(instruction.id)))?;
        let split = rows.splits.get(&(tenant_id, back.split_id))?;
        let line = rows.split_lines.get(&(tenant_id, back.line_id))?;
        let receiver = rows.split_receivers.get(&(tenant_id, line.to_receiver_id?))?;
        let refund = rows.refunds.get(&(tenant_id, back.refund_id))?;
        Some(Back {
            row: back.clone(),
            split: split.clone(),
            refund: refund.clone(),
            receiver: receiver.clone(),
            beside: self.beside(back),
        })
    }

    fn beside(&self, back: &SplitReturn) -> Vec<SplitReturn> {
        let rows = &self.store.rows;
        let of_payment = |line: &&SplitLine| line.payment_id == back.payment_id;
        let of_refund = |other: &&SplitReturn| other.refund_id == back.refund_id;
        let lines: Vec<SplitLine> = rows.split_lines.iter().filter(of_payment).cloned().collect();
        let backs = rows.split_returns.iter().filter(of_refund);
        backs.filter(|other| back.is_beside(other, &lines)).cloned().collect()
    }

    fn returns_of(&self, refund: &Refund) -> Vec<(SplitReturn, SplitReceiver)> {
        let (rows, tenant_id) = (&self.store.rows, refund.tenant_id);
        let waits = |back: &&SplitReturn| {
            back.refund_id == refund.id
                && back.mode == ReturnMode::Along
                && back.status == ReturnStatus::Waiting
        };
        let backs = rows.split_returns.iter().filter(waits).filter_map(|back| {
            let line = rows.split_lines.get(&(tenant_id, back.line_id))?;
            let receiver = rows.split_receivers.get(&(tenant_id, line.to_receiver_id?))?;
            Some((back.clone(), receiver.clone()))
        });
        backs.collect()
    }

    #[cfg(not(feature = "planted"))]
    #[expect(clippy::unused_self, reason = "a planted bug says no")]
    const fn asks_before_it_repeats(&self) -> bool {
        true
    }

    /// The call reaches the channel even if its sender is dead by now.
    pub(crate) fn call_arrives(&mut self, flight: Flight) {
        let status = self.status_of_attempt((flight.attempt.tenant_id, flight.attempt.id));
        let Some(Echo { heard, wait_us }) = self.reach_channel(&flight, status) else { return };
        if flight.said.refund().is_some() && self.caps_lifted() {
            self.tally.hit(12, status);
        }
        if flight.life != self.life || !self.up {
            return;
        }
        let mut wait_us = wait_us.saturating_add(self.dice.between(2_000, 400_000));
        if self.strikes(self.story.host.pause_ppm) {
            // fault-18: the worker sleeps past its lease while another takes over.
            self.tally.hit(18, status);
            wait_us = wait_us.saturating_add(self.story.lease_us).saturating_add(60 * SECOND_US);
        }
        let at_us = self.host_us().saturating_add(wait_us);
        self.plan_inside(at_us, Happening::Answer(Box::new(Answered { flight, heard })));
    }

    fn reach_channel(&mut self, flight: &Flight, status: Option<PaymentStatus>) -> Option<Echo> {
        let Said::Call(call) = &flight.said else { return None };
        let channel = flight.account.channel;
        let gap = self.key_gap(flight.account.id);
        if gap.is_some() {
            // fault-25: one side does not know the other's key.
            self.tally.hit_at(channel, 25, status);
        }
        if gap == Some(Whose::Ours) {
            return Some(Echo { heard: conversation::signature_refused(channel), wait_us: 0 });
        }
        let speak = |seller: &mut Seller, now_us: i64| conversation::speak(seller, flight, call, now_us);
        let echo = self.with_seller(flight.account.id, status, speak)??;
        let heard = if gap.is_some() { conversation::unverified(channel) } else { echo.heard };
        Some(Echo { heard, ..echo })
    }

    fn caps_lifted(&self) -> bool {
        let rates = self.story.plan.rates.as_ref();
        self.phase == crate::world::Phase::Troubled
            && rates.is_some_and(|rates| rates.ppm.contains_key(&tk_simulator::core::FaultKind::NoCap))
    }

    pub(crate) fn answer_arrives(&mut self, answered: &Answered) {
        let report = conversation::report(&answered.flight, &answered.heard);
        self.take_report(&answered.flight, &report);
    }

    fn take_report(&mut self, flight: &Flight, report: &Report) {
        #[cfg(feature = "planted")]
        let (genuine, report) = (report, &self.spoil_report(flight, report));
        #[cfg(not(feature = "planted"))]
        let genuine = report;
        let origin = Origin::channel(flight.account.id);
        let tenant_id = flight.attempt.tenant_id;
        let (payment_id, attempt_id) = (flight.payment.id, flight.attempt.id);
        // A lost answer to our own commit needs nothing here: the lease ends and the instruction is held again.
        match (report, &flight.refund) {
            (Report::Payment(report), _) => {
                let report = report.clone();
                let command = TakePaymentReport { tenant_id, payment_id, attempt_id, report, origin };
                let _taken = self.run(&command, Cause::report("answer", genuine));
            }
            (Report::Refund(report), Some(refund)) => {
                let (refund_id, report) = (refund.id, report.clone());
                let command =
                    TakeRefundReport { tenant_id, payment_id, attempt_id, refund_id, report, origin };
                let _taken = self.run(&command, Cause::report("answer", genuine));
            }
            (Report::Split(report), _) => {
                let (split_id, report) = (SplitId(flight.instruction.id), report.clone());
                let command = TakeSplitReport { tenant_id, payment_id, split_id, report, origin };
                let _taken = self.run(&command, Cause::report("answer", genuine));
                self.persons_look_at_split((tenant_id, split_id));
            }
            (Report::Return(report), _) => {
                let Some(Back { row: back, .. }) = &flight.back else { return };
                let (refund_id, return_id, report) = (back.refund_id, back.id, report.clone());
                let command =
                    TakeReturnReport { tenant_id, payment_id, refund_id, return_id, report, origin };
                let _taken = self.run(&command, Cause::report("answer", genuine));
                self.persons_look_at_return((tenant_id, return_id));
            }
            (Report::Refund(_), None) => {}
        }
    }
}

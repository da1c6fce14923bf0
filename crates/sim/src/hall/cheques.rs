//! Cheques: what people do with them, and what the bank makes of each.

use super::setup::{ACCOUNT, COUNTERS, TENANT, cashier};
use super::{Act, Hall, or_refused};
use crate::world::Missed;
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::cheque::{
    AdvanceCheque, AskClearing, Cheque, ChequeStatus, ChequeStep, DecideClearing, ReceiveCheque,
};
use tk_domain::id::{ChequeId, PaymentId};
use tk_domain::key::{KeyName, NaturalKind};
use tk_domain::moment::{HOUR_US, MINUTE_US, shanghai_day};
use tk_domain::refusal::Refusal;
use tk_domain::transfer::Verdict;
use tk_simulator::bank::Payer;
use tk_simulator::core::Dice;

/// The bank that the cheques are drawn on.
const DRAWN_ON: &str = "102";

/// What becomes of a cheque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Paid,
    /// The bank gives it back 退票.
    Refused,
    /// The bank credits it and takes the money back.
    TakenBack,
    /// The payer asks for it again.
    Withdrawn,
}

impl Fate {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(8) {
            0 => Self::Refused,
            1 | 2 => Self::TakenBack,
            3 => Self::Withdrawn,
            _ => Self::Paid,
        }
    }
}

/// A cheque on paper.
#[derive(Debug, Clone)]
pub(super) struct Paper {
    pub(super) visit: usize,
    pub(super) payment_id: PaymentId,
    pub(super) amount_minor: i64,
    pub(super) fate: Fate,
    pub(super) id: Option<ChequeId>,
    /// The bank's number of its credit.
    pub(super) booking: Option<u64>,
    pub(super) taken_back: bool,
    agreeing: Option<Verdict>,
}

impl Hall {
    pub(super) fn receive_cheque(&mut self, visit: usize) -> Result<(), Missed> {
        let Some(row) = self.visits.get(visit).cloned() else { return Ok(()) };
        let Some(payment_id) = row.payment else { return Ok(()) };
        let known = self.papers.iter().position(|paper| paper.visit == visit);
        let index = known.unwrap_or(self.papers.len());
        if known.is_none() {
            let fate = Fate::draw(&mut self.dice);
            self.papers.push(Paper {
                visit,
                payment_id,
                amount_minor: row.amount_minor,
                fate,
                id: None,
                booking: None,
                taken_back: false,
                agreeing: None,
            });
        }
        let cheque_no = format!("{:08}", index.saturating_add(1));
        let command = ReceiveCheque {
            tenant_id: TENANT,
            channel_account_id: COUNTERS.get(row.counter).copied().unwrap_or_default(),
            payment_id,
            bank: DRAWN_ON.to_owned(),
            cheque_no: cheque_no.clone(),
            amount_minor: row.amount_minor,
            issued_day: shanghai_day(self.start_us),
            lease_us: 0,
            by: cashier(row.counter).to_owned(),
            origin: Origin::system(),
        };
        let tried = self.proofs.len();
        let asked = self.ask(&command, &format!("cheque-{index}-{tried}"));
        if matches!(asked, Err(Missed::Refused(Refusal::IdentityRequired { .. }))) {
            self.must_prove(visit);
        }
        or_refused(asked)?;
        let key = KeyName::scoped(TENANT, NaturalKind::Cheque, &DRAWN_ON, &cheque_no);
        let id = self.store.rows.natural_keys.get(&key).map(|key| ChequeId(key.id));
        let Some(paper) = self.papers.get_mut(index).filter(|_| id.is_some()) else { return Ok(()) };
        paper.id = id;
        let withdrawn = paper.fate == Fate::Withdrawn;
        self.tally.sees("cheques");
        let next = if withdrawn { Act::Withdraw(index) } else { Act::Present(index) };
        self.plan_in((2 * HOUR_US, 30 * HOUR_US), next);
        Ok(())
    }

    fn cheque(&self, index: usize) -> Option<(&Paper, &Cheque)> {
        let paper = self.papers.get(index)?;
        Some((paper, self.store.rows.cheques.get(&(TENANT, paper.id?))?))
    }

    fn advance(&mut self, index: usize, (step, word): (ChequeStep, &str)) -> Result<bool, Missed> {
        let Some((_, cheque)) = self.cheque(index) else { return Ok(false) };
        let command = AdvanceCheque {
            tenant_id: TENANT,
            rows: (cheque.payment_id, cheque.id),
            step,
            by: "teller".to_owned(),
            origin: Origin::system(),
        };
        or_refused(self.ask(&command, &format!("{word}-{index}")))
    }

    pub(super) fn present(&mut self, index: usize) -> Result<(), Missed> {
        let day = shanghai_day(self.now_us);
        if !self.advance(index, (ChequeStep::Present { day }, "present"))? {
            return Ok(());
        }
        #[cfg(feature = "planted")]
        self.counts_on_presentation(index);
        let fate = self.papers.get(index).map(|paper| paper.fate);
        let next = if fate == Some(Fate::Refused) { Act::Bounce(index) } else { Act::Credited(index) };
        self.plan_in((4 * HOUR_US, 30 * HOUR_US), next);
        Ok(())
    }

    pub(super) fn withdraw(&mut self, index: usize) -> Result<(), Missed> {
        let reason = "asked back".to_owned();
        if self.advance(index, (ChequeStep::Withdraw { reason }, "withdraw"))? {
            self.pays_otherwise(index);
        }
        Ok(())
    }

    /// The bank has the money, and whoever looks at its pages sees it before a statement comes.
    pub(super) fn bank_credits(&mut self, index: usize) {
        let Some(paper) = self.papers.get(index).cloned() else { return };
        let from = Payer { name: "clearing house".to_owned(), account: "0".to_owned() };
        let remark = format!("cheque {index}");
        let numbers = self.bank.arrive(ACCOUNT, (&from, paper.amount_minor), &remark, self.now_us);
        let booking = numbers.ok().and_then(|numbers| numbers.first().copied());
        self.truth.counts(paper.payment_id, paper.amount_minor);
        if let Some(paper) = self.papers.get_mut(index) {
            paper.booking = booking;
        }
        if self.dice.below(2) == 0 {
            self.plan_in((MINUTE_US, 2 * HOUR_US), Act::SayCleared(index));
            self.plan_in((2 * HOUR_US, 6 * HOUR_US), Act::AgreeCleared(index));
        }
        if paper.fate == Fate::TakenBack {
            self.plan_in((MINUTE_US, 26 * HOUR_US), Act::TakenBack(index));
        }
    }

    pub(super) fn bank_takes_back(&mut self, index: usize) {
        let Some(paper) = self.papers.get_mut(index) else { return };
        let Some(booking) = paper.booking else { return };
        paper.taken_back = true;
        let (payment_id, amount_minor) = (paper.payment_id, paper.amount_minor);
        if self.bank.take_back(ACCOUNT, booking, self.now_us).is_err() {
            self.checker.violation("hall", format!("the bank cannot take {booking} back"));
        }
        self.truth.counts(payment_id, amount_minor.saturating_neg());
        self.tally.sees("cheques_taken_back");
        self.plan_in((HOUR_US, 5 * HOUR_US), Act::Bounce(index));
    }

    pub(super) fn say_cleared(&mut self, index: usize) -> Result<(), Missed> {
        let Some((paper, cheque)) = self.cheque(index) else { return Ok(()) };
        if cheque.status != ChequeStatus::Presented || paper.taken_back {
            return Ok(());
        }
        let rows = (cheque.payment_id, cheque.id);
        let (by, origin) = ("teller".to_owned(), Origin::system());
        let command = AskClearing { tenant_id: TENANT, rows, by, origin };
        or_refused(self.ask(&command, &format!("say-{index}"))).map(|_| ())
    }

    pub(super) fn agree_cleared(&mut self, index: usize) -> Result<(), Missed> {
        let Some((paper, cheque)) = self.cheque(index) else { return Ok(()) };
        let agreeing = paper.agreeing;
        if cheque.status != ChequeStatus::PendingApproval && agreeing.is_none() {
            return Ok(());
        }
        let (rows, seen, gone) = ((cheque.payment_id, cheque.id), cheque.content_hash(), paper.taken_back);
        let doubts = gone || self.dice.below(8) == 0;
        let verdict = agreeing.unwrap_or(if doubts { Verdict::Reject } else { Verdict::Approve });
        if let Some(paper) = self.papers.get_mut(index) {
            paper.agreeing = Some(verdict);
        }
        let (by, origin) = ("accountant".to_owned(), Origin::system());
        let command = DecideClearing { tenant_id: TENANT, rows, seen, verdict, by, origin };
        let agreed = or_refused(self.ask(&command, &format!("agree-{index}")))?;
        self.tally.sees(if agreed { "clearings_decided" } else { "clearings_refused" });
        if let Some(paper) = self.papers.get_mut(index) {
            paper.agreeing = None;
        }
        Ok(())
    }

    /// The bank gave the paper back: nothing of it is credited any more.
    pub(super) fn bounce(&mut self, index: usize) -> Result<(), Missed> {
        let at_bank = self.cheque(index).is_some_and(|(_, cheque)| cheque.status.at_bank());
        let bounced = self.cheque(index).is_some_and(|(_, cheque)| cheque.status == ChequeStatus::Bounced);
        if !at_bank && !bounced {
            return Ok(());
        }
        let reason = "no funds".to_owned();
        if self.advance(index, (ChequeStep::Bounce { reason }, "bounce"))? {
            self.tally.sees("cheques_bounced");
            self.pays_otherwise(index);
        }
        Ok(())
    }

    fn pays_otherwise(&mut self, index: usize) {
        let Some(visit) = self.papers.get(index).map(|paper| paper.visit) else { return };
        if let Some(row) = self.visits.get_mut(visit) {
            row.method = if index.is_multiple_of(2) { Method::Cash } else { Method::Pos };
            row.tries = 0;
        }
        self.plan_in((MINUTE_US, 20 * HOUR_US), Act::Take(visit));
    }
}

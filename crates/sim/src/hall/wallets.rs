//! Payers who scanned a code before they came to the desk: what the wallet really has, what it is asked and what it tells.

use super::setup::{TENANT, WALLET};
use super::{Act, Hall, or_refused};
use crate::flight::ClaimInstruction;
use crate::world::Missed;
use std::collections::BTreeSet;
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, Id128, PaymentId, RefundId, TypedId};
use tk_domain::instruction::{Instruction, InstructionKind, InstructionStatus};
use tk_domain::moment::{HOUR_US, MINUTE_US, SECOND_US};
use tk_domain::payment::{Action, ActionKind, StartAttempt, TakePaymentReport};
use tk_domain::refund::TakeRefundReport;
use tk_domain::report::{
    PaidEvidence, PaymentFinding, PaymentReport, RefundFinding, RefundReport, Source, Unclear,
};
use tk_domain::transfer::ExpectedPayer;
use tk_money::Amount;

/// One order at the wallet.
#[derive(Debug, Clone)]
pub(super) struct Purse {
    pub(super) payment_id: PaymentId,
    attempt_id: AttemptId,
    amount_minor: i64,
    /// Until when the code can be scanned.
    ends_us: i64,
    exists: bool,
    closed: bool,
    paid_at_us: Option<i64>,
    /// Refunds that the wallet carried out.
    back: BTreeSet<RefundId>,
    back_minor: i64,
}

/// What became of one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// fault-1: it was never heard.
    Dead,
    /// fault-2: it was heard, and the answer was lost.
    Cut,
    Clear,
}

impl Hall {
    /// The payer scans a code, perhaps pays, and perhaps stands at the desk before anybody knows.
    pub(super) fn scan(&mut self, index: usize) -> Result<(), Missed> {
        let Some(payment_id) = self.visits.get(index).and_then(|visit| visit.payment) else { return Ok(()) };
        let command = StartAttempt {
            tenant_id: TENANT,
            payment_id,
            method: Method::AlipayQr,
            auth_code: None,
            payer: ExpectedPayer::default(),
            known_as: None,
            payer_ip: None,
            card: None,
            return_url: None,
            lease_us: 0,
            origin: Origin::system(),
        };
        or_refused(self.ask(&command, &format!("scan-{index}")))?;
        let payment = self.store.rows.payments.get(&(TENANT, payment_id));
        let open = payment.and_then(|row| row.open_attempt_id);
        let attempt = open.and_then(|id| self.store.rows.attempts.get(&(TENANT, id)));
        let Some(attempt) = attempt.filter(|row| row.method == Method::AlipayQr) else { return Ok(()) };
        if self.purses.iter().any(|purse| purse.attempt_id == attempt.id) {
            return Ok(());
        }
        let purse = self.purses.len();
        self.purses.push(Purse {
            payment_id,
            attempt_id: attempt.id,
            amount_minor: attempt.amount_minor,
            ends_us: attempt.channel_expires_at_us,
            exists: false,
            closed: false,
            paid_at_us: None,
            back: BTreeSet::new(),
            back_minor: 0,
        });
        self.tally.sees("scanned_first");
        self.speak_with_wallet_in(SECOND_US);
        if self.dice.below(4) != 0 {
            self.plan_in((5 * SECOND_US, 5 * MINUTE_US), Act::WalletPays(purse));
        }
        if self.dice.below(2) == 0 {
            self.plan_in((5 * SECOND_US, 8 * MINUTE_US), Act::Take(index));
        }
        Ok(())
    }

    /// The payer pays in the wallet's own app, whatever happens at the desk.
    pub(super) fn wallet_pays(&mut self, index: usize) {
        let now_us = self.now_us;
        let Some(purse) = self.purses.get_mut(index) else { return };
        if !purse.exists || purse.closed || purse.paid_at_us.is_some() || now_us > purse.ends_us {
            return;
        }
        purse.paid_at_us = Some(now_us);
        let (payment_id, amount_minor) = (purse.payment_id, purse.amount_minor);
        self.truth.wallet += amount_minor;
        self.truth.counts(payment_id, amount_minor);
        self.tally.sees("wallet_paid");
        for _ in 0..self.dice.below(3) {
            self.plan_in((SECOND_US, 2 * HOUR_US), Act::WalletTells(index));
        }
    }

    /// The wallet's own notification; what it gets no answer to it sends again.
    pub(super) fn wallet_tells(&mut self, index: usize) -> Result<(), Missed> {
        let Some(purse) = self.purses.get(index).cloned() else { return Ok(()) };
        self.payment_is_told(&purse, Source::Callback, paid(&purse))
    }

    fn speak_with_wallet_in(&mut self, delay_us: i64) {
        if !self.wallet_waits {
            self.wallet_waits = true;
            self.plan(self.now_us.saturating_add(delay_us), Act::Wallet);
        }
    }

    /// A worker holds the conversations with the wallet that are due. One that is lost with its process is held again.
    pub(super) fn speak_with_wallet(&mut self) {
        self.wallet_waits = false;
        let now_us = self.now_us;
        let due_us = |row: &Instruction| row.due_at_us.max(row.lease_until_us);
        let open =
            |row: &&Instruction| row.channel_account_id == WALLET && row.status == InstructionStatus::Open;
        let rows = self.store.rows.instructions.iter().filter(open);
        let due: Vec<Id128> = rows.filter(|row| due_us(row) <= now_us).map(|row| row.id).collect();
        for id in due {
            let claim = ClaimInstruction { tenant_id: TENANT, id, lease_us: MINUTE_US };
            if let Ok(Some(instruction)) = self.run(&claim) {
                // A process that dies leaves its lease, and the next worker the same instruction.
                let _ended = self.converse(&instruction);
            }
        }
        if let Some(next_us) = self.store.rows.instructions.iter().filter(open).map(due_us).min() {
            let wait_us = self.dice.between(SECOND_US, 3 * MINUTE_US);
            self.speak_with_wallet_in(next_us.saturating_sub(now_us).max(0).saturating_add(wait_us));
        }
    }

    fn converse(&mut self, instruction: &Instruction) -> Result<(), Missed> {
        let line = match if self.troubled { self.dice.below(6) } else { 5 } {
            0 => Line::Dead,
            1 => Line::Cut,
            _ => Line::Clear,
        };
        match instruction.kind {
            InstructionKind::Pay | InstructionKind::Query | InstructionKind::Close => {
                let of = |purse: &Purse| purse.attempt_id.id128() == instruction.id;
                let Some(index) = self.purses.iter().position(of) else { return Ok(()) };
                let Some(purse) = self.purses.get_mut(index) else { return Ok(()) };
                let (source, finding) = purse.asked(instruction.kind, line);
                let purse = purse.clone();
                #[cfg(feature = "planted")]
                let finding = self.takes_for_granted(instruction.kind, finding);
                self.payment_is_told(&purse, source, finding)
            }
            InstructionKind::Refund | InstructionKind::RefundQuery => {
                self.refund_is_asked(RefundId(instruction.id), instruction.kind, line)
            }
            InstructionKind::Cancel
            | InstructionKind::RefundAwait
            | InstructionKind::ReceiverBind
            | InstructionKind::ReceiverUnbind
            | InstructionKind::Split
            | InstructionKind::SplitQuery
            | InstructionKind::SplitReturn
            | InstructionKind::SplitReturnQuery => {
                let text = format!("nobody asked the wallet for {:?}", instruction.kind);
                self.checker.violation("hall", text);
                Ok(())
            }
        }
    }

    fn payment_is_told(
        &mut self,
        purse: &Purse,
        source: Source,
        finding: PaymentFinding,
    ) -> Result<(), Missed> {
        let command = TakePaymentReport {
            tenant_id: TENANT,
            payment_id: purse.payment_id,
            attempt_id: purse.attempt_id,
            report: PaymentReport { source, asked_at_us: self.now_us, finding },
            origin: Origin::channel(WALLET),
        };
        self.run(&command)?;
        self.speak_with_wallet_in(SECOND_US);
        Ok(())
    }

    fn refund_is_asked(&mut self, id: RefundId, kind: InstructionKind, line: Line) -> Result<(), Missed> {
        let Some(refund) = self.store.rows.refunds.get(&(TENANT, id)).cloned() else { return Ok(()) };
        let of = |purse: &&mut Purse| purse.attempt_id == refund.attempt_id;
        let Some(purse) = self.purses.iter_mut().find(of) else { return Ok(()) };
        let asked = kind == InstructionKind::Refund && line != Line::Dead;
        let fits = purse.paid_at_us.is_some() && purse.back_minor + refund.amount_minor <= purse.amount_minor;
        if asked && fits && purse.back.insert(id) {
            purse.back_minor += refund.amount_minor;
            self.truth.wallet -= refund.amount_minor;
            self.truth.counts(refund.payment_id, refund.amount_minor.saturating_neg());
            self.tally.sees("wallet_refunds");
        }
        let done = self.purses.iter().any(|purse| purse.back.contains(&id));
        if asked && !done {
            let text = format!("{id}: {} fen more than the wallet has are to go back", refund.amount_minor);
            self.checker.violation("inv-17", text);
        }
        let finding = match (line, done) {
            (Line::Dead | Line::Cut, _) => RefundFinding::Unclear(Unclear::Timeout),
            (Line::Clear, true) => {
                let amount = Amount::new(refund.order_minor, refund.currency);
                RefundFinding::Done { amount, borne: None, at_us: None }
            }
            (Line::Clear, false) => RefundFinding::NotFound,
        };
        let source = if kind == InstructionKind::Refund { Source::Reply } else { Source::Query };
        let command = TakeRefundReport {
            tenant_id: TENANT,
            payment_id: refund.payment_id,
            attempt_id: refund.attempt_id,
            refund_id: id,
            report: RefundReport { source, finding },
            origin: Origin::channel(WALLET),
        };
        self.run(&command).map(drop)
    }
}

impl Purse {
    /// What the wallet does and answers.
    fn asked(&mut self, kind: InstructionKind, line: Line) -> (Source, PaymentFinding) {
        let heard = line != Line::Dead;
        let answer = match kind {
            InstructionKind::Pay => {
                self.exists |= heard && !self.closed;
                let action = Action { kind: ActionKind::Qr, value: "https://wallet.invalid/qr".to_owned() };
                (Source::Reply, PaymentFinding::ActionRequired(action))
            }
            InstructionKind::Close if self.paid_at_us.is_some() => {
                (Source::Reply, PaymentFinding::CloseRefused)
            }
            InstructionKind::Close => {
                self.closed |= heard;
                (Source::Reply, PaymentFinding::Closed)
            }
            InstructionKind::Query
            | InstructionKind::Cancel
            | InstructionKind::Refund
            | InstructionKind::RefundQuery
            | InstructionKind::RefundAwait
            | InstructionKind::ReceiverBind
            | InstructionKind::ReceiverUnbind
            | InstructionKind::Split
            | InstructionKind::SplitQuery
            | InstructionKind::SplitReturn
            | InstructionKind::SplitReturnQuery => (Source::Query, self.stands()),
        };
        let unclear = PaymentFinding::Unclear(Unclear::Timeout);
        if line == Line::Clear { answer } else { (answer.0, unclear) }
    }

    /// How the order stands.
    fn stands(&self) -> PaymentFinding {
        match (self.paid_at_us, self.closed, self.exists) {
            (Some(_), _, _) => paid(self),
            (None, true, _) => PaymentFinding::Closed,
            (None, false, true) => PaymentFinding::WaitingPayer,
            (None, false, false) => PaymentFinding::NotFound,
        }
    }
}

fn paid(purse: &Purse) -> PaymentFinding {
    PaymentFinding::Paid(PaidEvidence {
        channel_txn_no: format!("W{}", purse.attempt_id),
        amount: Amount::fen(purse.amount_minor),
        payee_app: None,
        payee_merchant: None,
        borne: None,
        paid_at_us: purse.paid_at_us,
    })
}

//! What must hold in the hall: after every commit, and when the truth and the books are laid side by side.

use super::Hall;
use super::setup::{ACCOUNT, COUNTERS, TENANT, WALLET};
use crate::store::Commit;
use std::collections::BTreeMap;
use tk_domain::cheque::ChequeStatus;
use tk_domain::counter::ShiftStatus;
use tk_domain::exception::ExceptionKind;
use tk_domain::id::{PaymentId, PrepaymentId};
use tk_domain::ledger::{AccountKind, AccountRef, Owner};
use tk_domain::payment::PaymentStatus;
use tk_domain::prepayment::DrawStatus;
use tk_domain::refund::RefundState;
use tk_money::Currency;

impl Hall {
    pub(super) fn require(&mut self, holds: bool, invariant: &'static str, text: impl FnOnce() -> String) {
        if !holds {
            self.checker.violation(invariant, text());
        }
    }

    pub(super) fn check_commit(&mut self, commit: &Commit) {
        if let Some(audit) = commit.appended.audits.last() {
            self.trace.feed(&audit.hash);
        }
        self.checker.after_commit_at_hand(&self.store.rows, commit);
        self.stays_hold_what_was_paid(commit);
        for key in &commit.attempts {
            if let Some(attempt) = self.store.rows.attempts.get(key).cloned() {
                self.nobody_unknown_pays_much(&attempt);
            }
        }
        self.cheques_are_money_only_when_the_bank_has_it(commit);
    }

    /// inv-17, inv-18 for money paid in advance: what a stay holds is what its payments brought less what was drawn, is
    /// going back or has gone back.
    fn stays_hold_what_was_paid(&mut self, commit: &Commit) {
        let touched = commit.accounts.iter().filter_map(|key| {
            let account = self.store.rows.accounts.get(key)?;
            if let Owner::Prepayment(id) = account.owner { Some(id) } else { None }
        });
        let touched: Vec<PrepaymentId> = touched.collect();
        self.stays_hold(&touched);
    }

    fn stays_hold(&mut self, ids: &[PrepaymentId]) {
        for id in ids.iter().copied() {
            let balance_minor = self.left_of(id);
            let rows = &self.store.rows;
            let standing =
                rows.draws.iter().filter(|row| row.prepayment_id == id && row.status == DrawStatus::Done);
            let drawn: i64 = standing.map(|row| row.amount_minor).sum();
            let (mut brought, mut reversed) = (0, 0);
            for payment in rows.payments.iter().filter(|row| row.prepayment_id == Some(id)) {
                if payment.status == PaymentStatus::Succeeded {
                    brought += payment.amount_minor - payment.refunded_minor - payment.refunding_minor;
                    reversed += payment.reversed_minor;
                }
            }
            // What the bank took back of a cheque the stay bears as far as it goes, the merchant the rest.
            let least = brought - drawn - reversed;
            let fits = (least..=least + reversed).contains(&balance_minor);
            self.require(fits, "prepaid", || {
                format!("{id} holds {balance_minor}, was brought {brought}, drawn {drawn}")
            });
        }
    }

    /// inv-07 for cheques: no payment counts one before the bank had its money.
    fn cheques_are_money_only_when_the_bank_has_it(&mut self, commit: &Commit) {
        for key in &commit.payments {
            let rows = &self.store.rows;
            let Some(payment) = rows.payments.get(key) else { continue };
            let Some(effective) = payment.effective_attempt_id else { continue };
            let paper = self.papers.iter().find(|paper| paper.id.is_some_and(|id| id.0 == effective.0));
            let early = paper.is_some_and(|paper| paper.booking.is_none());
            let id = payment.id;
            self.require(!early, "inv-07", || format!("{id} counts a cheque that no bank has paid"));
        }
    }

    pub(super) fn check_at_the_end(&mut self) {
        self.checker.inv_03_sum_zero(&self.store.rows);
        self.bank_is_ours();
        self.cash_is_where_it_is();
        self.payments_are_what_was_given();
        self.stays_hold(&self.stays.iter().map(|stay| stay.id).collect::<Vec<_>>());
        self.cheques_have_ended();
    }

    fn sum_of(&self, kind: AccountKind) -> i64 {
        let accounts = self.store.rows.accounts.iter().filter(|row| row.kind == kind);
        accounts.map(|row| row.balance_minor.saturating_neg()).sum()
    }

    fn compare(&mut self, what: &'static str, truth: i64, ours: i64) {
        if ours < truth {
            self.tally.fen_lost = self.tally.fen_lost.saturating_add(truth - ours);
        } else {
            self.tally.fen_created = self.tally.fen_created.saturating_add(ours - truth);
        }
        self.require(truth == ours, "truth", || format!("{what}: there is {truth}, our books have {ours}"));
    }

    fn bank_is_ours(&mut self) {
        let truth = self.bank.balance_fen(ACCOUNT).unwrap_or_default();
        self.compare("bank account", truth, self.sum_of(AccountKind::BankAccount));
        self.compare("unexplained debits", 0, self.sum_of(AccountKind::UnexplainedDebit).saturating_abs());
        self.compare("suspense", self.stray_credits(), self.sum_of(AccountKind::Suspense).saturating_neg());
    }

    /// Credits of cheques that came after nobody waited for them any more.
    fn stray_credits(&self) -> i64 {
        let stray = self.papers.iter().filter(|paper| paper.booking.is_some() && !paper.taken_back);
        let unbound = stray.filter(|paper| {
            let cheque = paper.id.and_then(|id| self.store.rows.cheques.get(&(TENANT, id)));
            cheque.is_none_or(|cheque| cheque.bank_line_id.is_none())
        });
        unbound.map(|paper| paper.amount_minor).sum()
    }

    fn cash_is_where_it_is(&mut self) {
        let open = self.store.rows.shifts.iter().filter(|row| row.status == ShiftStatus::Open).count();
        self.require(open == 0, "inv-40", || format!("{open} shifts never ended"));
        for (counter, account) in COUNTERS.into_iter().enumerate() {
            let name = |kind| AccountRef::channel(TENANT, account, kind, Currency::Cny);
            let ours =
                |hall: &Self, kind| hall.store.rows.account(&name(kind), 0).balance_minor.saturating_neg();
            let drawer = self.truth.drawers.get(&counter).copied().unwrap_or_default();
            self.compare("drawer", drawer, ours(self, AccountKind::CashDrawer));
            let owed = self.truth.terminals.get(&counter).copied().unwrap_or_default();
            self.compare("terminals", owed, ours(self, AccountKind::ChannelReceivable));
        }
        let name = AccountRef::channel(TENANT, WALLET, AccountKind::ChannelReceivable, Currency::Cny);
        let ours = self.store.rows.account(&name, 0).balance_minor.saturating_neg();
        self.compare("wallet", self.truth.wallet, ours);
        self.compare("vault", self.truth.vault, self.sum_of(AccountKind::CashVault));
        let mistaken: i64 = self.truth.mistakes.values().sum();
        self.compare("over and short", mistaken.saturating_neg(), self.sum_of(AccountKind::CashOverShort));
        self.compare("cash in transit", self.truth.carried_minor(), self.sum_of(AccountKind::CashInTransit));
    }

    /// What each payer gave and did not get back is what the books took for the payment, and what the bank took back of it
    /// was told.
    fn payments_are_what_was_given(&mut self) {
        let mut ours: BTreeMap<PaymentId, i64> = BTreeMap::new();
        for attempt in self.store.rows.attempts.iter().filter(|row| row.disposition.is_some()) {
            let kept = attempt.received_minor - attempt.refunded_minor - attempt.reversed_minor;
            *ours.entry(attempt.payment_id).or_default() += kept;
        }
        let payments: Vec<PaymentId> = self.visits.iter().filter_map(|visit| visit.payment).collect();
        for id in payments {
            let truth = self.truth.paid.get(&id).copied().unwrap_or_default();
            let booked = ours.get(&id).copied().unwrap_or_default();
            self.require(truth == booked, "truth", || format!("{id}: {truth} was given, {booked} is booked"));
            let due = self.store.rows.refunds.iter().filter(|row| {
                row.payment_id == id && matches!(row.status, RefundState::Approved | RefundState::Processing)
            });
            self.tally.manual += u64::try_from(due.count()).unwrap_or(0);
        }
        let standing: i64 = self.store.rows.prepayments.iter().map(|row| row.drawn_minor).sum();
        let truth: i64 = self
            .stays
            .iter()
            .flat_map(|stay| &stay.draws)
            .filter(|one| one.done)
            .map(|one| one.amount_minor)
            .sum();
        self.require(standing == truth, "prepaid", || format!("{truth} was drawn, rows have {standing}"));
    }

    fn cheques_have_ended(&mut self) {
        let waiting = self.store.rows.cheques.iter().filter(|row| row.status.at_bank()).count();
        self.require(waiting == 0, "inv-40", || format!("{waiting} cheques never ended"));
        self.compare("cheques in collection", 0, self.sum_of(AccountKind::ChequesInCollection));
        for paper in self.papers.clone() {
            let Some(cheque) = paper.id.and_then(|id| self.store.rows.cheques.get(&(TENANT, id))) else {
                continue;
            };
            let cleared = cheque.status == ChequeStatus::Cleared;
            let attempt = self.store.rows.attempts.get(&(TENANT, cheque.attempt_id()));
            let reversed = attempt.map_or(0, |row| row.reversed_minor);
            let expected = if cleared && paper.taken_back { paper.amount_minor } else { 0 };
            let id = cheque.id;
            self.require(reversed == expected, "truth", || {
                format!("{id}: the bank took {expected} back, {reversed} is booked")
            });
            let told = self.store.rows.exceptions.iter().any(|row| {
                row.kind == ExceptionKind::TransferReversed && row.payment_id == Some(paper.payment_id)
            });
            self.require(told || expected == 0, "desk", || format!("nobody was told that {id} is not paid"));
        }
    }
}

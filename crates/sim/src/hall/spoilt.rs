//! The planted bugs of the hall.

use super::Hall;
use super::setup::{COUNTERS, TENANT};
use crate::planted::Bug;
use crate::world::Missed;
use tk_domain::audit::Origin;
use tk_domain::command::{Command, LaneKind};
use tk_domain::counter::{CloseShift, RecordTaking, VoidStatus};
use tk_domain::decision::{Change, Changes};
use tk_domain::id::{AttemptId, Id128};
use tk_domain::identity::IdentityFinding;
use tk_domain::instruction::InstructionKind;
use tk_domain::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use tk_domain::payment::TakePaymentReport;
use tk_domain::prepayment::DrawPrepayment;
use tk_domain::refund::CreateRefund;
use tk_domain::report::{PaidEvidence, PaymentFinding, PaymentReport, Source};
use tk_money::Amount;

impl Hall {
    /// Bugs in how a decision is written.
    pub(super) fn spoil(&self, changes: Changes) -> Changes {
        if self.has(Bug::BouncedChequeKept) {
            return keep_bounced(changes);
        }
        if self.has(Bug::VoidPaidTwice) {
            return forget_void(changes);
        }
        changes
    }

    /// A check that nobody answered lets everybody through.
    pub(super) fn silence_is_consent(&self, finding: IdentityFinding) -> IdentityFinding {
        let silent = matches!(finding, IdentityFinding::Unclear | IdentityFinding::NotFound);
        if silent && self.has(Bug::SilenceProvesIdentity) { IdentityFinding::Passed } else { finding }
    }

    /// A code that was to be closed is closed, whether or not the wallet heard of it.
    pub(super) fn takes_for_granted(&self, kind: InstructionKind, finding: PaymentFinding) -> PaymentFinding {
        let unheard = kind == InstructionKind::Close && matches!(finding, PaymentFinding::Unclear(_));
        if unheard && self.has(Bug::CloseTakenForGranted) { PaymentFinding::Closed } else { finding }
    }

    fn write(&mut self, lane: LaneKind, changes: Changes) {
        if let Ok(commit) = self.store.commit((TENANT, lane), changes, self.now_us) {
            self.check_commit(&commit);
        }
    }

    /// A presented cheque is taken for paid.
    pub(super) fn counts_on_presentation(&mut self, index: usize) {
        if !self.has(Bug::ChequePaidOnPresentation) {
            return;
        }
        let Some((payment_id, amount_minor, id)) =
            self.papers.get(index).and_then(|paper| Some((paper.payment_id, paper.amount_minor, paper.id?)))
        else {
            return;
        };
        let evidence = PaidEvidence {
            channel_txn_no: format!("presented-{index}"),
            amount: Amount::fen(amount_minor),
            payee_app: None,
            payee_merchant: None,
            borne: None,
            paid_at_us: Some(self.now_us),
        };
        let finding = PaymentFinding::Paid(evidence);
        let report = PaymentReport { source: Source::Counter, asked_at_us: self.now_us, finding };
        let (attempt_id, origin) = (AttemptId(id.0), Origin::system());
        let _taken =
            self.run(&TakePaymentReport { tenant_id: TENANT, payment_id, attempt_id, report, origin });
    }

    /// A slip is recorded for each time that it was sent, under a number of its own.
    pub(super) fn records_again(&mut self, command: &RecordTaking) -> Result<(), Missed> {
        let Some(slip) = command.slip.clone().filter(|_| self.has(Bug::SlipRecordedTwice)) else {
            return Ok(());
        };
        let mut again = command.clone();
        again.attempt_id = AttemptId(Id128::v7(self.now_us, u128::from(self.dice.next_u64())));
        again.slip = Some(tk_domain::counter::Slip { number: format!("{}-again", slip.number), ..slip });
        super::or_refused(self.run(&again).map(|_| ())).map(|_| ())
    }

    /// The drawer is counted as it should be.
    pub(super) fn swallows_the_difference(&self, mut command: CloseShift) -> CloseShift {
        let shift = self.store.rows.shifts.get(&(TENANT, command.shift_id));
        if let Some(shift) = shift.filter(|_| self.has(Bug::DifferenceSwallowed)) {
            command.counted_minor = shift.expected_minor();
        }
        command
    }

    /// Two requests read what is left before either writes.
    pub(super) fn draws_twice_at_once(&mut self, command: &DrawPrepayment) -> bool {
        if !self.has(Bug::DrawnTwiceAtOnce) {
            return false;
        }
        let mut other = command.clone();
        other.draw_no = format!("{}-again", command.draw_no);
        let first = self.store.decide(command, self.now_us);
        let second = self.store.decide(&other, self.now_us);
        for decision in [first, second].into_iter().flatten() {
            self.write(command.lane(), decision.changes);
        }
        true
    }

    /// A refund of a deposit looks at what was paid in and not at what is left, and takes the rest from the merchant's.
    pub(super) fn refunds_what_was_drawn(&mut self, command: &CreateRefund) -> bool {
        let payment = self.store.rows.payments.get(&(TENANT, command.payment_id));
        let prepaid = payment.filter(|row| row.prepayment_id.is_some()).map(|row| row.credited_account());
        let Some(name) = prepaid.filter(|_| self.has(Bug::DepositRefundIgnoresDraws)) else { return false };
        let pending = AccountKind::PendingSettlement;
        let merchants =
            payment.map(|row| AccountRef::merchant(TENANT, row.merchant_id, pending, row.currency));
        let before = self.store.rows.account(&name, 0);
        if before.balance_minor >= command.amount_minor {
            return false;
        }
        let mut raised = before.clone();
        raised.balance_minor = raised.balance_minor.saturating_add(command.amount_minor);
        self.store.rows.accounts.put(raised);
        let decision = self.store.decide(command, self.now_us);
        self.store.rows.accounts.put(before);
        let (Ok(decision), Some(merchants)) = (decision, merchants) else { return false };
        let mut spoilt = Changes::default();
        for change in decision.changes.into_vec() {
            match change {
                Change::Hold(mut hold) => {
                    hold.pending_settlement_minor = std::mem::take(&mut hold.prepaid_minor);
                    spoilt.put_change(Change::Hold(hold));
                }
                Change::Entry(entry) => {
                    spoilt.put(moved(&entry, |account| if account == name { merchants } else { account }))
                }
                other => spoilt.put_change(other),
            }
        }
        self.write(LaneKind::Posting, spoilt);
        true
    }
}

/// The same entry between other accounts.
fn moved(entry: &Entry, to: impl Fn(AccountRef) -> AccountRef) -> Entry {
    let lines = entry.lines().iter().map(|line| (to(line.account), line.side, line.amount_minor)).collect();
    let Ok(mut spoilt) = Entry::new(entry.tenant_id, entry.id, entry.kind, entry.booked_at_us, lines) else {
        return entry.clone();
    };
    (spoilt.payment_id, spoilt.attempt_id, spoilt.refund_id) =
        (entry.payment_id, entry.attempt_id, entry.refund_id);
    spoilt
}

/// The bank took a cheque's money back; the merchant keeps it, and nobody is told.
fn keep_bounced(changes: Changes) -> Changes {
    let reversed =
        |change: &Change| matches!(change, Change::Entry(entry) if entry.kind == EntryKind::TransferReversed);
    let collected = |change: &Change| matches!(change, Change::Payment(_));
    let rows = changes.as_slice();
    if !rows.iter().any(reversed) || !rows.iter().any(collected) {
        return changes;
    }
    let counters = AccountRef::channel(
        TENANT,
        COUNTERS.first().copied().unwrap_or_default(),
        AccountKind::CashOverShort,
        tk_money::Currency::Cny,
    );
    let mut spoilt = Changes::default();
    for change in changes.into_vec() {
        match change {
            Change::Entry(entry) if entry.lines().iter().any(|line| line.side == Side::Debit) => {
                spoilt.put(moved(&entry, |account| {
                    let merchants = matches!(
                        account.kind,
                        AccountKind::PendingSettlement | AccountKind::Prepaid | AccountKind::RefundReceivable
                    );
                    if merchants { counters } else { account }
                }));
            }
            Change::Payment(_) | Change::Attempt(_) | Change::Exception(_) => {}
            other => spoilt.put_change(other),
        }
    }
    spoilt
}

/// A taking that was undone can be undone again.
fn forget_void(changes: Changes) -> Changes {
    let undone = |change: &Change| matches!(change, Change::CounterMovement(row) if row.void_status == VoidStatus::Approved);
    if !changes.as_slice().iter().any(undone) {
        return changes;
    }
    let mut spoilt = Changes::default();
    for mut change in changes.into_vec() {
        if let Change::Attempt(row) = &mut change {
            row.refunded_minor = 0;
        }
        spoilt.put_change(change);
    }
    spoilt
}

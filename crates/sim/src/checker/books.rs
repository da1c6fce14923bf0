//! The books: the checker adds every line up by itself.

use crate::checker::Checker;
use crate::store::Commit;
use std::collections::{BTreeMap, BTreeSet};
use tk_domain::id::{AccountId, AttemptId, EntryId, PaymentId, RefundId, TenantId};
use tk_domain::ledger::{AccountKind, Entry, EntryKind};
use tk_domain::snapshot::Snapshot;

/// Sums of lines, and which entries book what.
#[derive(Debug, Default)]
pub(crate) struct Books {
    balances: BTreeMap<(TenantId, AccountId), i64>,
    entries: BTreeSet<EntryId>,
    sequences: BTreeMap<(TenantId, i64, bool), (i64, i64)>,
    pub(super) collects: BTreeMap<(TenantId, PaymentId), u32>,
    pub(super) received: BTreeMap<(TenantId, AttemptId), Vec<(EntryKind, i64)>>,
    pub(super) refund_entries: BTreeMap<(TenantId, RefundId), Vec<EntryKind>>,
    pub(super) part_lines: BTreeMap<(TenantId, PaymentId, AccountKind), i64>,
    pub(super) fee_income: BTreeMap<(TenantId, PaymentId), i64>,
}

impl Checker {
    /// inv-01: both sides equal, at least two lines, each above zero.
    pub(super) fn inv_01_balanced(&mut self, entry: &Entry) {
        let sum: i64 = entry.lines().iter().map(tk_domain::ledger::EntryLine::signed_minor).sum();
        let positive = entry.lines().iter().all(|line| line.amount_minor > 0);
        let holds = sum == 0 && positive && entry.lines().len() >= 2;
        self.require(holds, "inv-01", || format!("{} does not balance", entry.id));
    }

    pub(super) fn note_entry(&mut self, entry: &Entry) {
        let fresh = self.books.entries.insert(entry.id);
        self.require(fresh, "inv-02", || format!("{} was booked twice", entry.id));
        for line in entry.lines() {
            let balance = self.books.balances.entry((entry.tenant_id, line.account.id())).or_insert(0);
            *balance = balance.saturating_add(line.signed_minor());
            let same = *balance == line.balance_after_minor;
            self.require(same, "inv-03", || format!("{} carries a wrong balance", entry.id));
        }
        if let Some(payment_id) = entry.payment_id {
            if entry.kind == EntryKind::Collect {
                *self.books.collects.entry((entry.tenant_id, payment_id)).or_insert(0) += 1;
            }
            let fee: i64 = entry
                .lines()
                .iter()
                .filter(|line| line.account.kind == AccountKind::FeeIncome)
                .map(tk_domain::ledger::EntryLine::signed_minor)
                .sum();
            *self.books.fee_income.entry((entry.tenant_id, payment_id)).or_insert(0) += fee;
        }
        self.note_parts(entry);
        self.note_subject(entry);
    }

    fn note_subject(&mut self, entry: &Entry) {
        let collection = matches!(
            entry.kind,
            EntryKind::Collect
                | EntryKind::CollectDuplicate
                | EntryKind::CollectLate
                | EntryKind::CollectSuspense
        );
        if let (true, Some(attempt_id)) = (collection, entry.attempt_id) {
            let gross: i64 = entry
                .lines()
                .iter()
                .filter(|line| {
                    matches!(
                        line.account.kind,
                        AccountKind::PendingSettlement
                            | AccountKind::CollectedForOthers
                            | AccountKind::Prepaid
                            | AccountKind::Duplicate
                            | AccountKind::LateSuccess
                            | AccountKind::Suspense
                    )
                })
                .map(tk_domain::ledger::EntryLine::signed_minor)
                .sum();
            self.books.received.entry((entry.tenant_id, attempt_id)).or_default().push((entry.kind, gross));
        }
        let shares = matches!(
            entry.kind,
            EntryKind::SplitReturn | EntryKind::SplitReturnUndone | EntryKind::SplitReturned
        );
        if let (false, Some(refund_id)) = (shares, entry.refund_id) {
            self.books.refund_entries.entry((entry.tenant_id, refund_id)).or_default().push(entry.kind);
        }
    }

    /// inv-03: the cached balance is the sum of the lines.
    pub(super) fn inv_03_balances(&mut self, rows: &Snapshot, commit: &Commit) {
        for key in &commit.accounts {
            let cached = rows.accounts.get(key).map(|account| account.balance_minor);
            let summed = self.books.balances.get(key).copied();
            self.require(cached == summed, "inv-03", || {
                format!("{} is {cached:?}, lines say {summed:?}", key.1)
            });
        }
    }

    /// inv-04: guarded accounts stay above minus their limit.
    pub(super) fn inv_04_guarded(&mut self, rows: &Snapshot, commit: &Commit) {
        for key in &commit.accounts {
            let Some(account) = rows.accounts.get(key) else { continue };
            let holds = !account.kind.guarded() || account.available_minor() >= 0;
            self.require(holds, "inv-04", || format!("{} fell to {}", account.id, account.balance_minor));
        }
    }

    /// inv-06: entry numbers have no gaps and times never go back.
    pub(super) fn inv_06_entry_sequence(&mut self, entry: &Entry) {
        self.sequence((entry.tenant_id, entry.lane, false), entry.seq, entry.booked_at_us);
    }

    /// inv-06, for events.
    pub(super) fn inv_06_event_sequence(&mut self, event: &tk_domain::webhook::Event) {
        self.sequence((event.tenant_id, event.lane, true), event.lane_seq, event.created_at_us);
    }

    fn sequence(&mut self, lane: (TenantId, i64, bool), seq: i64, at_us: i64) {
        let last = self.books.sequences.entry(lane).or_insert((0, 0));
        let holds = seq == last.0.saturating_add(1) && at_us > last.1;
        *last = (seq, at_us);
        self.require(holds, "inv-06", || format!("number {seq} is out of sequence in lane {}", lane.1));
    }

    /// inv-03, whole: all balances of a tenant sum to zero, and every account is what its lines say.
    pub(crate) fn inv_03_sum_zero(&mut self, rows: &Snapshot) {
        let mut sums: BTreeMap<TenantId, i64> = BTreeMap::new();
        for account in rows.accounts.iter() {
            let sum = sums.entry(account.tenant_id).or_insert(0);
            *sum = sum.saturating_add(account.balance_minor);
            let summed = self.books.balances.get(&(account.tenant_id, account.id)).copied().unwrap_or(0);
            let holds = summed == account.balance_minor;
            self.require(holds, "inv-03", || format!("{} differs from its lines", account.id));
        }
        for (tenant_id, sum) in sums {
            self.require(sum == 0, "inv-03", || format!("the books of {tenant_id} sum to {sum}"));
        }
    }
}

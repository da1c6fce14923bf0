//! What payments are made of: what goes back of each item, added up apart from the code that books it.

use crate::checker::Checker;
use crate::store::Commit;
use tk_domain::ledger::AccountKind;
use tk_domain::payment::{Payment, PaymentStatus};
use tk_domain::refund::Refund;
use tk_domain::snapshot::Snapshot;

/// What is known of one item.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    amount: i64,
    for_others: bool,
    back: i64,
}

impl Checker {
    /// inv-23: no more goes back of an item than was paid for it, each refund is of items that sum to it, and what is
    /// collected for others stands apart until it goes back.
    pub(super) fn inv_23_items(&mut self, rows: &Snapshot, commit: &Commit) {
        let of_refunds = commit.refunds.iter().filter_map(|key| rows.refunds.get(key));
        let of_refunds = of_refunds.map(|refund| (refund.tenant_id, refund.payment_id));
        for key in commit.payments.iter().copied().chain(of_refunds) {
            let Some(payment) = rows.payments.get(&key).filter(|row| row.items.is_some()) else { continue };
            self.one_payments_items(payment, rows);
        }
    }

    fn one_payments_items(&mut self, payment: &Payment, rows: &Snapshot) {
        let items = payment.items();
        let line = |item: &tk_domain::payment::Item| Line {
            amount: item.amount,
            for_others: item.collected_for.is_some(),
            back: 0,
        };
        let mut lines: Vec<Line> = items.iter().map(line).collect();
        let sum: i64 = lines.iter().map(|line| line.amount).sum();
        self.require(sum == payment.amount_minor, "inv-23", || format!("{}'s items are {sum}", payment.id));
        let refunds = rows
            .refunds
            .iter()
            .filter(|row| row.tenant_id == payment.tenant_id && row.payment_id == payment.id)
            .filter(|row| payment.effective_attempt_id == Some(row.attempt_id));
        let late = |row: &Refund| row.late_succeeded_at_us.is_some();
        let mut any_late = false;
        for refund in refunds.filter(|row| row.status.counts() || late(row)) {
            any_late = any_late || late(refund);
            let shares = refund.item_shares();
            let whole: i64 = shares.iter().sum();
            let fits = whole == refund.amount_minor || late(refund) && whole < refund.amount_minor;
            self.require(fits, "inv-23", || format!("{}: {} is of items of {whole}", payment.id, refund.id));
            for (line, share) in lines.iter_mut().zip(shares) {
                line.back = line.back.saturating_add(share);
            }
        }
        let counted = payment.items_back();
        let same = lines
            .iter()
            .enumerate()
            .all(|(place, line)| counted.get(place).copied().unwrap_or(0) == line.back);
        let within = lines.iter().all(|line| (0..=line.amount).contains(&line.back));
        self.require(same && within, "inv-23", || {
            format!("{}: items {lines:?}, counted back {counted:?}", payment.id)
        });
        self.booked_for_others((payment, any_late), &lines);
    }

    fn booked_for_others(&mut self, (payment, any_late): (&Payment, bool), lines: &[Line]) {
        if self.waits() {
            return;
        }
        let others = lines.iter().filter(|line| line.for_others);
        let (whole, back) = others.fold((0_i64, 0_i64), |(whole, back), line| {
            (whole.saturating_add(line.amount), back.saturating_add(line.back))
        });
        // A discount beyond the merchant's own items leaves less for others.
        let paid = payment.payer_minor.saturating_sub(payment.discount_minor);
        let collected = payment.status == PaymentStatus::Succeeded;
        let owed = if collected { whole.min(paid).saturating_sub(back) } else { 0 };
        let key = (payment.tenant_id, payment.id, AccountKind::CollectedForOthers);
        let booked = self.books.part_lines.get(&key).copied().unwrap_or(0);
        let holds = if any_late { booked >= owed.min(0) && booked <= whole } else { booked == owed };
        self.require(holds, "inv-23", || {
            format!("{}: {booked} stands for others, its items say {owed}", payment.id)
        });
    }
}

//! Who paid what: the parts of each amount, added up apart from the code that books them.

use crate::checker::Checker;
use crate::store::Commit;
use tk_domain::id::{PaymentId, TenantId};
use tk_domain::ledger::{AccountKind, Entry, EntryKind};
use tk_domain::payment::{
    Attempt, Disposition, Part, PartFunder, PartKind, PartReturn, Payment, PaymentStatus,
};
use tk_domain::refund::Refund;
use tk_domain::snapshot::Snapshot;

/// The accounts that only parts post to.
const KINDS: [AccountKind; 4] = [
    AccountKind::CouponReceivable,
    AccountKind::AdvanceFunding,
    AccountKind::AdvanceReceivable,
    AccountKind::AdvancePayable,
];

impl Checker {
    pub(super) fn note_parts(&mut self, entry: &Entry) {
        let Some(payment_id) = entry.payment_id else { return };
        // What a bank takes back is not what refunds give.
        let given = entry.kind != EntryKind::TransferReversed;
        let noted = |kind| KINDS.contains(&kind) || given && kind == AccountKind::CollectedForOthers;
        for line in entry.lines().iter().filter(|line| noted(line.account.kind)) {
            let key = (entry.tenant_id, payment_id, line.account.kind);
            let sum = self.books.part_lines.entry(key).or_insert(0);
            *sum = sum.saturating_add(line.signed_minor());
        }
    }

    /// What a success credits: what the channel pays over, and for the one that counts what others put up.
    pub(super) fn credited_minor(&self, attempt: &Attempt) -> i64 {
        let counts = attempt.disposition == Some(Disposition::Effective);
        let key = (attempt.tenant_id, attempt.payment_id);
        let parts = self.parts_of(key).filter(|_| counts).unwrap_or_default();
        let put_up = parts.iter().filter(|part| part.funder != PartFunder::Merchant);
        put_up.fold(attempt.settled_minor(), |sum, part| sum.saturating_add(part.amount))
    }

    /// inv-23: the parts and the payer's money are the amount; what went back of each is what the refunds say, whole
    /// once all of the payer's money is back; and the books agree.
    pub(super) fn inv_23_parts(&mut self, rows: &Snapshot, commit: &Commit) {
        let of_refunds = commit.refunds.iter().filter_map(|key| rows.refunds.get(key));
        let of_refunds = of_refunds.map(|refund| (refund.tenant_id, refund.payment_id));
        for key in commit.payments.iter().copied().chain(of_refunds) {
            let Some(payment) = rows.payments.get(&key) else { continue };
            self.one_payments_parts(payment, rows);
        }
    }

    fn one_payments_parts(&mut self, payment: &Payment, rows: &Snapshot) {
        let parts = payment.parts();
        let whole: i64 = parts.iter().map(|part| part.amount).sum();
        let adds_up = payment.payer_minor.saturating_add(whole) == payment.amount_minor;
        self.require(adds_up, "inv-23", || format!("{} is not the sum of its parts", payment.id));
        if parts.is_empty() {
            return;
        }
        let refunds: Vec<&Refund> = rows
            .refunds
            .iter()
            .filter(|row| row.tenant_id == payment.tenant_id && row.payment_id == payment.id)
            .filter(|row| payment.effective_attempt_id == Some(row.attempt_id))
            .collect();
        let late = |row: &Refund| row.late_succeeded_at_us.is_some();
        let live = back(&parts, refunds.iter().filter(|row| row.status.counts() || late(row)));
        let counted = payment.parts_back();
        let same = live.iter().enumerate().all(|(at, sum)| counted.get(at).copied().unwrap_or(0) == *sum);
        // What a refund done after its end left to one that was then open and withdrawn, a person settles.
        let gone = payment.refunded_minor;
        let succeeded = payment.status == PaymentStatus::Succeeded;
        let over = succeeded && gone > 0 && gone >= payment.refund_base_minor();
        let exact = parts.iter().zip(&live).all(|(part, sum)| {
            let due = if part.on_refund == PartReturn::Kept { 0 } else { part.amount };
            (0..=due).contains(sum) && (!over || *sum == due)
        });
        self.require(same && exact, "inv-23", || {
            format!("{}: parts {parts:?}, back {counted:?}, refunds say {live:?}", payment.id)
        });
        let given = back(&parts, refunds.iter().filter(|row| row.succeeded_at_us.is_some() || late(row)));
        self.booked_parts((payment.tenant_id, payment.id), payment, (&parts, &given));
    }

    fn booked_parts(
        &mut self,
        (tenant_id, payment_id): (TenantId, PaymentId),
        payment: &Payment,
        (parts, given): (&[Part], &[i64]),
    ) {
        if self.waits() {
            return;
        }
        let collected = payment.status == PaymentStatus::Succeeded;
        let open = |kind: PartKind| -> i64 {
            let of_kind = parts
                .iter()
                .zip(given)
                .filter(|(part, _)| collected && part.kind == kind && part.funder != PartFunder::Merchant);
            of_kind.map(|(part, given)| part.amount.saturating_sub(*given)).sum()
        };
        let (coupons, advances) = (open(PartKind::Coupon), open(PartKind::Advance));
        let expected = [-coupons, -advances, -advances, advances];
        for (kind, expected) in KINDS.into_iter().zip(expected) {
            let booked = self.books.part_lines.get(&(tenant_id, payment_id, kind)).copied().unwrap_or(0);
            self.require(booked == expected, "inv-23", || {
                format!("{payment_id}: {kind} is {booked}, its parts say {expected}")
            });
        }
    }
}

/// What went back of each part with these refunds.
fn back<'a>(parts: &[Part], refunds: impl Iterator<Item = &'a &'a Refund>) -> Vec<i64> {
    let mut sums = vec![0_i64; parts.len()];
    for refund in refunds {
        for (sum, share) in sums.iter_mut().zip(refund.part_shares()) {
            *sum = sum.saturating_add(share);
        }
    }
    sums
}

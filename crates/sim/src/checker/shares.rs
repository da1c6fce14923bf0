//! Shares: what receivers got, what refunds took back, and that both are in the books.

use crate::checker::Checker;
use std::collections::BTreeMap;
use tk_domain::id::{AccountId, PaymentId, TenantId};
use tk_domain::ledger::{AccountKind, AccountRef, Entry, EntryKind};
use tk_domain::payment::Payment;
use tk_domain::snapshot::Snapshot;
use tk_domain::split::{ReturnStatus, SplitLine};

/// What entries about splits left on each account, per payment.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    booked: BTreeMap<(TenantId, PaymentId, AccountId), i64>,
}

impl Checker {
    pub(super) fn note_shares(&mut self, entry: &Entry) {
        let about_shares =
            matches!(entry.kind, EntryKind::Split | EntryKind::SplitReturn | EntryKind::SplitReturnUndone);
        let (true, Some(payment_id)) = (about_shares, entry.payment_id) else { return };
        for line in entry.lines() {
            let key = (entry.tenant_id, payment_id, line.account.id());
            let sum = self.shares.booked.entry(key).or_insert(0);
            *sum = sum.saturating_add(line.signed_minor());
        }
    }

    /// inv-05 and inv-23: never more back than was shared, and each return belongs to a refund.
    pub(super) fn check_share(&mut self, line: &SplitLine, rows: &Snapshot) {
        let back = |open: bool| -> i64 {
            let mine = rows.split_returns.iter().filter(|back| back.line_id == line.id);
            let mine =
                mine.filter(|back| if open { back.status.open() } else { back.status == ReturnStatus::Done });
            mine.map(|back| back.amount_minor).sum()
        };
        let holds = line.returning_minor == back(true)
            && line.returned_minor == back(false)
            && line.returning_minor >= 0
            && line.returning_minor + line.returned_minor <= line.amount_minor;
        self.require(holds, "inv-23", || format!("{} took back what was never shared: {line:?}", line.id));
        let collected = rows
            .payments
            .get(&(line.tenant_id, line.payment_id))
            .is_some_and(|payment| payment.effective_attempt_id.is_some());
        self.require(collected, "inv-08", || format!("{} shares what was never collected", line.payment_id));
    }

    /// Receivers have in the books what was shared less what came back, and of a payment refunded in full nothing.
    pub(super) fn shares_at_the_end(&mut self, rows: &Snapshot) {
        let mut kept: BTreeMap<(TenantId, PaymentId, AccountId), i64> = BTreeMap::new();
        for line in rows.split_lines.iter() {
            let Some(merchant) = line.to_merchant_id else { continue };
            let kind = AccountKind::PendingSettlement;
            let name = AccountRef::merchant(line.tenant_id, merchant, kind, line.currency);
            let sum = kept.entry((line.tenant_id, line.payment_id, name.id())).or_insert(0);
            *sum = sum.saturating_add(line.kept_minor());
            let Some(payment) = rows.payments.get(&(line.tenant_id, line.payment_id)) else { continue };
            self.in_proportion(line, payment, rows);
        }
        for ((tenant_id, payment_id, account), minor) in kept {
            let booked = self.shares.booked.get(&(tenant_id, payment_id, account)).copied().unwrap_or(0);
            self.require(booked == minor, "inv-05", || {
                format!("{payment_id}: a receiver keeps {minor} and the books say {booked}")
            });
        }
    }

    /// As much of a share came back as of its payment, to the fen per refund, and all of it where all went back.
    fn in_proportion(&mut self, line: &SplitLine, payment: &Payment, rows: &Snapshot) {
        if payment.late_refunded_minor > 0 || payment.refunding_minor > 0 {
            return;
        }
        let refunds = rows.refunds.iter().filter(|refund| refund.payment_id == payment.id).count();
        let share = i128::from(line.amount_minor) * i128::from(payment.refunded_minor);
        let due = i64::try_from(share / i128::from(payment.refund_base_minor().max(1))).unwrap_or(i64::MAX);
        let off = line.returned_minor.abs_diff(due);
        let whole = payment.refunded_minor == payment.refund_base_minor();
        let allowed = if whole { 0 } else { u64::try_from(refunds).unwrap_or(0) };
        self.require(off <= allowed, "inv-23", || {
            format!("{} gave back {} where {due} was due", line.id, line.returned_minor)
        });
    }
}

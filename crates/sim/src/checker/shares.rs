//! Shares: what receivers got, what refunds took back, and that both are in the books.

use crate::checker::Checker;
use crate::seller::{Seller, Share, Trade};
use crate::tally::Tally;
use std::collections::BTreeMap;
use tk_domain::channel_account::Channel;
use tk_domain::exception::ExceptionKind;
use tk_domain::id::{AccountId, ChannelAccountId, PaymentId, TenantId};
use tk_domain::ledger::{AccountKind, AccountRef, Entry, EntryKind};
use tk_domain::payment::{Attempt, Payment};
use tk_domain::refund::Refund;
use tk_domain::snapshot::Snapshot;
use tk_domain::split::{
    ABANDONED, DividedBy, ReturnMode, ReturnStatus, Split, SplitLine, SplitLineStatus, SplitReturn,
    SplitState, divided_by,
};

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
            let mine = mine.filter(|back| if open { back.open() } else { back.status == ReturnStatus::Done });
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

    /// inv-20 and inv-21 for shares: what is paid here is paid at the channel, and what is the merchant's again is not.
    pub(super) fn check_paid_share(
        &mut self,
        line: &SplitLine,
        rows: &Snapshot,
        sellers: &BTreeMap<ChannelAccountId, Seller>,
    ) {
        let receiver = line.to_receiver_id.and_then(|id| rows.split_receivers.get(&(line.tenant_id, id)));
        let split = rows.splits.get(&(line.tenant_id, line.split_id));
        let (Some(receiver), Some(split)) = (receiver, split) else { return };
        let attempt = rows.attempts.get(&(line.tenant_id, split.attempt_id));
        let trade = attempt.and_then(|row| sellers.get(&row.channel_account_id)?.trade(&row.out_no));
        let paid = trade.as_ref().is_some_and(|trade| {
            let same = |share: &Share| share.account == receiver.account && share.fen == line.amount_minor;
            trade.shares.iter().any(same)
        });
        let (holds, invariant) = match line.status {
            SplitLineStatus::Pending => (true, "inv-21"),
            SplitLineStatus::Done => (paid, "inv-21"),
            SplitLineStatus::Failed => (!paid, "inv-20"),
        };
        self.require(holds, invariant, || {
            format!("{} is {}, the channel paid it: {paid}", line.id, line.status)
        });
        let back: i64 = trade.map_or(0, |trade| {
            let of_receiver = trade.shares.iter().filter(|share| share.account == receiver.account);
            of_receiver.map(|share| share.back_fen).sum()
        });
        let ahead = receiver.channel == Channel::Wechatpay && line.status == SplitLineStatus::Done;
        self.require(!ahead || line.returned_minor <= back, "inv-21", || {
            format!("{} gave back {}, at the channel {back}", line.id, line.returned_minor)
        });
    }

    /// inv-23: a refund is not said before the shares that come back ahead of it did.
    pub(super) fn shares_came_back(&mut self, refund: Option<&Refund>, rows: &Snapshot) {
        let Some(refund) = refund else { return };
        let ahead = |back: &&SplitReturn| back.refund_id == refund.id && back.mode == ReturnMode::Ahead;
        let mut ahead = rows.split_returns.iter().filter(ahead);
        let holds = ahead.all(|back| back.status == ReturnStatus::Done);
        self.require(holds, "inv-23", || format!("{} is said before its shares came back", refund.id));
    }

    /// What the channel paid of shares and took back, per receiver, is what our rows say; nothing is left undecided, and
    /// nobody waits for money that nothing more is taken from.
    pub(super) fn channel_shares_at_the_end(
        &mut self,
        rows: &Snapshot,
        sellers: &BTreeMap<ChannelAccountId, Seller>,
        tally: &mut Tally,
    ) {
        for split in rows.splits.iter() {
            let settled = split.status.terminal() || split.needs_manual;
            self.require(settled, "inv-40", || format!("{} stays {}", split.id, split.status));
        }
        let paid = |line: &&SplitLine| line.to_receiver_id.is_some() && line.status == SplitLineStatus::Done;
        let paid = rows.split_lines.iter().filter(paid).count();
        tally.shares_by_channel += u64::try_from(paid).unwrap_or(u64::MAX);
        let came_back = |back: &&SplitReturn| {
            back.mode == ReturnMode::Ahead && back.status == ReturnStatus::Done && back.queries_count > 0
        };
        for back in rows.split_returns.iter().filter(|back| back.mode.with_refund()) {
            let told = rows
                .exceptions
                .iter()
                .any(|row| row.kind == ExceptionKind::SplitUnknown && row.refund_id == Some(back.refund_id));
            let done = rows.refunds.get(&(back.tenant_id, back.refund_id));
            let done = done.is_some_and(|refund| refund.succeeded_at_us.is_some());
            self.require(!done || !back.open() || told, "inv-40", || {
                format!("{} stays {} after its refund", back.id, back.status)
            });
            tally.shares_with_refunds += u64::from(back.status == ReturnStatus::Done && done);
            tally.shares_kept += u64::from(back.status == ReturnStatus::Refused);
        }
        let back = rows.split_returns.iter().filter(came_back).count();
        tally.shares_back += u64::try_from(back).unwrap_or(u64::MAX);
        let given_up = rows.split_lines.iter().filter(|line| line.failure_code.as_deref() == Some(ABANDONED));
        let backs = rows.split_returns.iter().filter(|row| row.failure_code.as_deref() == Some(ABANDONED));
        tally.shares_given_up += u64::try_from(given_up.count() + backs.count()).unwrap_or(u64::MAX);
        for payment in rows.payments.iter().filter(|payment| divided_by(payment) != DividedBy::Nobody) {
            let attempt =
                payment.effective_attempt_id.and_then(|id| rows.attempts.get(&(payment.tenant_id, id)));
            let Some(attempt) = attempt else { continue };
            let trade =
                sellers.get(&attempt.channel_account_id).and_then(|seller| seller.trade(&attempt.out_no));
            let Some(trade) = trade else { continue };
            let of_payment = |split: &&Split| split.payment_id == payment.id;
            let told = rows.splits.iter().filter(of_payment).any(|split| split.needs_manual);
            let refused = rows
                .splits
                .iter()
                .filter(of_payment)
                .any(|split| split.amount_minor == 0 && split.status == SplitState::Failed);
            self.require(!trade.kept || told || refused, "inv-40", || {
                format!("{}: the channel still keeps what is not divided", payment.id)
            });
            // What a late refund took of shares a person settles.
            if payment.late_refunded_minor == 0 {
                self.shares_agree(payment, &trade, rows);
            }
        }
    }

    fn shares_agree(&mut self, payment: &Payment, trade: &Trade, rows: &Snapshot) {
        let theirs: i64 = trade.shares.iter().map(|share| share.fen - share.back_fen).sum();
        let paid = |line: &&SplitLine| {
            line.payment_id == payment.id
                && line.to_receiver_id.is_some()
                && line.status == SplitLineStatus::Done
        };
        let under_way = rows.split_returns.iter().any(|back| {
            let refund = rows.refunds.get(&(back.tenant_id, back.refund_id));
            let goes_on = refund.is_some_and(|refund| !refund.status.terminal());
            let asked = back.status == ReturnStatus::Processing && back.mode.with_refund();
            back.payment_id == payment.id && back.open() && (goes_on || asked)
        });
        let ours: i64 =
            rows.split_lines.iter().filter(paid).map(|line| line.amount_minor - line.returned_minor).sum();
        self.require(ours == theirs || under_way, "truth", || {
            format!("{}: receivers have {theirs} of the channel and {ours} by our rows", payment.id)
        });
    }

    /// Receivers have in the books what was shared less what came back, and of a payment refunded in full nothing.
    pub(super) fn shares_at_the_end(&mut self, rows: &Snapshot) {
        let mut kept: BTreeMap<(TenantId, PaymentId, AccountId), i64> = BTreeMap::new();
        for line in rows.split_lines.iter() {
            if let Some(payment) = rows.payments.get(&(line.tenant_id, line.payment_id))
                && line.to_receiver_id.is_some()
                && line.status == SplitLineStatus::Done
            {
                self.in_proportion(line, payment, rows);
            }
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
        let later = line.refunded_before_minor > 0;
        if later || payment.late_refunded_minor > 0 || payment.refunding_minor > 0 || !line.returnable {
            return;
        }
        // What came back for a refund that failed afterwards counts for the next.
        let done =
            |id| rows.refunds.get(&(line.tenant_id, id)).is_some_and(|row| row.succeeded_at_us.is_some());
        let of_line = |back: &&SplitReturn| back.line_id == line.id;
        let elsewise = |back: &SplitReturn| {
            // The channel reckons, or has yet to say.
            back.mode == ReturnMode::Itself
                || back.status == ReturnStatus::Processing
                || back.status == ReturnStatus::Done && !done(back.refund_id)
        };
        if rows.split_returns.iter().filter(of_line).any(elsewise) {
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

/// What receivers have of an attempt's money by the channel, by our rows, minor units.
pub(super) fn paid_minor(attempt: &Attempt, rows: &Snapshot) -> i64 {
    let of_attempt = |line: &&SplitLine| {
        let split = rows.splits.get(&(line.tenant_id, line.split_id));
        line.to_receiver_id.is_some()
            && line.status == SplitLineStatus::Done
            && split.is_some_and(|split| split.attempt_id == attempt.id)
    };
    let lines = rows.split_lines.iter().filter(of_attempt);
    lines.map(|line| line.amount_minor - line.returned_minor).sum()
}

/// Whether the channel has not said of some share whether it came back with its refund; a person has it.
pub(super) fn has_unsaid_return(attempt: &Attempt, rows: &Snapshot) -> bool {
    rows.split_returns.iter().any(|back| {
        let refund = rows.refunds.get(&(back.tenant_id, back.refund_id));
        back.mode.with_refund()
            && back.status == ReturnStatus::Processing
            && refund.is_some_and(|refund| refund.attempt_id == attempt.id)
    })
}

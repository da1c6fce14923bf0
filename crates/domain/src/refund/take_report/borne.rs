//! Who bore what of a refund at the channel: its own word goes into the books, whatever we had expected.

use super::Taking;
use crate::exception::ExceptionKind;
use crate::ledger::{AccountKind, AccountRef, Side};
use crate::moment::Moment;
use crate::payment::{Counted, Disposition};
use crate::refund::shares;
use crate::report::Borne;
use serde_json::json;

impl Taking<'_> {
    /// Keeps what the payer got and what left us. Where the channel does not say, or its words do not add up, it is what
    /// the discounts it had granted let expect; where it says otherwise, a person is told.
    pub(super) fn note_borne(&mut self, borne: Option<Borne>, moment: &Moment<'_>) {
        let expected =
            Borne { payer_minor: self.refund.amount_minor, settled_minor: self.refund.settled_minor() };
        let seen = borne.unwrap_or(expected);
        // A refund that is done and moved nothing is a contradiction.
        let fits = seen.fits(self.refund.order_minor) && seen.settled_minor > 0;
        if seen != expected {
            let detail = json!({
                "source": self.source,
                "expected": { "payer": expected.payer_minor, "settled": expected.settled_minor },
                "seen": { "payer": seen.payer_minor, "settled": seen.settled_minor },
            });
            self.exception(ExceptionKind::RefundMismatch, &detail, moment);
        }
        let booked = if fits { seen } else { expected };
        let with_it = self.refund.order_minor.saturating_sub(self.refund.amount_minor);
        self.attempt.discount.gone_minor = self.attempt.discount.gone_minor.saturating_add(with_it);
        self.refund.payer_back_minor = Some(booked.payer_minor);
        self.refund.settled_back_minor = Some(booked.settled_minor);
    }

    /// What was held too much goes back to where it was drawn from; what was held too little is drawn from the accounts
    /// a hold is drawn from, as far as they go, and the rest is owed by the merchant.
    pub(super) fn difference(&self, now_us: i64) -> Vec<(AccountRef, Side, i64)> {
        let refund = &self.refund;
        let settled = refund.settled_back_minor.unwrap_or(refund.settled_minor());
        let more = settled.saturating_sub(refund.settled_minor());
        let sources = self.sources();
        if more <= 0 {
            let first = sources.first().map(|source| (*source, Side::Credit, more.saturating_neg()));
            return first.into_iter().collect();
        }
        let mut open = more;
        let mut lines = Vec::new();
        for source in sources {
            let part = self.snapshot.account(&source, now_us).available_minor().clamp(0, open);
            open = open.saturating_sub(part);
            lines.push((source, Side::Debit, part));
        }
        lines.push((self.of_merchant(AccountKind::RefundReceivable), Side::Debit, open));
        lines
    }

    fn sources(&self) -> Vec<AccountRef> {
        match self.attempt.disposition {
            Some(Disposition::Duplicate) => vec![self.of_merchant(AccountKind::Duplicate)],
            Some(Disposition::Late) => vec![self.of_merchant(AccountKind::LateSuccess)],
            Some(Disposition::Mismatch) => vec![self.suspense()],
            Some(Disposition::Effective) | None => self.payment.bearing_accounts(),
        }
    }

    /// The shares of a refund that had ended, computed again: since it ended, other refunds may have taken them. They
    /// are counted by what went back with it.
    pub(super) fn share_again(&mut self) {
        let wanted = self.refund.item_shares();
        let plan = shares::plan(&self.payment, &self.attempt, self.refund.amount_minor, &wanted);
        self.refund.keep_shares(&plan);
        shares::take(&mut self.attempt, plan.shares);
        self.payment.count_shares(&self.refund, Counted::Back);
    }
}

//! Bugs about who paid what.

use super::Bug;
use crate::flight::Flight;
use crate::world::World;
use tk_domain::decision::{Change, Changes};
use tk_domain::ledger::{AccountKind, AccountRef, Entry, EntryKind, EntryLine, Side};
use tk_domain::refund::RefundState;
use tk_domain::report::{PaymentFinding, PaymentReport};

/// A refund gives the payer his money and the advancer nothing: the debt stays.
pub(super) fn forget_advances(changes: Changes) -> Changes {
    let mut spoilt = Changes::default();
    for change in changes.into_vec() {
        match change {
            Change::Entry(entry) if entry.kind == EntryKind::Refund => spoilt.put(without_debts(&entry)),
            other => spoilt.put_change(other),
        }
    }
    spoilt
}

fn without_debts(entry: &Entry) -> Entry {
    let debt = |kind| matches!(kind, AccountKind::AdvancePayable | AccountKind::AdvanceReceivable);
    let kept = entry.lines().iter().filter(|line| !debt(line.account.kind));
    with_lines(entry, kept.map(|line| (line.account, line.side, line.amount_minor)).collect())
}

/// What a merchant collects for others is booked as its own.
pub(super) fn book_as_own(changes: Changes) -> Changes {
    let mut spoilt = Changes::default();
    for change in changes.into_vec() {
        match change {
            Change::Entry(entry) if entry.kind == EntryKind::Collect => {
                let own = |line: &EntryLine| {
                    let mut account = line.account;
                    if account.kind == AccountKind::CollectedForOthers {
                        account.kind = AccountKind::PendingSettlement;
                    }
                    (account, line.side, line.amount_minor)
                };
                spoilt.put(with_lines(&entry, entry.lines().iter().map(own).collect()));
            }
            other => spoilt.put_change(other),
        }
    }
    spoilt
}

fn with_lines(entry: &Entry, lines: Vec<(AccountRef, Side, i64)>) -> Entry {
    let Ok(mut spoilt) = Entry::new(entry.tenant_id, entry.id, entry.kind, entry.booked_at_us, lines) else {
        return entry.clone();
    };
    (spoilt.payment_id, spoilt.attempt_id, spoilt.refund_id) =
        (entry.payment_id, entry.attempt_id, entry.refund_id);
    spoilt
}

impl World {
    /// The channel is asked to refund the parts that others had put up, too.
    pub(super) fn pay_coupon_out(&self, flight: &mut Flight) {
        let more = flight.refund.as_ref().map_or(0, |refund| refund.shares.parts_minor);
        if self.has(Bug::CouponPaidToPayer) && more > 0 {
            flight.said.refund_more(more);
        }
    }

    /// The channel's discount is taken for the payer's own money, or the merchant's for money that comes.
    pub(super) fn spoil_borne(&self, mut report: PaymentReport) -> PaymentReport {
        if let PaymentFinding::Paid(evidence) = &mut report.finding {
            if self.has(Bug::DiscountTakenForPayersMoney) {
                evidence.borne = None;
            }
            if let Some(borne) = evidence.borne.as_mut().filter(|_| self.has(Bug::MerchantsDiscountCollected))
            {
                borne.settled_minor = evidence.amount.minor;
            }
        }
        report
    }

    /// What a failed refund was to give back stays counted, and is missing in the next one.
    pub(super) fn keep_parts(&self, changes: Changes) -> Changes {
        let failed =
            |change: &Change| matches!(change, Change::Refund(row) if row.status == RefundState::Failed);
        if !changes.as_slice().iter().any(failed) {
            return changes;
        }
        super::mapped(changes, |change| {
            if let Change::Payment(row) = change
                && let Some(before) = self.store.rows.payments.get(&(row.tenant_id, row.id))
            {
                row.parts_back.clone_from(&before.parts_back);
            }
        })
    }

    /// What a refund is of is not counted, and goes back again with the next.
    pub(super) fn forget_items(&self, changes: Changes) -> Changes {
        super::mapped(changes, |change| {
            if let Change::Payment(row) = change
                && let Some(before) = self.store.rows.payments.get(&(row.tenant_id, row.id))
            {
                row.items_back.clone_from(&before.items_back);
            }
        })
    }
}

//! Refunds and holds: what may change, on which evidence.

use crate::checker::{Cause, Checker};
use crate::flight::Report;
use crate::seller::Seller;
use crate::store::Commit;
use std::collections::BTreeMap;
use tk_domain::id::{AttemptId, ChannelAccountId, HoldId, MerchantId, RefundId, TenantId};
use tk_domain::ledger::{AccountKind, AccountRef, EntryKind, Hold, HoldStatus};
use tk_domain::payment::Attempt;
use tk_domain::refund::{Refund, RefundRoute, RefundState};
use tk_domain::report::{RefundFinding, Source};
use tk_domain::snapshot::Snapshot;
use tk_domain::split::SHARE_NOT_RETURNED;
use tk_money::Currency;

/// Refunds and holds as last seen, and their sums.
#[derive(Debug, Default)]
pub(crate) struct MoneyOut {
    refunds: BTreeMap<(TenantId, RefundId), SeenRefund>,
    holds: BTreeMap<(TenantId, HoldId), (HoldStatus, i64)>,
    /// Refunds open and done per attempt.
    sums: BTreeMap<(TenantId, AttemptId), (i64, i64)>,
    held: BTreeMap<(TenantId, MerchantId), i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SeenRefund {
    status: RefundState,
    out_no: String,
    amount_minor: i64,
    attempt_id: AttemptId,
    late: bool,
}

impl Checker {
    pub(super) fn check_refund(
        &mut self,
        refund: &Refund,
        rows: &Snapshot,
        cause: Cause<'_>,
        sellers: &BTreeMap<ChannelAccountId, Seller>,
    ) {
        let (was, turned_late) = self.inv_19_and_10(refund);
        if turned_late {
            self.inv_21_late_is_proven(refund, cause, sellers);
        }
        if was != Some(refund.status) {
            self.inv_20_and_21(refund, cause, sellers);
        }
        self.inv_22_route(refund, rows);
        self.inv_18_entries(refund);
    }

    /// inv-19, inv-10: what was frozen stays, what has ended stays ended; answers how it stood before, and whether it has
    /// turned out done after its end.
    pub(super) fn inv_19_and_10(&mut self, refund: &Refund) -> (Option<RefundState>, bool) {
        let key = (refund.tenant_id, refund.id);
        let seen = SeenRefund {
            status: refund.status,
            out_no: refund.out_no.clone(),
            amount_minor: refund.amount_minor,
            attempt_id: refund.attempt_id,
            late: refund.late_succeeded_at_us.is_some(),
        };
        let before = self.money_out.refunds.insert(key, seen.clone());
        if let Some(before) = &before {
            let same = SeenRefund { status: refund.status, late: seen.late, ..before.clone() } == seen;
            self.require(same, "inv-19", || format!("{} changed its number or amount", refund.id));
            let regressed = before.status.terminal() && before.status != refund.status;
            self.require(!regressed, "inv-10", || format!("{} left {}", refund.id, before.status));
        }
        let was_late = before.as_ref().is_some_and(|before| before.late);
        self.require(seen.late || !was_late, "inv-10", || format!("{} took back a late success", refund.id));
        let was = before.map(|before| before.status);
        self.sum(refund, was);
        (was, seen.late && !was_late)
    }

    fn sum(&mut self, refund: &Refund, was: Option<RefundState>) {
        let sums = self.money_out.sums.entry((refund.tenant_id, refund.attempt_id)).or_insert((0, 0));
        if let Some(was) = was.filter(|was| was.counts()) {
            let slot = if was == RefundState::Succeeded { &mut sums.1 } else { &mut sums.0 };
            *slot = slot.saturating_sub(refund.amount_minor);
        }
        if refund.status.counts() {
            let slot = if refund.status == RefundState::Succeeded { &mut sums.1 } else { &mut sums.0 };
            *slot = slot.saturating_add(refund.amount_minor);
        }
    }

    /// inv-20: released only by a definitive failure, or before sending; inv-21: done only by proof.
    fn inv_20_and_21(
        &mut self,
        refund: &Refund,
        cause: Cause<'_>,
        sellers: &BTreeMap<ChannelAccountId, Seller>,
    ) {
        let finding = match cause.report {
            Some(Report::Refund(report)) => Some(&report.finding),
            Some(Report::Payment(_) | Report::Split(_) | Report::Return(_)) | None => None,
        };
        match refund.status {
            RefundState::Failed => {
                let sent = self.observer.refunds_sent.contains(&refund.id);
                let unsent = refund.failure_code.as_deref() == Some(SHARE_NOT_RETURNED) && !sent;
                let proven = matches!(finding, Some(RefundFinding::Failed { .. })) || unsent;
                self.require(proven, "inv-20", || format!("{} failed by {finding:?}", refund.id));
                self.inv_20_money_is_here(refund, sellers);
            }
            RefundState::Cancelled => {
                let sent = self.observer.refunds_sent.contains(&refund.id);
                self.require(!sent, "inv-20", || format!("{} was withdrawn after it was sent", refund.id));
            }
            RefundState::Succeeded => {
                let proven = matches!(finding, Some(RefundFinding::Done { .. }));
                self.require(proven, "inv-21", || format!("{} done by {finding:?}", refund.id));
                self.inv_21_money_is_gone(refund, sellers);
            }
            RefundState::PendingApproval
            | RefundState::Approved
            | RefundState::Processing
            | RefundState::Rejected => {}
        }
    }

    /// inv-21, for a refund that had ended: only what a query or a bill proves is booked.
    fn inv_21_late_is_proven(
        &mut self,
        refund: &Refund,
        cause: Cause<'_>,
        sellers: &BTreeMap<ChannelAccountId, Seller>,
    ) {
        let proven = matches!(cause.report, Some(Report::Refund(report))
            if matches!(report.finding, RefundFinding::Done { .. }) && report.source != Source::Reply);
        self.require(proven, "inv-21", || format!("{} is late by {}", refund.id, cause.word));
        self.inv_21_money_is_gone(refund, sellers);
    }

    /// inv-20: what is released has not left the channel by then.
    fn inv_20_money_is_here(&mut self, refund: &Refund, sellers: &BTreeMap<ChannelAccountId, Seller>) {
        let attempt = self.money_in_out_no(refund);
        let trade = sellers.get(&refund.channel_account_id).and_then(|seller| seller.trade(&attempt?));
        let gone =
            trade.is_some_and(|trade| trade.refunds.iter().any(|(out_no, _)| *out_no == refund.out_no));
        self.require(!gone, "inv-20", || format!("{} was released after the channel had paid it", refund.id));
    }

    fn inv_21_money_is_gone(&mut self, refund: &Refund, sellers: &BTreeMap<ChannelAccountId, Seller>) {
        let attempt = self.money_in_out_no(refund);
        let trade = sellers.get(&refund.channel_account_id).and_then(|seller| seller.trade(&attempt?));
        let done = (refund.out_no.clone(), refund.order_minor);
        let real = trade.as_ref().is_some_and(|trade| trade.refunds.contains(&done));
        self.require(real, "inv-21", || format!("{} is done here and not at the channel", refund.id));
        let borne = trade.and_then(|trade| trade.borne.get(&refund.out_no).copied());
        let booked = refund.payer_back_minor.zip(refund.settled_back_minor);
        let same = borne.is_none_or(|borne| booked == Some((borne.payer_minor, borne.settled_minor)));
        self.require(same, "inv-21", || {
            format!("{} is booked as {booked:?}, the channel says {borne:?}", refund.id)
        });
    }

    fn money_in_out_no(&self, refund: &Refund) -> Option<String> {
        self.out_no_of((refund.tenant_id, refund.attempt_id))
    }

    /// inv-22: money goes back the way it came.
    fn inv_22_route(&mut self, refund: &Refund, rows: &Snapshot) {
        let attempt = rows.attempts.get(&(refund.tenant_id, refund.attempt_id));
        let same = attempt.is_some_and(|attempt| attempt.channel_account_id == refund.channel_account_id);
        let online = refund.route == RefundRoute::OriginalOnline;
        self.require(same && online, "inv-22", || format!("{} takes another route", refund.id));
    }

    /// inv-18: one hold entry, and one of release and refund when it has ended.
    pub(super) fn inv_18_entries(&mut self, refund: &Refund) {
        let mut expected = match refund.status {
            RefundState::Succeeded => vec![EntryKind::Hold, EntryKind::Refund],
            RefundState::Failed | RefundState::Cancelled | RefundState::Rejected => {
                vec![EntryKind::Hold, EntryKind::Release]
            }
            RefundState::PendingApproval | RefundState::Approved | RefundState::Processing => {
                vec![EntryKind::Hold]
            }
        };
        if refund.late_succeeded_at_us.is_some() {
            expected.push(EntryKind::RefundLate);
        }
        let booked = self.books.refund_entries.get(&(refund.tenant_id, refund.id)).cloned();
        let holds = booked.as_ref() == Some(&expected);
        self.require(holds, "inv-18", || format!("{} {} is booked {booked:?}", refund.id, refund.status));
    }

    pub(super) fn check_hold(&mut self, hold: &Hold, cause: Cause<'_>) {
        let key = (hold.tenant_id, hold.id);
        let before = self.money_out.holds.insert(key, (hold.status, hold.amount_minor()));
        let was_open = before.is_none_or(|(status, _)| status == HoldStatus::Open);
        let same = before.is_none_or(|(_, amount_minor)| amount_minor == hold.amount_minor());
        let repeated = before.is_some_and(|(status, _)| status == hold.status && status != HoldStatus::Open);
        self.require((was_open || repeated) && same, "inv-18", || {
            format!("{} ended twice by {}", hold.id, cause.word)
        });
        let open_before = before.filter(|(status, _)| *status == HoldStatus::Open).map_or(0, |(_, sum)| sum);
        let open_now = if hold.status == HoldStatus::Open { hold.amount_minor() } else { 0 };
        let sum = self.money_out.held.entry((hold.tenant_id, hold.merchant_id)).or_insert(0);
        *sum = sum.saturating_add(open_now).saturating_sub(open_before);
    }

    /// inv-18: the held account is the sum of the open holds.
    pub(super) fn inv_18_held(&mut self, rows: &Snapshot, commit: &Commit) {
        for key in &commit.accounts {
            let Some(account) = rows.accounts.get(key).filter(|row| row.kind == AccountKind::Held) else {
                continue;
            };
            let tk_domain::ledger::Owner::Merchant(merchant_id) = account.owner else { continue };
            let open = self.money_out.held.get(&(account.tenant_id, merchant_id)).copied().unwrap_or(0);
            let holds = open == account.balance_minor;
            self.require(holds, "inv-18", || format!("held {} but open holds {open}", account.balance_minor));
        }
        for key in &commit.holds {
            let Some(hold) = rows.holds.get(key) else { continue };
            let name =
                AccountRef::merchant(hold.tenant_id, hold.merchant_id, AccountKind::Held, Currency::Cny);
            let balance = rows.account(&name, 0).balance_minor;
            let open = self.money_out.held.get(&(hold.tenant_id, hold.merchant_id)).copied().unwrap_or(0);
            self.require(open == balance, "inv-18", || format!("held {balance} but open holds {open}"));
        }
    }

    /// inv-17: refunds under way and done never exceed what the attempt received.
    pub(super) fn inv_17_refunds_within_received(&mut self, attempt: &Attempt) {
        let key = (attempt.tenant_id, attempt.id);
        let (open, done) = self.money_out.sums.get(&key).copied().unwrap_or((0, 0));
        let within = open.saturating_add(done) <= attempt.payer_paid_minor();
        let agrees = open == attempt.refunding_minor && done == attempt.refunded_minor;
        self.require(within && agrees, "inv-17", || {
            format!(
                "{} received {}, refunds open {open} done {done}, row says {} and {}",
                attempt.id, attempt.received_minor, attempt.refunding_minor, attempt.refunded_minor
            )
        });
    }
}

//! After healing: nothing is left hanging, and the books are the channel's truth to the fen.

use crate::checker::Checker;
use crate::seller::{Seller, Trade};
use crate::tally::{Counted, Tally};
use crate::webhook::Sinks;
use std::collections::{BTreeMap, BTreeSet};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::exception::{ExceptionKind, ExceptionStatus};
use tk_domain::id::{AttemptId, ChannelAccountId, PaymentId, RefundId, TenantId};
use tk_domain::ledger::{AccountKind, AccountRef};
use tk_domain::payment::Disposition;
use tk_domain::snapshot::Snapshot;
use tk_domain::webhook::DeliveryStatus;
use tk_money::Currency;

/// What a person has been told about.
struct Listed {
    attempts: BTreeSet<AttemptId>,
    refunds: BTreeSet<RefundId>,
}

impl Checker {
    /// inv-40 and the comparison with the channel's own books.
    pub(crate) fn at_the_end(
        &mut self,
        rows: &Snapshot,
        sellers: &BTreeMap<ChannelAccountId, Seller>,
        sinks: &Sinks,
        tally: &mut Tally,
    ) {
        self.inv_03_sum_zero(rows);
        self.shares_at_the_end(rows);
        self.channel_shares_at_the_end(rows, sellers, tally);
        tally.shares += u64::try_from(rows.split_lines.iter().count()).unwrap_or(u64::MAX);
        let listed = listed(rows);
        self.inv_40_payments(rows, &listed, tally);
        self.inv_40_refunds(rows, tally);
        for refund in rows.refunds.iter().filter(|row| row.succeeded_at_us.is_some()) {
            if let Some(seller) = sellers.get(&refund.channel_account_id) {
                tally.count(seller.channel, Counted::RefundsDone);
            }
        }
        tally.switched += switched(rows);
        tally.late_refunds +=
            u64::try_from(rows.refunds.iter().filter(|row| row.late_succeeded_at_us.is_some()).count())
                .unwrap_or(u64::MAX);
        for attempt in rows.attempts.iter() {
            tally.count(attempt.channel, Counted::Attempts);
            if attempt.disposition.is_some() {
                tally.count(attempt.channel, Counted::Paid);
                if attempt.method == Method::QuickPay {
                    tally.sees("card_payments");
                }
            }
            tally.duplicates += u64::from(attempt.disposition == Some(Disposition::Duplicate));
            tally.undone += u64::from(attempt.undone_minor > 0);
            tally.late_successes += u64::from(attempt.disposition == Some(Disposition::Late));
        }
        self.inv_28_deliveries(rows, sinks, tally);
        for (account, seller) in sellers {
            self.truth(rows, (*account, seller), &listed, tally);
        }
        let (lost, created, unexplained) = (tally.fen_lost, tally.fen_created, tally.fen_unexplained);
        self.require(lost == 0 && created == 0 && unexplained == 0, "truth", || {
            format!("fen lost {lost}, created {created}, unexplained {unexplained}")
        });
    }

    fn inv_40_payments(&mut self, rows: &Snapshot, listed: &Listed, tally: &mut Tally) {
        for payment in rows.payments.iter().filter(|row| !row.status.terminal()) {
            let open = payment.open_attempt_id.and_then(|id| rows.attempts.get(&(payment.tenant_id, id)));
            let manual = open.is_some_and(|row| row.needs_manual || listed.attempts.contains(&row.id));
            tally.manual += u64::from(manual);
            let status = open.map(|row| row.status);
            self.require(manual, "inv-40", || {
                format!("{} stays {} ({status:?})", payment.id, payment.status)
            });
        }
    }

    fn inv_40_refunds(&mut self, rows: &Snapshot, tally: &mut Tally) {
        for refund in rows.refunds.iter().filter(|row| !row.status.terminal()) {
            tally.manual += u64::from(refund.needs_manual);
            self.require(refund.needs_manual, "inv-40", || format!("{} stays {}", refund.id, refund.status));
        }
    }

    /// inv-28: every event is delivered or a visible dead letter, and what was delivered was received.
    fn inv_28_deliveries(&mut self, rows: &Snapshot, sinks: &Sinks, tally: &mut Tally) {
        for delivery in rows.deliveries.iter() {
            match delivery.status {
                DeliveryStatus::Pending => {
                    self.violation("inv-40", format!("{} is still pending", delivery.id));
                }
                DeliveryStatus::Dead => tally.webhooks_dead += 1,
                DeliveryStatus::Delivered => {
                    tally.webhooks_delivered += 1;
                    let received = sinks.received.contains_key(&(delivery.endpoint_id, delivery.event_id));
                    self.require(received, "inv-28", || format!("{} was never received", delivery.id));
                }
            }
        }
        let endpoints = rows.webhook_endpoints.iter().count();
        self.require(endpoints > 0, "inv-28", || "no endpoint listens".to_owned());
    }

    /// One seller's trades against our attempts and refunds, and the balance of the receivable account.
    fn truth(
        &mut self,
        rows: &Snapshot,
        (account, seller): (ChannelAccountId, &Seller),
        listed: &Listed,
        tally: &mut Tally,
    ) {
        let trades = seller.trades();
        let mut explained_fen = 0_i64;
        for trade in &trades {
            let explained = self.trade((rows, listed), (account, seller), trade, tally);
            explained_fen = explained_fen.saturating_add(explained);
        }
        let name =
            AccountRef::channel(seller.tenant_id, account, AccountKind::ChannelReceivable, Currency::Cny);
        let ours_fen = rows.account(&name, 0).balance_minor.saturating_neg();
        let moved: i64 = trades
            .iter()
            .map(|trade| {
                let unsettled = trade.unsettled_fen - trade.unsettled_back_fen;
                let shared: i64 = trade.shares.iter().map(|share| share.fen - share.back_fen).sum();
                trade.paid_fen - trade.refunded_fen - unsettled - trade.fee_fen + trade.fee_returned_fen
                    - shared
            })
            .sum();
        let difference_fen = moved.saturating_sub(ours_fen).saturating_sub(explained_fen);
        if difference_fen != 0 {
            tally.fen_unexplained = tally.fen_unexplained.saturating_add(difference_fen.abs());
            self.violation(
                "truth",
                format!("{account}: the channel moved {moved}, our receivable is {ours_fen}"),
            );
        }
    }

    /// What of the channel's balance is explained by a matter that a person has been told about.
    fn trade(
        &mut self,
        (rows, listed): (&Snapshot, &Listed),
        (account, seller): (ChannelAccountId, &Seller),
        trade: &Trade,
        tally: &mut Tally,
    ) -> i64 {
        let attempt_id = crate::callbacks::id_of('T', &trade.out_no).map(AttemptId);
        let attempt = attempt_id.and_then(|id| rows.attempts.get(&(seller.tenant_id, id)));
        let ours = attempt.map_or((0, 0, 0, 0, 0), |row| {
            let shared: i64 = super::shares::paid_minor(row, rows);
            let done = rows.refunds.iter().filter(|refund| refund.attempt_id == row.id);
            let refunded_minor: i64 = done.filter_map(|refund| refund.settled_back_minor).sum();
            let (taken, gone) = (row.settled_minor() + row.undone_minor, refunded_minor + row.undone_minor);
            (taken, gone, row.channel_fee_minor, row.channel_fee_returned_minor, shared)
        });
        let paid = if trade.paid_fen > 0 { trade.paid_fen - trade.unsettled_fen } else { 0 };
        let refunded = trade.refunded_fen - trade.unsettled_back_fen;
        let shared: i64 = trade.shares.iter().map(|share| share.fen - share.back_fen).sum();
        let theirs = (paid, refunded, trade.fee_fen, trade.fee_returned_fen, shared);
        let net = |(paid, refunded, fee, returned, shared): (i64, i64, i64, i64, i64)| {
            paid - refunded - fee + returned - shared
        };
        if ours == theirs {
            return 0;
        }
        let difference_fen = net(theirs) - net(ours);
        // fault-12 with a cancel that landed late: the channel paid out more than it took, and bears it.
        if trade.refunded_fen > trade.paid_fen && ours.1 == trade.paid_fen {
            return difference_fen;
        }
        let known = attempt.is_some_and(|row| {
            let refund_known = rows
                .refunds
                .iter()
                .any(|refund| refund.attempt_id == row.id && listed.refunds.contains(&refund.id));
            let unsaid = super::shares::has_unsaid_return(row, rows);
            row.needs_manual || listed.attempts.contains(&row.id) || refund_known || unsaid
        });
        if known {
            return difference_fen;
        }
        if difference_fen > 0 {
            tally.fen_lost = tally.fen_lost.saturating_add(difference_fen);
        } else {
            tally.fen_created = tally.fen_created.saturating_sub(difference_fen);
        }
        self.violation(
            "truth",
            format!(
                "{account} {}: channel paid, refunded, fee, fee returned, shared {theirs:?}, ours {ours:?} {:?}",
                trade.out_no,
                attempt.map(|row| row.status)
            ),
        );
        difference_fen
    }
}

/// Payments with attempts at more than one channel.
fn switched(rows: &Snapshot) -> u64 {
    let mut channels: BTreeMap<(TenantId, PaymentId), BTreeSet<Channel>> = BTreeMap::new();
    for attempt in rows.attempts.iter() {
        channels.entry((attempt.tenant_id, attempt.payment_id)).or_default().insert(attempt.channel);
    }
    u64::try_from(channels.values().filter(|several| several.len() > 1).count()).unwrap_or(u64::MAX)
}

fn listed(rows: &Snapshot) -> Listed {
    let open =
        || rows.exceptions.iter().filter(|row| row.status == ExceptionStatus::Open && explains(row.kind));
    Listed {
        attempts: open().filter(|row| row.refund_id.is_none()).filter_map(|row| row.attempt_id).collect(),
        refunds: open().filter_map(|row| row.refund_id).collect(),
    }
}

/// Whether a matter of this kind may explain that books and channel differ.
const fn explains(kind: ExceptionKind) -> bool {
    match kind {
        ExceptionKind::AmountMismatch
        | ExceptionKind::PaymentUnknown
        | ExceptionKind::RefundUnknown
        | ExceptionKind::RefundMismatch
        | ExceptionKind::RefundReopened
        | ExceptionKind::SuccessContradicted => true,
        ExceptionKind::PayeeMismatch
        | ExceptionKind::OrphanReport
        | ExceptionKind::TransferIncomplete
        | ExceptionKind::IssuedAndRefunded
        | ExceptionKind::TransferReversed
        | ExceptionKind::ReversalUnlinked
        | ExceptionKind::ReturnBounced
        | ExceptionKind::SplitUncovered
        | ExceptionKind::SplitUnknown
        | ExceptionKind::SplitMismatch
        | ExceptionKind::SplitFailed
        | ExceptionKind::SplitContradicted
        | ExceptionKind::SplitNotReturned
        | ExceptionKind::SlipUnproven
        | ExceptionKind::StatementGap
        | ExceptionKind::StatementOverlap
        | ExceptionKind::BankLinkSilent
        | ExceptionKind::StatementRefused
        | ExceptionKind::RefundLateSuccess
        | ExceptionKind::DuplicatePaid
        | ExceptionKind::LateSuccess => false,
    }
}

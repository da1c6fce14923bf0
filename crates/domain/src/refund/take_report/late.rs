//! A channel speaks of a refund that has ended. What it proves is booked; the status never goes back.

use super::{CONFIRM_AFTER_US, Taking};
use crate::ask;
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{ExceptionId, TenantId};
use crate::instruction::{InstructionKind, InstructionStatus};
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::payment::Disposition;
use crate::refund::{RefundState, Shares, postings};
use crate::report::{Borne, RefundFinding, Source};
use crate::split;
use crate::webhook::EventKind;
use serde_json::json;

/// Questions about a refund, those after its end included, after which only a person asks on.
const AFTERWARDS_MAX: i64 = 30;

impl Taking<'_> {
    pub(super) fn after_the_end(&mut self, finding: &RefundFinding, moment: &mut Moment<'_>) {
        let done = self.refund.status == RefundState::Succeeded;
        if done || self.refund.late_succeeded_at_us.is_some() {
            return self.after_it_was_done(finding, moment);
        }
        match finding {
            RefundFinding::Done { amount, .. } if self.differs(*amount) => self.other_amount(*amount, moment),
            RefundFinding::Done { .. } if self.source == Source::Reply => self.ask_about_claim(moment),
            RefundFinding::Done { borne, at_us, .. } => self.done_late(*borne, *at_us, moment),
            RefundFinding::Accepted | RefundFinding::InProgress => self.ask_about_claim(moment),
            RefundFinding::NotFound | RefundFinding::Unclear(_) => self.ask_on(moment),
            RefundFinding::Failed { .. } | RefundFinding::NotYet { .. } => {}
        }
    }

    /// The money has gone; a channel that says otherwise is noted, and a person looks.
    fn after_it_was_done(&mut self, finding: &RefundFinding, moment: &Moment<'_>) {
        match finding {
            RefundFinding::Done { amount, .. } if self.differs(*amount) => self.other_amount(*amount, moment),
            RefundFinding::Failed { .. } | RefundFinding::NotFound if self.source != Source::Reply => {
                let detail = json!({ "source": self.source, "status": self.refund.status });
                self.exception(ExceptionKind::RefundReopened, &detail, moment);
            }
            RefundFinding::Done { .. }
            | RefundFinding::Failed { .. }
            | RefundFinding::NotFound
            | RefundFinding::Accepted
            | RefundFinding::InProgress
            | RefundFinding::NotYet { .. }
            | RefundFinding::Unclear(_) => {}
        }
    }

    /// The channel took a refund that we hold to be over: it is asked, for only its word on the outcome counts.
    fn ask_about_claim(&mut self, moment: &Moment<'_>) {
        self.ask_afterwards(moment.after(CONFIRM_AFTER_US));
    }

    /// A question under way about an ended refund goes on for a while: what was accepted may land later.
    fn ask_on(&mut self, moment: &Moment<'_>) {
        let asked = self.instruction.as_ref().is_some_and(|row| row.status == InstructionStatus::Open);
        if asked {
            self.ask_afterwards(moment.after(ask::delay_us(self.refund.queries_count)));
        }
    }

    fn ask_afterwards(&mut self, due_at_us: i64) {
        if self.refund.queries_count < AFTERWARDS_MAX {
            self.refund.queries_count = self.refund.queries_count.saturating_add(1);
            self.say(InstructionKind::RefundQuery, due_at_us);
            self.asking_afterwards = true;
        }
    }

    /// The payer has the money although the hold was released: the outflow is booked once, the order system and a
    /// person are told, and what may still be refunded shrinks. Hold and status stay as they ended.
    fn done_late(&mut self, borne: Option<Borne>, at_us: Option<i64>, moment: &mut Moment<'_>) {
        let amount_minor = self.refund.amount_minor;
        self.note_borne(borne, moment);
        self.share_again();
        let bearers = self.bearers(moment.now_us);
        let stray_minor = self.attempt.stray_minor();
        self.attempt.late_refunded_minor = self.attempt.late_refunded_minor.saturating_add(amount_minor);
        self.attempt.updated_at_us = moment.now_us;
        self.payment.count_beside(stray_minor, self.attempt.stray_minor());
        self.return_fees();
        if self.counts_for_payment() {
            self.payment.late_refunded_minor = self.payment.late_refunded_minor.saturating_add(amount_minor);
            self.payment.refund_status = self.refund_status();
            self.payment.updated_at_us = moment.now_us;
        }
        self.refund.late_succeeded_at_us = Some(at_us.unwrap_or(moment.now_us));
        self.refund.updated_at_us = moment.now_us;
        let from = self.paid_out_of.unwrap_or_else(|| self.paid_from());
        self.changes.put_some(postings::late_refund((&self.payment, &self.refund), from, &bearers, moment));
        split::capture_late((&self.refund, &self.payment), self.snapshot, &mut self.changes, moment);
        let detail = json!({
            "source": self.source, "status": self.refund.status,
            "owed_by_merchant": bearers.owed_by_merchant_minor, "owed_by_channel": bearers.owed_by_channel_minor,
        });
        self.exception(ExceptionKind::RefundLateSuccess, &detail, moment);
        self.event(EventKind::RefundLateSuccess, moment);
        self.settle_parked(moment);
    }

    /// Money that was parked and has all reached its payer leaves nothing for anybody to decide.
    pub(super) fn settle_parked(&mut self, moment: &Moment<'_>) {
        let Some(kind) = self.attempt.disposition.and_then(parked_matter) else { return };
        if self.attempt.not_refunded_minor() == 0 {
            let subject = self.attempt.id.to_string();
            let name = (self.refund.tenant_id, Exception::id_of(self.refund.tenant_id, kind, &subject));
            self.changes.put_some(Exception::settled(name, self.snapshot, moment.now_us));
        }
    }

    fn suspense_matter(&self) -> (TenantId, ExceptionId) {
        let tenant_id = self.refund.tenant_id;
        let subject = self.attempt.id.to_string();
        (tenant_id, Exception::id_of(tenant_id, ExceptionKind::AmountMismatch, &subject))
    }

    /// The merchant bears what its attempt had received and not yet given back, from the accounts that a hold is
    /// drawn from; the channel answers for the rest, since it said that nothing would move.
    fn bearers(&self, now_us: i64) -> postings::Bearers {
        let received = self.refund.amount_minor.min(self.attempt.not_refunded_minor());
        let settled = self.refund.settled_back_minor.unwrap_or(self.refund.settled_minor());
        let Shares { discount_minor, parts_minor, .. } = self.refund.shares;
        let of_merchant = received.saturating_add(discount_minor).min(settled);
        let owed_by_channel_minor = settled.saturating_sub(of_merchant);
        let of_merchant = of_merchant.saturating_add(parts_minor);
        let own = |kinds: &[AccountKind], cap_minor: i64| -> Vec<(AccountRef, i64)> {
            kinds.iter().map(|kind| (self.of_merchant(*kind), cap_minor)).collect()
        };
        let accounts = match self.attempt.disposition {
            Some(Disposition::Duplicate) => own(&[AccountKind::Duplicate], of_merchant),
            Some(Disposition::Late) => own(&[AccountKind::LateSuccess], of_merchant),
            // Suspense is shared: of it only this attempt's own money, which may have become the merchant's meanwhile.
            Some(Disposition::Mismatch) => vec![
                (self.suspense(), self.attempt.refundable_minor().saturating_add(discount_minor)),
                (self.of_merchant(AccountKind::PendingSettlement), self.attempt.credited_minor),
            ],
            Some(Disposition::Effective) | None => {
                let for_others = self.payment.others_of(&self.refund.item_shares());
                let own = self.payment.bearing_accounts().into_iter().map(|name| (name, of_merchant));
                [(self.payment.others_account(), for_others)].into_iter().chain(own).collect()
            }
        };
        let mut open_minor = of_merchant;
        let draw = |(name, cap_minor): (AccountRef, i64)| {
            let available = self.snapshot.account(&name, now_us).available_minor().clamp(0, cap_minor.max(0));
            let part = available.min(open_minor);
            open_minor = open_minor.saturating_sub(part);
            (name, part)
        };
        let drawn = accounts.into_iter().map(draw).collect();
        postings::Bearers { drawn, owed_by_merchant_minor: open_minor, owed_by_channel_minor }
    }

    pub(super) const fn of_merchant(&self, kind: AccountKind) -> AccountRef {
        AccountRef::merchant(self.refund.tenant_id, self.refund.merchant_id, kind, self.refund.currency)
    }

    pub(super) const fn suspense(&self) -> AccountRef {
        let (channel, currency) = (self.refund.channel_account_id, self.refund.currency);
        AccountRef::channel(self.refund.tenant_id, channel, AccountKind::Suspense, currency)
    }

    /// Money in suspense that could not go back waits for two persons again.
    pub(super) fn reopen_suspense(&mut self, moment: &Moment<'_>) {
        let known = self.snapshot.exceptions.get(&self.suspense_matter()).cloned();
        if let (Some(Disposition::Mismatch), Some(mut exception)) = (self.attempt.disposition, known) {
            exception.status = ExceptionStatus::Open;
            exception.closed_at_us = None;
            exception.resolution = None;
            exception.opened_at_us = moment.now_us;
            self.changes.put(exception);
        }
    }
}

/// The matter that is open while money of this disposition is parked.
pub(super) const fn parked_matter(disposition: Disposition) -> Option<ExceptionKind> {
    match disposition {
        Disposition::Effective => None,
        Disposition::Duplicate => Some(ExceptionKind::DuplicatePaid),
        Disposition::Late => Some(ExceptionKind::LateSuccess),
        Disposition::Mismatch => Some(ExceptionKind::AmountMismatch),
    }
}

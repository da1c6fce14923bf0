//! From which accounts the hold of a refund is drawn.

use super::CreateRefund;
use crate::ledger::{AccountKind, AccountRef};
use crate::payment::{Attempt, Disposition, Payment};
use crate::refund::shares;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::split::Undoing;
use tk_money::Amount;

/// From which accounts a hold is drawn, minor units.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_field_names, reason = "amounts carry their unit")]
pub(super) struct Funding {
    pub(super) pending_settlement_minor: i64,
    pub(super) collected_for_others_minor: i64,
    pub(super) cash_minor: i64,
    pub(super) prepaid_minor: i64,
    pub(super) duplicate_minor: i64,
    pub(super) late_success_minor: i64,
    pub(super) suspense_minor: i64,
}

impl CreateRefund {
    /// The hold's parts: what was collected for others from there, the rest from pending settlement first, then cash; what was paid in advance from what is left of it, stray
    /// money from its own account. What comes back of shares is there before the hold is drawn.
    pub(super) fn funding(
        &self,
        (payment, attempt): (&Payment, &Attempt),
        shares: &Undoing,
        snapshot: &Snapshot,
    ) -> Result<Funding, Refusal> {
        let available = |kind| {
            let name = AccountRef::merchant(self.tenant_id, payment.merchant_id, kind, payment.currency);
            snapshot.account(&name, 0).available_minor().max(0)
        };
        let plan = shares::plan(payment, attempt, self.amount_minor, &self.by_item());
        let wanted = shares::held_minor(self.amount_minor, plan.shares);
        let (funding, drawn) = match attempt.disposition {
            Some(Disposition::Duplicate) => {
                let part = available(AccountKind::Duplicate).min(wanted);
                (Funding { duplicate_minor: part, ..Funding::default() }, part)
            }
            Some(Disposition::Late) => {
                let part = available(AccountKind::LateSuccess).min(wanted);
                (Funding { late_success_minor: part, ..Funding::default() }, part)
            }
            Some(Disposition::Effective) | None if payment.prepayment_id.is_some() => {
                let left = snapshot.account(&payment.credited_account(), 0).available_minor();
                let part = left.clamp(0, wanted);
                (Funding { prepaid_minor: part, ..Funding::default() }, part)
            }
            // Of a mismatch the merchant has what two persons credited to it.
            Some(Disposition::Effective | Disposition::Mismatch) | None => {
                // What others are owed by other payments is not this one's to give back.
                let others = plan.for_others_minor.min(payment.others_left_minor());
                let others = available(AccountKind::CollectedForOthers).min(others);
                let pending = available(AccountKind::PendingSettlement).saturating_add(shares.total_minor());
                let pending = pending.min(wanted.saturating_sub(others));
                let drawn = others.saturating_add(pending);
                let cash = available(AccountKind::Cash).min(wanted.saturating_sub(drawn));
                let funding = Funding {
                    collected_for_others_minor: others,
                    pending_settlement_minor: pending,
                    cash_minor: cash,
                    ..Funding::default()
                };
                (funding, drawn.saturating_add(cash))
            }
        };
        covered(drawn, wanted, payment).map(|()| funding)
    }
}

/// Refuses a hold that its accounts do not cover.
fn covered(drawn_minor: i64, wanted_minor: i64, payment: &Payment) -> Result<(), Refusal> {
    if drawn_minor >= wanted_minor {
        return Ok(());
    }
    let amount = |minor| Amount::new(minor, payment.currency);
    let short = amount(wanted_minor.saturating_sub(drawn_minor));
    Err(Refusal::InsufficientBalance { available: amount(drawn_minor), short })
}

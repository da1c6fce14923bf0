//! Which items of a payment a refund is of.

use super::CreateRefund;
use crate::payment::{Attempt, ITEMS_MAX, Payment};
use crate::refund::Refund;
use crate::refusal::Refusal;
use tk_money::Amount;

impl CreateRefund {
    /// What is wanted of each item by its place, minor units; empty if none is named.
    pub(super) fn by_item(&self) -> Vec<i64> {
        let places = self.items.iter().map(|named| named.item).max();
        let sum = |place: usize| {
            let of_item = self.items.iter().filter(|named| named.item == place);
            of_item.fold(0, |sum: i64, named| sum.saturating_add(named.amount_minor))
        };
        places.map(|last| (0..=last.min(ITEMS_MAX)).map(sum).collect()).unwrap_or_default()
    }

    /// Whether it names no items, or just those that the refund is of; one done after its end may be of others by then.
    pub(super) fn names_items_of(&self, refund: &Refund) -> bool {
        let mut named = self.by_item();
        let shares = refund.item_shares();
        named.resize(shares.len().max(named.len()), 0);
        self.items.is_empty() || refund.late_succeeded_at_us.is_some() || named == shares
    }

    /// Refuses items that the payment does not have or that have less left, and sums that are not the amount. Where some of
    /// the payment is collected for others, a refund of a part says of which items it is: a tax is not given back in
    /// proportion.
    pub(super) fn check_items(&self, payment: &Payment, attempt: &Attempt) -> Result<(), Refusal> {
        let left = payment.items_left();
        let counts = payment.effective_attempt_id == Some(attempt.id);
        if self.items.is_empty() {
            let part = self.amount_minor < payment.refundable_minor();
            let required = counts && part && payment.for_others(&left) > 0;
            return if required { Err(Refusal::RefundItemsRequired) } else { Ok(()) };
        }
        let invalid = |reason| Err(Refusal::FieldInvalid { param: "items", reason });
        if !counts {
            return invalid("money that came beside the collection has no items");
        }
        let amount = |minor| Amount::new(minor, payment.currency);
        let mut sum = 0_i64;
        for (at, named) in self.items.iter().enumerate() {
            let Some(left) = left.get(named.item).copied() else {
                return invalid("the payment has no such item");
            };
            if self.items.iter().take(at).any(|before| before.item == named.item) {
                return invalid("each item is named once");
            }
            if named.amount_minor < 1 {
                return invalid("each amount must be above zero");
            }
            if named.amount_minor > left {
                return Err(Refusal::RefundExceedsItem {
                    refundable: amount(left),
                    requested: amount(named.amount_minor),
                });
            }
            sum = sum.checked_add(named.amount_minor).ok_or(Refusal::AmountOverflow)?;
        }
        if sum == self.amount_minor {
            Ok(())
        } else {
            Err(Refusal::ItemsTotalMismatch { sum: amount(sum), amount: amount(self.amount_minor) })
        }
    }
}

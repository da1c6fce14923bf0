//! What goes with a refund of the payer's money: the discounts that the channel had granted, and the amount's parts.

use crate::payment::{Attempt, Counted, Payment};
use crate::refund::Refund;

/// What goes back with a refund beside the payer's money, minor units; frozen when the refund is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Of the discounts that the channel pays over to us; it takes them back.
    pub discount_minor: i64,
    /// Of the discounts that the merchant itself bore at the channel; no money of ours.
    pub discount_merchant_minor: i64,
    /// Of the parts that others had put up.
    pub parts_minor: i64,
}

/// What a refund of `amount_minor` takes along.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// The sums.
    pub shares: Shares,
    /// Of each part of the amount; empty if there is none or the money never counted.
    pub parts: Vec<i64>,
    /// Of each item, the payer's money; empty likewise.
    pub items: Vec<i64>,
    /// What of the items is collected for others.
    pub for_others_minor: i64,
}

/// The shares by all that went back or is about to, this refund included; of the items as far as they can what is wanted
/// of each. Money that does not count for the payment had neither parts nor items.
pub(super) fn plan(payment: &Payment, attempt: &Attempt, amount_minor: i64, wanted: &[i64]) -> Plan {
    let gone = attempt.going_minor().saturating_add(amount_minor);
    let (discount_minor, discount_merchant_minor) = attempt.discount_shares(gone);
    let counts = payment.effective_attempt_id == Some(attempt.id);
    let parts = if counts { payment.part_shares(gone) } else { Vec::new() };
    let items = if counts { payment.item_shares(wanted, amount_minor) } else { Vec::new() };
    let parts_minor = payment.moving(&parts);
    let for_others_minor = payment.for_others(&items);
    Plan {
        shares: Shares { discount_minor, discount_merchant_minor, parts_minor },
        parts,
        items,
        for_others_minor,
    }
}

/// What the channel is asked to refund of its order, minor units.
pub(super) const fn order_minor(amount_minor: i64, shares: Shares) -> i64 {
    amount_minor.saturating_add(shares.discount_minor).saturating_add(shares.discount_merchant_minor)
}

/// What is drawn from the merchant for it in all, minor units.
pub(super) const fn held_minor(amount_minor: i64, shares: Shares) -> i64 {
    amount_minor.saturating_add(shares.discount_minor).saturating_add(shares.parts_minor)
}

/// The attempt counts the discounts that go back with a refund just made.
pub(super) fn take(attempt: &mut Attempt, shares: Shares) {
    let discount = &mut attempt.discount;
    discount.back_minor = discount.back_minor.saturating_add(shares.discount_minor);
    discount.merchant_back_minor =
        discount.merchant_back_minor.saturating_add(shares.discount_merchant_minor);
}

/// They stay after all: the refund ended without success.
pub(super) fn give_back(payment: &mut Payment, attempt: &mut Attempt, refund: &Refund) {
    let discount = &mut attempt.discount;
    discount.back_minor = discount.back_minor.saturating_sub(refund.shares.discount_minor);
    discount.merchant_back_minor =
        discount.merchant_back_minor.saturating_sub(refund.shares.discount_merchant_minor);
    payment.count_shares(refund, Counted::Kept);
}

impl Refund {
    /// What of it is expected to leave us at the channel, minor units.
    #[must_use]
    pub const fn settled_minor(&self) -> i64 {
        self.amount_minor.saturating_add(self.shares.discount_minor)
    }

    /// What goes back of each part of the payment's amount, minor units.
    #[must_use]
    pub fn part_shares(&self) -> Vec<i64> {
        let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
        self.parts.as_ref().map(read).unwrap_or_default()
    }

    /// What goes back of each item of the payment, the payer's money, minor units.
    #[must_use]
    pub fn item_shares(&self) -> Vec<i64> {
        let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
        self.items.as_ref().map(read).unwrap_or_default()
    }

    /// Keeps what goes back with it of each part and item.
    pub(super) fn keep_shares(&mut self, plan: &Plan) {
        let kept = |shares: &Vec<i64>| serde_json::to_string(shares).ok().filter(|_| !shares.is_empty());
        self.shares = plan.shares;
        self.parts = kept(&plan.parts);
        self.items = kept(&plan.items);
    }
}

//! The published form of who pays what.

use crate::payment::{Attempt, Item, Part, Payment};
use crate::refund::Refund;
use serde::Serialize;

/// A part of an amount, as published.
#[derive(Debug, Clone, Serialize)]
pub struct PartView {
    /// Its terms.
    #[serde(flatten)]
    pub part: Part,
    /// Minor units that went back or are about to.
    pub amount_returned: i64,
}

/// What the channel took off the payer's bill, by who bears it, as published.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DiscountsView {
    /// The channel or others there, minor units: paid over to us.
    pub channel: i64,
    /// The merchant, minor units: not paid over.
    pub merchant: i64,
}

impl DiscountsView {
    /// The published form.
    #[must_use]
    pub(super) const fn of(attempt: &Attempt) -> Self {
        Self { channel: attempt.discount.settled_minor, merchant: attempt.discount.merchant_minor }
    }
}

/// The parts of a payment's amount.
pub(super) fn of(payment: &Payment) -> Vec<PartView> {
    let back = payment.parts_back();
    let view = |(place, part): (usize, Part)| PartView {
        part,
        amount_returned: back.get(place).copied().unwrap_or(0),
    };
    payment.parts().into_iter().enumerate().map(view).collect()
}

/// What of the order amount is not the payer's, by the channel's word once there is one, minor units.
pub(super) const fn coupon_returned_minor(refund: &Refund) -> i64 {
    let given = match refund.payer_back_minor {
        Some(minor) => minor,
        None => refund.amount_minor,
    };
    refund.order_minor.saturating_sub(given)
}

/// An item of a payment, as published.
#[derive(Debug, Clone, Serialize)]
pub struct ItemView {
    /// What was given.
    #[serde(flatten)]
    pub item: Item,
    /// Minor units of the payer's money that may still go back of it.
    pub amount_refundable: i64,
    /// Minor units of the payer's money that went back of it or are about to.
    pub amount_returned: i64,
}

/// The items of a payment.
pub(super) fn items(payment: &Payment) -> Option<Vec<ItemView>> {
    let (left, back) = (payment.items_left(), payment.items_back());
    let at = |list: &[i64], place: usize| list.get(place).copied().unwrap_or(0);
    let most = payment.refundable_minor();
    let view = |(place, item): (usize, Item)| ItemView {
        item,
        amount_refundable: at(&left, place).min(most),
        amount_returned: at(&back, place),
    };
    let items: Vec<ItemView> = payment.items().into_iter().enumerate().map(view).collect();
    Some(items).filter(|items| !items.is_empty())
}

/// What goes back of one item with a refund, as published.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ItemRefundView {
    /// Its place among the payment's items, from 0.
    pub item: usize,
    /// Minor units of the payer's money.
    pub amount: i64,
}

/// The items that a refund is of.
pub(super) fn items_returned(refund: &Refund) -> Vec<ItemRefundView> {
    let shares = refund.item_shares().into_iter().enumerate();
    shares.filter(|(_, amount)| *amount > 0).map(|(item, amount)| ItemRefundView { item, amount }).collect()
}

//! The published form of who pays what.

use crate::payment::{Attempt, Part, Payment};
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

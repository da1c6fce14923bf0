//! What of an order's amount is not the payer's own money.

use tk_domain::payment::{Part, PartDebtor, PartFunder, PartKind, PartReturn};
use tk_simulator::core::Dice;

/// None for most orders; else up to three, each up to half of what the payer pays.
pub(crate) fn draw(dice: &mut Dice, payer_minor: i64) -> Vec<Part> {
    if dice.below(5) < 3 {
        return Vec::new();
    }
    let count = 1 + dice.below(3);
    (0..count).map(|number| part(dice, payer_minor, number)).collect()
}

fn part(dice: &mut Dice, payer_minor: i64, number: u64) -> Part {
    let amount = dice.between(1, payer_minor.div_euclid(2).max(1));
    let coupon = |funder, on_refund| (PartKind::Coupon, funder, None, on_refund);
    let advance = |debtor| (PartKind::Advance, PartFunder::Channel, Some(debtor), PartReturn::Proportion);
    let (kind, funder, debtor, on_refund) = match dice.below(6) {
        0 => coupon(PartFunder::Merchant, PartReturn::Proportion),
        1 => coupon(PartFunder::Tenant, PartReturn::Kept),
        2 => coupon(PartFunder::Tenant, PartReturn::Proportion),
        3 => advance(PartDebtor::Payer),
        _ => advance(PartDebtor::Merchant),
    };
    Part { kind, funder, debtor, amount, on_refund, reference: format!("terms-{number}") }
}

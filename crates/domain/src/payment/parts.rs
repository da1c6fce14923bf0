//! Who pays what: the parts of an amount that are not the payer's own money, frozen with the payment.
//!
//! The channel is asked for the rest. Each part goes back in proportion to what the payer got back, always computed from
//! the total, so that all of it is back when all of the payer's money is, in however many refunds.

use crate::id::PartnerId;
use crate::payment::Payment;
use crate::refund::Refund;
use crate::refusal::Refusal;
use crate::words::words;
use serde::{Deserialize, Serialize};
use tk_money::{Amount, Rounding, proportion};

/// Parts that one payment may have.
pub const PARTS_MAX: usize = 10;

words! {
    /// What a part is.
    PartKind {
        /// A coupon or red packet that the order system took off before the channel 优惠券、红包.
        Coupon = "coupon",
        /// What somebody puts up so that the merchant gets the whole while the payer pays the net 垫资.
        Advance = "advance",
    }
}

words! {
    /// Who puts up a part's money.
    PartFunder {
        /// The merchant itself: it gets that much less, and no money moves.
        Merchant = "merchant",
        /// The tenant.
        Tenant = "tenant",
        /// The payment's partner.
        Partner = "partner",
        /// The channel account that collects.
        Channel = "channel",
    }
}

words! {
    /// Who owes an advance to whoever put it up.
    PartDebtor {
        /// The merchant, as the insurer.
        Merchant = "merchant",
        /// The payment's partner, as the agency.
        Partner = "partner",
        /// The payer.
        Payer = "payer",
    }
}

words! {
    /// What becomes of a part when the payer gets money back.
    PartReturn {
        /// It goes back in proportion.
        Proportion = "proportion",
        /// The coupon is used up: its funder gets nothing back.
        Kept = "kept",
    }
}

/// One part of an amount that is not the payer's own money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Who puts it up.
    pub funder: PartFunder,
    /// Who owes it, for an advance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debtor: Option<PartDebtor>,
    /// Minor units, above zero.
    pub amount: i64,
    /// What becomes of it in a refund.
    pub on_refund: PartReturn,
    /// The contract of an advance, or the campaign or number of a coupon.
    pub reference: String,
}

impl Part {
    /// Whether money moves between its funder and the merchant.
    #[must_use]
    pub fn moves_money(&self) -> bool {
        self.funder != PartFunder::Merchant
    }

    fn check(&self, partner_id: Option<PartnerId>) -> Result<(), Refusal> {
        let invalid = |reason| Err(Refusal::FieldInvalid { param: "parts", reason });
        if self.amount < 1 {
            return invalid("each amount must be above zero");
        }
        let partner = self.funder == PartFunder::Partner || self.debtor == Some(PartDebtor::Partner);
        if partner && partner_id.is_none() {
            return invalid("the payment has no partner");
        }
        match (self.kind, self.funder, self.debtor) {
            (PartKind::Coupon, PartFunder::Channel, _) => {
                invalid("the channel's own coupons are told by the channel")
            }
            (PartKind::Coupon, _, Some(_)) => invalid("only an advance has a debtor"),
            (PartKind::Coupon, PartFunder::Merchant | PartFunder::Tenant | PartFunder::Partner, None) => {
                Ok(())
            }
            (PartKind::Advance, PartFunder::Merchant | PartFunder::Tenant, _) => {
                invalid("an advance is put up by the channel or the partner")
            }
            (PartKind::Advance, _, None) => invalid("an advance names its debtor"),
            (PartKind::Advance, PartFunder::Partner, Some(PartDebtor::Partner)) => {
                invalid("nobody owes an advance to himself")
            }
            (PartKind::Advance, PartFunder::Partner | PartFunder::Channel, Some(_)) => {
                if self.on_refund == PartReturn::Proportion {
                    Ok(())
                } else {
                    invalid("an advance goes back in proportion")
                }
            }
        }
    }
}

/// Refuses too many parts, parts that nobody could book, and parts that leave the payer nothing to pay; answers what the
/// payer is to pay, minor units.
pub(super) fn check(parts: &[Part], amount: Amount, partner_id: Option<PartnerId>) -> Result<i64, Refusal> {
    if parts.len() > PARTS_MAX {
        return Err(Refusal::FieldInvalid { param: "parts", reason: "at most 10" });
    }
    let mut sum = 0_i64;
    for part in parts {
        part.check(partner_id)?;
        sum = sum.checked_add(part.amount).ok_or(Refusal::AmountOverflow)?;
    }
    let payer_minor = amount.minor.checked_sub(sum).ok_or(Refusal::AmountOverflow)?;
    if payer_minor < 1 {
        return Err(Refusal::PartsExceedAmount { sum: Amount::new(sum, amount.currency), amount });
    }
    Ok(payer_minor)
}

impl Payment {
    /// Its parts, in the order in which they were given.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
        self.parts.as_ref().map(read).unwrap_or_default()
    }

    /// What went back of each part or is about to, minor units.
    #[must_use]
    pub fn parts_back(&self) -> Vec<i64> {
        let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
        self.parts_back.as_ref().map(read).unwrap_or_default()
    }

    /// Counts what goes back of each part and each item with a refund, or no longer does.
    pub(crate) fn count_shares(&mut self, refund: &Refund, counted: Counted) {
        let parts = counted.all(&self.parts_back(), &refund.part_shares(), self.parts().len());
        let items = counted.all(&self.items_back(), &refund.item_shares(), self.items().len());
        self.parts_back = parts.or(self.parts_back.take());
        self.items_back = items.or(self.items_back.take());
    }

    /// What more goes back of each part when `gone_minor` of the payer's money has gone back in all.
    pub(crate) fn part_shares(&self, gone_minor: i64) -> Vec<i64> {
        let (parts, back) = (self.parts(), self.parts_back());
        let base_minor = self.refund_base_minor();
        if base_minor < 1 {
            return Vec::new();
        }
        let gone_minor = gone_minor.clamp(0, base_minor);
        let share = |(place, part): (usize, &Part)| {
            let before = back.get(place).copied().unwrap_or(0);
            let due = proportion(part.amount, gone_minor, base_minor, Rounding::HalfUp).unwrap_or(0);
            let left = part.amount.saturating_sub(before).max(0);
            match part.on_refund {
                PartReturn::Proportion => due.saturating_sub(before).clamp(0, left),
                PartReturn::Kept => 0,
            }
        };
        parts.iter().enumerate().map(share).collect()
    }

    /// The sum of those shares that money moves for, minor units.
    pub(crate) fn moving(&self, shares: &[i64]) -> i64 {
        let parts = self.parts();
        let moving = parts.iter().zip(shares).filter(|(part, _)| part.moves_money());
        moving.fold(0, |sum: i64, (_, share)| sum.saturating_add(*share))
    }
}

/// Whether shares of parts and items go back, or stay after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// They go back.
    Back,
    /// The refund ended without success.
    Kept,
}

impl Counted {
    /// What is counted by place after these shares; nothing if there are none.
    fn all(self, before: &[i64], shares: &[i64], places: usize) -> Option<String> {
        if places == 0 || shares.is_empty() {
            return None;
        }
        let at = |list: &[i64], place: usize| list.get(place).copied().unwrap_or(0);
        let sum = |place: usize| match self {
            Self::Back => at(before, place).saturating_add(at(shares, place)),
            Self::Kept => at(before, place).saturating_sub(at(shares, place)),
        };
        let after: Vec<i64> = (0..places).map(sum).collect();
        serde_json::to_string(&after).ok()
    }
}

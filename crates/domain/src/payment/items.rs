//! What a payment is made of: lines whose sum is its amount, to the fen.

use crate::command::{Want, Wants};
use crate::payment::Payment;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use tk_money::{Amount, split_within};

/// Lines that one payment may have.
pub const ITEMS_MAX: usize = 100;

/// One line of what is paid for; the texts are the order system's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is, such as the name of a cover.
    pub name: String,
    /// Its share of the payment's amount, minor units.
    pub amount: i64,
    /// How many, if it is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// What one costs, minor units, if it is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<i64>,
    /// The order system's word for its kind, such as `vehicle_tax`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The policy or proposal that it pays for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_no: Option<String>,
    /// Whether others may have a share of it: goods may be shared, premium never.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub splittable: bool,
    /// The order that it belongs to, where one payment pays several orders of the merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_order_no: Option<String>,
    /// For whom the merchant only collects it, such as a tax office; money of the merchant's own if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected_for: Option<String>,
}

/// What of one item goes back with a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemRefund {
    /// Its place among the payment's items, from 0.
    pub item: usize,
    /// Of the payer's money, minor units.
    pub amount_minor: i64,
}

/// The person or company that is to pay: what may be shown, and all of it sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerRecord {
    /// The fields with their middles hidden, a JSON object.
    pub masked: String,
    /// The fields as given, encrypted under the installation's key.
    pub sealed: Vec<u8>,
}

/// Refuses too many lines, a line that is not above zero or not its quantity times its price, and lines whose sum is
/// not the amount.
pub(super) fn check(items: &[Item], amount: Amount) -> Result<(), Refusal> {
    if items.is_empty() {
        return Ok(());
    }
    if items.len() > ITEMS_MAX {
        return Err(Refusal::FieldInvalid { param: "items", reason: "at most 100" });
    }
    let mut sum = 0_i64;
    for item in items {
        let counted = counted(item)?;
        if item.amount < 1 {
            return Err(Refusal::FieldInvalid { param: "items", reason: "each amount must be above zero" });
        }
        if counted.is_some_and(|counted| counted != item.amount) {
            return Err(Refusal::FieldInvalid {
                param: "items",
                reason: "amount is not quantity times unit_price",
            });
        }
        if item.splittable && item.collected_for.is_some() {
            return Err(Refusal::FieldInvalid {
                param: "items",
                reason: "nobody has a share of what is collected for others",
            });
        }
        sum = sum.checked_add(item.amount).ok_or(Refusal::AmountOverflow)?;
    }
    let sum = Amount::new(sum, amount.currency);
    if sum == amount { Ok(()) } else { Err(Refusal::ItemsTotalMismatch { sum, amount }) }
}

/// Quantity times price, where both are given.
fn counted(item: &Item) -> Result<Option<i64>, Refusal> {
    match (item.quantity, item.unit_price) {
        (Some(quantity), Some(price)) => quantity.checked_mul(price).map(Some).ok_or(Refusal::AmountOverflow),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => {
            Err(Refusal::FieldInvalid { param: "items", reason: "quantity and unit_price come together" })
        }
    }
}

/// What of these items is collected for others, minor units.
pub(crate) fn for_others(items: &[Item]) -> i64 {
    let others = items.iter().filter(|item| item.collected_for.is_some());
    others.fold(0, |sum, item| sum.saturating_add(item.amount))
}

/// Refuses parts that leave the payer to pay less than what is collected for others, and an advance payment of it.
pub(super) fn check_others(items: &[Item], payer_minor: i64, in_advance: bool) -> Result<(), Refusal> {
    let sum = for_others(items);
    if sum > 0 && in_advance {
        return Err(Refusal::FieldInvalid {
            param: "items",
            reason: "nothing that is paid in advance is collected for others",
        });
    }
    if sum > payer_minor {
        return Err(Refusal::FieldInvalid {
            param: "parts",
            reason: "what is collected for others is the payer's own money",
        });
    }
    Ok(())
}

impl Payment {
    /// Its items, in the order in which they were given.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
        self.items.as_ref().map(read).unwrap_or_default()
    }

    /// What went back of each item or is about to, of the payer's money, minor units.
    #[must_use]
    pub fn items_back(&self) -> Vec<i64> {
        let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
        self.items_back.as_ref().map(read).unwrap_or_default()
    }

    /// What the payer himself paid for each item, minor units: for others in full; coupons, advances and discounts
    /// lessen the merchant's own items, in proportion.
    #[must_use]
    pub fn item_bases(&self) -> Vec<i64> {
        let items = self.items();
        let mut open = self.refund_base_minor().max(0);
        let for_others = |item: &Item| {
            let base = if item.collected_for.is_some() { item.amount.min(open) } else { 0 };
            open = open.saturating_sub(base);
            base
        };
        let others: Vec<i64> = items.iter().map(for_others).collect();
        let own = |item: &Item| if item.collected_for.is_some() { 0 } else { item.amount };
        let weights: Vec<i64> = items.iter().map(own).collect();
        let own = split_within(open, &weights).unwrap_or_default();
        let at = |place: usize| own.get(place).copied().unwrap_or(0);
        others.iter().enumerate().map(|(place, base)| base.saturating_add(at(place))).collect()
    }

    /// What may still go back of each item, minor units, if all that was collected is still here.
    #[must_use]
    pub fn items_left(&self) -> Vec<i64> {
        let back = self.items_back();
        let left =
            |(place, base): (usize, i64)| base.saturating_sub(back.get(place).copied().unwrap_or(0)).max(0);
        self.item_bases().into_iter().enumerate().map(left).collect()
    }

    /// Names the account of what is collected for others, where anything is.
    pub(crate) fn want_others(&self, wants: &mut Wants) {
        if self.items.as_ref().is_some_and(|text| text.contains("collected_for")) {
            wants.add(Want::Account(self.others_account()));
        }
    }

    /// What of these sums by item is collected for others, minor units.
    #[must_use]
    pub fn for_others(&self, by_item: &[i64]) -> i64 {
        let items = self.items();
        let others = items.iter().zip(by_item).filter(|(item, _)| item.collected_for.is_some());
        others.fold(0, |sum: i64, (_, share)| sum.saturating_add(*share))
    }

    /// What of this payment stands for others and is not on its way back, minor units: what a bank took back is gone.
    #[must_use]
    pub fn others_left_minor(&self) -> i64 {
        self.for_others(&self.items_left()).saturating_sub(self.reversed_others_minor).max(0)
    }

    /// What of these sums by item, which are counted as gone, was still there for others, minor units.
    pub(crate) fn others_of(&self, by_item: &[i64]) -> i64 {
        let share = self.for_others(by_item);
        let left = self.for_others(&self.items_left()).saturating_sub(self.reversed_others_minor);
        left.saturating_add(share).clamp(0, share.max(0))
    }

    /// What the bank takes back with `amount_minor` of that which is collected for others, minor units: the merchant's own
    /// money goes first.
    pub(crate) fn others_reversed(&self, amount_minor: i64) -> i64 {
        let left = self.refund_base_minor().saturating_sub(self.refunded_minor);
        let left = left.saturating_sub(self.late_refunded_minor).saturating_sub(self.reversed_minor);
        let reached = self.others_left_minor().saturating_sub(left.saturating_sub(amount_minor).max(0));
        reached.clamp(0, amount_minor.max(0))
    }

    /// What goes back of each item with `amount_minor`: as far as it may what is wanted of each, the rest in proportion to
    /// what is left of all.
    pub(crate) fn item_shares(&self, wanted: &[i64], amount_minor: i64) -> Vec<i64> {
        let left = self.items_left();
        let mut open = amount_minor.max(0);
        let named = |(place, left): (usize, &i64)| {
            let share = wanted.get(place).copied().unwrap_or(0).clamp(0, (*left).min(open));
            open = open.saturating_sub(share);
            share
        };
        let named: Vec<i64> = left.iter().enumerate().map(named).collect();
        let free: Vec<i64> =
            left.iter().zip(&named).map(|(left, share)| left.saturating_sub(*share)).collect();
        let whole = free.iter().fold(0_i64, |sum, free| sum.saturating_add(*free));
        let more = split_within(open.min(whole), &free).unwrap_or_default();
        let at = |place: usize| more.get(place).copied().unwrap_or(0);
        named.iter().enumerate().map(|(place, share)| share.saturating_add(at(place))).collect()
    }
}

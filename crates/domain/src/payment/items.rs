//! What a payment is made of: lines whose sum is its amount, to the fen.

use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use tk_money::Amount;

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

//! A bill of which only a part is paid through us, such as a hospital's: what others pay elsewhere is recorded for
//! reconciliation, frozen with the payment. It moves no money here and is never ours to refund.

use crate::payment::Payment;
use crate::refusal::Refusal;
use crate::words::words;
use serde::{Deserialize, Serialize};
use tk_money::Amount;

/// Lines that a bill may have beside the payment.
pub const ELSEWHERE_MAX: usize = 10;
/// The longest number of a line at its payer, characters.
const REFERENCE_MAX: usize = 64;

words! {
    /// Who pays a part of a bill elsewhere.
    ElsewhereBy {
        /// The pooled fund of the medical insurance 医保统筹.
        MedicalFund = "medical_fund",
        /// The patient's own account at the medical insurance 医保个人账户.
        MedicalAccount = "medical_account",
        /// A commercial insurer 商业保险.
        CommercialInsurance = "commercial_insurance",
        /// Medical relief 医疗救助.
        Relief = "relief",
        /// Somebody else.
        Other = "other",
    }
}

/// What somebody pays of a bill elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Who.
    pub by: ElsewhereBy,
    /// How much, minor units.
    pub amount: i64,
    /// Its number there, by which it is reconciled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The whole bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Its sum: the payment's amount and all that is paid elsewhere, minor units.
    pub total: i64,
    /// What is paid elsewhere.
    pub elsewhere: Vec<Elsewhere>,
}

/// Refuses no or too many lines, a line that is not above zero, and a bill that does not add up.
pub(super) fn check(bill: &Bill, amount: Amount) -> Result<(), Refusal> {
    let invalid = |reason| Err(Refusal::FieldInvalid { param: "bill", reason });
    if !(1..=ELSEWHERE_MAX).contains(&bill.elsewhere.len()) {
        return invalid("1 to 10 lines elsewhere");
    }
    let mut sum = amount.minor;
    for line in &bill.elsewhere {
        if line.amount < 1 {
            return invalid("each amount must be above zero");
        }
        if line.reference.as_ref().is_some_and(|text| !(1..=REFERENCE_MAX).contains(&text.chars().count())) {
            return invalid("a reference has 1 to 64 characters");
        }
        sum = sum.checked_add(line.amount).ok_or(Refusal::AmountOverflow)?;
    }
    if sum == bill.total { Ok(()) } else { invalid("total is not the amount and what is paid elsewhere") }
}

impl Payment {
    /// The whole bill, where a part of it is paid elsewhere.
    #[must_use]
    pub fn bill(&self) -> Option<Bill> {
        self.bill.as_ref().and_then(|text| serde_json::from_str(text).ok())
    }
}

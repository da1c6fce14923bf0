//! What two lines of a bank, or a line and a slip, say about each other, and when that is sure enough to go without a
//! person.

use crate::transfer::{BankLine, REVERSAL_DAYS, SLIP_DAYS};
use std::collections::BTreeMap;

/// Money of which it is open whether it is still there, or is counted by another line: what has its amount waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubts {
    /// Amounts and last days of reversals that are not linked, minor units and days since 1970-01-01.
    reversals: Vec<(i64, i64)>,
    /// Amounts and days of slips in the books that are not proven.
    slips: Vec<(i64, i64)>,
}

impl Doubts {
    /// The bank took money back, and it is not known which.
    pub fn reversal(&mut self, line: &BankLine) {
        self.reversals.push((line.amount_minor, line.booked_day));
    }

    /// A slip stands for money that no line of the bank shows yet.
    pub fn slip(&mut self, slip: &BankLine) {
        self.slips.push((slip.amount_minor, slip.booked_day));
    }

    /// Whether it is not sure that this line is money of its own.
    #[must_use]
    pub fn contests(&self, line: &BankLine) -> bool {
        let apart = |day: i64| day.saturating_sub(line.booked_day);
        let taken_back = |(amount, day): &(i64, i64)| {
            *amount == line.amount_minor && (0..=REVERSAL_DAYS).contains(&apart(*day))
        };
        let slip = |(amount, day): &(i64, i64)| {
            *amount == line.amount_minor && apart(*day).saturating_abs() <= SLIP_DAYS
        };
        self.reversals.iter().any(taken_back) || (!line.unproven() && self.slips.iter().any(slip))
    }
}

/// The one credit that a reversal can be about: the only one like it, or the only one of its amount on its own day and
/// in the days before.
#[must_use]
pub fn only_credit<'a>(reversal: &BankLine, credits: &'a [BankLine]) -> Option<&'a BankLine> {
    let like: Vec<&BankLine> = credits.iter().filter(|credit| alike(reversal, credit)).collect();
    match (like.as_slice(), credits) {
        ([credit], _) => Some(credit),
        ([], [credit]) if credit.booked_day == reversal.booked_day => Some(credit),
        _ => None,
    }
}

/// Whether a line of the bank shows that it is a slip's: like it, and not under another number.
#[must_use]
pub fn shows_slip(line: &BankLine, slip: &BankLine) -> bool {
    let named = slip.name_index.is_some() && slip.name_index == line.name_index;
    let other = !line.bank_ref.is_empty() && !slip.bank_ref.is_empty() && line.bank_ref != slip.bank_ref;
    alike(line, slip) || (named && !other)
}

/// Pairs of which neither side has another choice.
#[must_use]
pub fn only_pairs<A: Ord + Copy, B: Ord + Copy>(pairs: &[(A, B)]) -> Vec<(A, B)> {
    let mut left: BTreeMap<A, usize> = BTreeMap::new();
    let mut right: BTreeMap<B, usize> = BTreeMap::new();
    for (a, b) in pairs {
        let (of_a, of_b) = (left.entry(*a).or_default(), right.entry(*b).or_default());
        *of_a = of_a.saturating_add(1);
        *of_b = of_b.saturating_add(1);
    }
    pairs.iter().copied().filter(|(a, b)| left.get(a) == Some(&1) && right.get(b) == Some(&1)).collect()
}

/// Whether two lines show the same other side, number or code.
fn alike(a: &BankLine, b: &BankLine) -> bool {
    let same = |x: &Option<String>, y: &Option<String>| x.is_some() && x == y;
    let codes = |line: &BankLine| serde_json::from_str::<Vec<String>>(&line.codes).unwrap_or_default();
    let (of_a, of_b) = (codes(a), codes(b));
    (!a.bank_ref.is_empty() && a.bank_ref == b.bank_ref)
        || same(&a.account_index, &b.account_index)
        || of_a.iter().any(|code| of_b.contains(code))
}

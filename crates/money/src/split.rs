//! Division of a whole into parts that always sum to the whole.

use crate::{Rounding, proportion};
use std::fmt;

/// Why a whole cannot be divided as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitError {
    /// The weights are empty, negative, or all zero.
    Weights,
    /// The whole is negative or a product overflows.
    Overflow,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weights => "weights must be non-negative and not all zero",
            Self::Overflow => "the amount cannot be divided without overflow",
        })
    }
}

impl std::error::Error for SplitError {}

/// Divides `whole_minor` by weights; each part is rounded down and the residue goes to the last part
/// with a weight above zero, so that the parts always sum to the whole.
pub fn split_by_weights(whole_minor: i64, weights: &[i64]) -> Result<Vec<i64>, SplitError> {
    if whole_minor < 0 {
        return Err(SplitError::Overflow);
    }
    let total = checked_total(weights)?;
    let mut parts = Vec::with_capacity(weights.len());
    let mut given = 0_i64;
    for weight in weights {
        let part =
            proportion(whole_minor, *weight, total, Rounding::Down).map_err(|_| SplitError::Overflow)?;
        given = given.checked_add(part).ok_or(SplitError::Overflow)?;
        parts.push(part);
    }
    let residue = whole_minor.checked_sub(given).ok_or(SplitError::Overflow)?;
    let last = weights.iter().rposition(|weight| *weight > 0).ok_or(SplitError::Weights)?;
    if let Some(part) = parts.get_mut(last) {
        *part = part.checked_add(residue).ok_or(SplitError::Overflow)?;
    }
    Ok(parts)
}

/// Divides `whole_minor`, at most the sum of the limits, in proportion to them; the parts sum to the whole and none is above
/// its limit.
pub fn split_within(whole_minor: i64, limits: &[i64]) -> Result<Vec<i64>, SplitError> {
    let total = checked_total(limits)?;
    if !(0..=total).contains(&whole_minor) {
        return Err(SplitError::Overflow);
    }
    let (mut before, mut given) = (0_i64, 0_i64);
    let part = |limit: &i64| {
        before = before.checked_add(*limit).ok_or(SplitError::Overflow)?;
        let due = proportion(whole_minor, before, total, Rounding::Down).map_err(|_| SplitError::Overflow)?;
        let part = due.checked_sub(given).ok_or(SplitError::Overflow)?;
        given = due;
        Ok(part)
    };
    limits.iter().map(part).collect()
}

fn checked_total(weights: &[i64]) -> Result<i64, SplitError> {
    let mut total = 0_i64;
    for weight in weights {
        if *weight < 0 {
            return Err(SplitError::Weights);
        }
        total = total.checked_add(*weight).ok_or(SplitError::Overflow)?;
    }
    if total == 0 { Err(SplitError::Weights) } else { Ok(total) }
}

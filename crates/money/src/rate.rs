//! Rates as whole parts per million.

use crate::AmountError;
use std::fmt;
use std::str::FromStr;

/// A rate between 0 and 1 in parts per million; `6_000` is 0.6 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rate {
    ppm: i64,
}

/// The text or number is not a rate between 0 and 1 with at most six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateError;

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate is a decimal from 0 to 1 with at most six decimals")
    }
}

impl std::error::Error for RateError {}

/// How a quotient that is not whole becomes whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, halves away from zero (四舍五入).
    HalfUp,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

const MILLION: i64 = 1_000_000;

impl Rate {
    /// No charge.
    pub const ZERO: Self = Self { ppm: 0 };

    /// A rate of `ppm` parts per million, 0 to 1,000,000.
    pub const fn from_ppm(ppm: i64) -> Result<Self, RateError> {
        if ppm < 0 || ppm > MILLION { Err(RateError) } else { Ok(Self { ppm }) }
    }

    /// The parts per million.
    #[must_use]
    pub const fn ppm(self) -> i64 {
        self.ppm
    }

    /// This share of `minor` units, rounded as named.
    pub fn of(self, minor: i64, rounding: Rounding) -> Result<i64, AmountError> {
        proportion(minor, self.ppm, MILLION, rounding)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:07}", self.ppm);
        let (whole, decimals) = text.split_at(text.len().saturating_sub(6));
        let kept = decimals.trim_end_matches('0');
        write!(f, "{whole}.{kept:0<4}")
    }
}

impl FromStr for Rate {
    type Err = RateError;

    /// Reads a decimal such as `0.0060`; no sign, no exponent, at most six decimals.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
            return Err(RateError);
        }
        let ppm = format!("{whole}{decimals:0<6}").parse::<i64>().map_err(|_| RateError)?;
        Self::from_ppm(ppm)
    }
}

/// `amount × part ÷ whole`, computed in 128 bits and rounded as named; `whole` must be positive.
pub fn proportion(amount: i64, part: i64, whole: i64, rounding: Rounding) -> Result<i64, AmountError> {
    if whole <= 0 {
        return Err(AmountError::Overflow);
    }
    let product = i128::from(amount).checked_mul(i128::from(part)).ok_or(AmountError::Overflow)?;
    let divisor = i128::from(whole);
    let quotient = product.checked_div(divisor).ok_or(AmountError::Overflow)?;
    let rest = product.checked_rem(divisor).ok_or(AmountError::Overflow)?;
    let away = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest != 0,
        Rounding::HalfUp => rest.unsigned_abs().saturating_mul(2) >= divisor.unsigned_abs(),
    };
    let step = if away { product.signum() } else { 0 };
    let rounded = quotient.checked_add(step).ok_or(AmountError::Overflow)?;
    i64::try_from(rounded).map_err(|_| AmountError::Overflow)
}

//! An amount of one currency in minor units.

use crate::Currency;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A signed number of minor units (fen for CNY) of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// Minor units; may be negative for differences and balances.
    pub minor: i64,
    /// The currency that the minor units are of.
    pub currency: Currency,
}

/// Why an operation on amounts has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// The result does not fit into 64 bits of minor units.
    Overflow,
    /// The two amounts are of different currencies.
    CurrencyMismatch,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "amount overflow",
            Self::CurrencyMismatch => "amounts of different currencies",
        })
    }
}

impl std::error::Error for AmountError {}

impl Amount {
    /// An amount of `minor` units of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// An amount of `fen` of renminbi.
    #[must_use]
    pub const fn fen(fen: i64) -> Self {
        Self::new(fen, Currency::Cny)
    }

    /// The sum, if both are of one currency and it fits.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(AmountError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The difference, if both are of one currency and it fits.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(AmountError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// This amount `count` times, if it fits.
    pub fn checked_mul(self, count: i64) -> Result<Self, AmountError> {
        let minor = self.minor.checked_mul(count).ok_or(AmountError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The decimal text in major units without sign of currency, e.g. `-1234.56`.
    #[must_use]
    pub fn decimal(self) -> String {
        self.render("", "")
    }

    /// The text shown to people, e.g. `¥1,234.56` or `-¥1.00`.
    #[must_use]
    pub fn display(self) -> String {
        self.render(self.currency.symbol(), ",")
    }

    fn render(self, symbol: &str, separator: &str) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:03}", self.minor.unsigned_abs());
        let (whole, cents) = digits.split_at(digits.len().saturating_sub(2));
        format!("{sign}{symbol}{}.{cents}", grouped(whole, separator))
    }

    fn same_currency(self, other: Self) -> Result<(), AmountError> {
        if self.currency == other.currency { Ok(()) } else { Err(AmountError::CurrencyMismatch) }
    }
}

fn grouped(whole: &str, separator: &str) -> String {
    let mut text = String::with_capacity(whole.len().saturating_mul(2));
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len().saturating_sub(index);
        if index > 0 && left.is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}

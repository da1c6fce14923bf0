//! Currencies by ISO 4217 code.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A currency that the books can hold, by its ISO 4217 alphabetic code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Renminbi, minor unit fen (1/100 yuan).
    Cny,
    /// Hong Kong dollar, minor unit cent.
    Hkd,
    /// United States dollar, minor unit cent.
    Usd,
}

impl Currency {
    /// Every currency known here, in code order.
    pub const ALL: [Self; 3] = [Self::Cny, Self::Hkd, Self::Usd];

    /// The ISO 4217 code in capitals.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cny => "CNY",
            Self::Hkd => "HKD",
            Self::Usd => "USD",
        }
    }

    /// The number of decimals of the minor unit (ISO 4217 "exponent").
    #[must_use]
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Cny | Self::Hkd | Self::Usd => 2,
        }
    }

    /// The sign printed before an amount.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Cny => "¥",
            Self::Hkd => "HK$",
            Self::Usd => "US$",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text is not the code of a known currency; codes are capitals only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCurrency;

impl fmt::Display for UnknownCurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown currency code")
    }
}

impl std::error::Error for UnknownCurrency {}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|currency| currency.code() == text).ok_or(UnknownCurrency)
    }
}

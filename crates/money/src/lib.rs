//! Money: amounts in minor units, currencies, rates in parts per million, and division that loses nothing.
//!
//! No float exists here. Every operation that can overflow says so; every division names its rounding and
//! accounts for its residue.
#![deny(clippy::float_arithmetic, clippy::as_conversions, clippy::arithmetic_side_effects)]

mod amount;
mod currency;
mod rate;
mod split;

#[cfg(test)]
mod tests;

pub use amount::{Amount, AmountError};
pub use currency::{Currency, UnknownCurrency};
pub use rate::{Rate, RateError, Rounding, proportion};
pub use split::{SplitError, split_by_weights, split_within};

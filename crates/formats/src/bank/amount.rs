//! Decimal numbers of bank files to and from minor units of currencies with two decimals, exactly.

/// The longest amount looked at, in bytes.
const TEXT_MAX_BYTES: usize = 32;
/// The most decimals read; all after the second must be zero (bankfiles.md §1, `InstdAmt`).
const DECIMALS_MAX: usize = 5;

/// Why an amount was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text is not a number in the style declared.
    #[error("amount is not a number in the declared style")]
    Malformed,
    /// The amount has fractions of the minor unit.
    #[error("amount has fractions of the minor unit")]
    Fraction,
    /// The amount does not fit 64 bits.
    #[error("amount is too large")]
    TooLarge,
}

/// How a file writes its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberStyle {
    /// Between whole units and decimals.
    pub decimal: char,
    /// Between groups of three digits, if the file has them.
    pub thousands: Option<char>,
}

impl NumberStyle {
    /// `1000.00`, as ISO 20022 and most exports write it.
    pub const POINT: Self = Self { decimal: '.', thousands: None };
    /// `1,000.00`
    pub const POINT_GROUPED: Self = Self { decimal: '.', thousands: Some(',') };
}

/// Reads a number that may have a leading minus or plus sign.
pub fn parse_signed(text: &str, style: NumberStyle) -> Result<i64, AmountError> {
    let (negative, rest) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    let minor = parse_unsigned(rest, style)?;
    Ok(if negative { -minor } else { minor })
}

/// Reads a number without a sign.
pub fn parse_unsigned(text: &str, style: NumberStyle) -> Result<i64, AmountError> {
    if text.len() > TEXT_MAX_BYTES {
        return Err(AmountError::Malformed);
    }
    let (whole, decimals) = match text.split_once(style.decimal) {
        Some((_, "")) => return Err(AmountError::Malformed),
        Some((whole, decimals)) => (whole, decimals),
        None => (text, ""),
    };
    let minor = match style.thousands {
        Some(mark) if whole.contains(mark) => grouped(whole, mark)?,
        _ => push_digits(0, whole)?,
    };
    if whole.is_empty() {
        return Err(AmountError::Malformed);
    }
    cents(minor, decimals)
}

/// Reads an MT940 amount: a comma is mandatory, decimals are not (`300000,`).
pub fn parse_comma(text: &str) -> Result<i64, AmountError> {
    let (whole, decimals) = text.split_once(',').ok_or(AmountError::Malformed)?;
    if whole.is_empty() || text.len() > 15 {
        return Err(AmountError::Malformed);
    }
    cents(push_digits(0, whole)?, decimals)
}

/// Writes minor units with exactly two decimals after `decimal`.
pub fn format_minor(minor: i64, decimal: char) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let absolute = minor.unsigned_abs();
    format!("{sign}{}{decimal}{:02}", absolute / 100, absolute % 100)
}

fn cents(whole: i64, decimals: &str) -> Result<i64, AmountError> {
    let two = decimals.get(..2.min(decimals.len())).ok_or(AmountError::Malformed)?;
    let beyond = decimals.get(two.len()..).unwrap_or_default();
    if decimals.len() > DECIMALS_MAX || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError::Malformed);
    }
    if beyond.bytes().any(|byte| byte != b'0') {
        return Err(AmountError::Fraction);
    }
    let padded = push_digits(whole, two)?;
    (two.len()..2).try_fold(padded, |minor, _| minor.checked_mul(10)).ok_or(AmountError::TooLarge)
}

fn grouped(whole: &str, mark: char) -> Result<i64, AmountError> {
    let mut groups = whole.split(mark);
    let first = groups.next().unwrap_or_default();
    if first.is_empty() || first.len() > 3 {
        return Err(AmountError::Malformed);
    }
    groups.try_fold(push_digits(0, first)?, |sum, group| {
        if group.len() == 3 { push_digits(sum, group) } else { Err(AmountError::Malformed) }
    })
}

fn push_digits(start: i64, digits: &str) -> Result<i64, AmountError> {
    digits.bytes().try_fold(start, |sum, byte| {
        if !byte.is_ascii_digit() {
            return Err(AmountError::Malformed);
        }
        sum.checked_mul(10)
            .and_then(|tens| tens.checked_add(i64::from(byte - b'0')))
            .ok_or(AmountError::TooLarge)
    })
}

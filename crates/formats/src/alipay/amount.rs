//! Yuan strings with at most two decimals, to and from fen, exactly.

/// The longest amount text looked at, in characters.
const TEXT_MAX_CHARS: usize = 20;

/// Why an amount was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text is not digits with at most two decimals.
    #[error("amount is not a plain yuan number with at most two decimals")]
    Malformed,
    /// The amount does not fit 64 bits of fen.
    #[error("amount is too large")]
    TooLarge,
}

/// Reads a non-negative yuan string such as `88.88`, `0.1` or `7` into fen.
pub fn parse_fen(text: &str) -> Result<i64, AmountError> {
    if text.len() > TEXT_MAX_CHARS {
        return Err(AmountError::Malformed);
    }
    let (yuan, decimals) = match text.split_once('.') {
        Some((yuan, decimals)) if matches!(decimals.len(), 1 | 2) => (yuan, decimals),
        Some(_) => return Err(AmountError::Malformed),
        None => (text, ""),
    };
    if yuan.is_empty() || (yuan.len() > 1 && yuan.starts_with('0')) {
        return Err(AmountError::Malformed);
    }
    let digits = yuan.bytes().chain(decimals.bytes()).chain(b"00".iter().copied().skip(decimals.len()));
    digits.into_iter().try_fold(0_i64, push_digit)
}

/// Reads a yuan string that may start with one minus sign, as bills write refunds and fees.
pub fn parse_signed_fen(text: &str) -> Result<i64, AmountError> {
    match text.strip_prefix('-') {
        Some(rest) => parse_fen(rest).map(|fen| -fen),
        None => parse_fen(text),
    }
}

/// Writes fen as yuan with exactly two decimals, with a leading minus when negative.
pub fn format_fen(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let absolute = fen.unsigned_abs();
    format!("{sign}{}.{:02}", absolute / 100, absolute % 100)
}

fn push_digit(fen: i64, digit: u8) -> Result<i64, AmountError> {
    if !digit.is_ascii_digit() {
        return Err(AmountError::Malformed);
    }
    fen.checked_mul(10)
        .and_then(|tens| tens.checked_add(i64::from(digit - b'0')))
        .ok_or(AmountError::TooLarge)
}

//! `txnAmt`: whole fen as plain digits, without sign, point or blank (unionpay.md §2).

/// The most digits of an amount.
const DIGITS_MAX: usize = 12;

/// The text is not one to twelve ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount is not 1 to 12 digits of fen")]
pub struct AmountError;

/// Reads fen.
pub fn parse_fen(text: &str) -> Result<i64, AmountError> {
    if text.is_empty() || text.len() > DIGITS_MAX || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError);
    }
    text.parse().map_err(|_| AmountError)
}

/// Writes fen; refuses a negative amount and one of more than twelve digits.
pub fn format_fen(fen: i64) -> Result<String, AmountError> {
    let text = fen.to_string();
    parse_fen(&text).map(|_| text)
}

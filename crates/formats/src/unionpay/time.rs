//! `txnTime` and its kin: `YYYYMMDDhhmmss` in Beijing time, to and from UTC microseconds (unionpay.md §2).

use jiff::civil::DateTime;

use crate::beijing;

const DIGITS: usize = 14;

/// The text is not `YYYYMMDDhhmmss`, or no such moment exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("time is not a valid YYYYMMDDhhmmss")]
pub struct TimeError;

/// Reads `YYYYMMDDhhmmss`.
pub fn parse_us(text: &str) -> Result<i64, TimeError> {
    if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TimeError);
    }
    let small = |from: usize| text.get(from..from + 2).and_then(|part| part.parse::<i8>().ok());
    let read = || {
        let year = text.get(..4)?.parse::<i16>().ok()?;
        DateTime::new(year, small(4)?, small(6)?, small(8)?, small(10)?, small(12)?, 0).ok()
    };
    read().and_then(beijing::moment_us).ok_or(TimeError)
}

/// Writes `YYYYMMDDhhmmss`, cutting off the fraction of a second.
pub fn format_us(at_us: i64) -> Result<String, TimeError> {
    let moment = beijing::civil(at_us).ok_or(TimeError)?;
    Ok(moment.strftime("%Y%m%d%H%M%S").to_string())
}

/// Writes the day as `MMDD`, as `settleDate` has it.
pub fn month_day(at_us: i64) -> Result<String, TimeError> {
    let moment = beijing::civil(at_us).ok_or(TimeError)?;
    Ok(moment.strftime("%m%d").to_string())
}

//! RFC 3339 times with an offset, and the Beijing wall-clock times of bills, to and from UTC microseconds.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::alipay::time as beijing;

const OFFSET: Offset = Offset::constant(8);
/// The longest text looked at, bytes.
const TEXT_MAX_BYTES: usize = 40;
/// The shortest: seconds and an offset of one letter.
const TEXT_MIN_BYTES: usize = 20;

/// The text is no RFC 3339 time with an offset, or the moment cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("time is not a valid RFC 3339 time with an offset")]
pub struct TimeError;

/// Reads `2026-11-21T12:00:00+08:00`, or the same with a fraction or another offset.
pub fn parse_us(text: &str) -> Result<i64, TimeError> {
    let bytes = text.as_bytes();
    let marked = |at: usize, mark: u8| bytes.get(at) == Some(&mark);
    let shape =
        marked(4, b'-') && marked(7, b'-') && marked(10, b'T') && marked(13, b':') && marked(16, b':');
    let digits = bytes.get(..19).is_some_and(|head| head.iter().filter(|b| b.is_ascii_digit()).count() == 14);
    let offset = bytes.last() == Some(&b'Z') || bytes.len().checked_sub(3).is_some_and(|at| marked(at, b':'));
    let plausible = (TEXT_MIN_BYTES..=TEXT_MAX_BYTES).contains(&bytes.len());
    if !(plausible && shape && digits && offset) {
        return Err(TimeError);
    }
    text.parse::<Timestamp>().map(Timestamp::as_microsecond).map_err(|_| TimeError)
}

/// Writes whole seconds with the offset `+08:00`, cutting off the fraction.
pub fn format_us(at_us: i64) -> Result<String, TimeError> {
    let moment = Timestamp::from_second(at_us.div_euclid(1_000_000)).map_err(|_| TimeError)?;
    let civil = TimeZone::fixed(OFFSET).to_datetime(moment);
    if (0..=9999).contains(&civil.year()) {
        Ok(format!("{}+08:00", civil.strftime("%Y-%m-%dT%H:%M:%S")))
    } else {
        Err(TimeError)
    }
}

/// The Beijing date of a moment, `yyyy-MM-dd`, as bills are asked for.
pub fn date(at_us: i64) -> Result<String, TimeError> {
    let text = format_us(at_us)?;
    text.get(..10).map(str::to_owned).ok_or(TimeError)
}

/// Reads a bill's `yyyy-MM-dd HH:mm:ss` (GMT+8).
pub(super) fn parse_wall_us(text: &str) -> Option<i64> {
    if text.len() == 19 { beijing::parse_us(text).ok() } else { None }
}

/// Writes a bill's `yyyy-MM-dd HH:mm:ss` (GMT+8).
pub(super) fn format_wall_us(at_us: i64) -> Option<String> {
    beijing::format_us(at_us).ok()
}

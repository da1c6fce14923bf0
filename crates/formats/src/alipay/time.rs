//! Beijing wall-clock times (`yyyy-MM-dd HH:mm:ss`, no offset, GMT+8) to and from UTC microseconds.

use jiff::civil::DateTime;

use crate::beijing;

const DIGITS: usize = 19;
const DIGITS_WITH_MILLIS: usize = 23;

/// The text is not `yyyy-MM-dd HH:mm:ss` (optionally `.SSS`), or no such moment exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("time is not a valid yyyy-MM-dd HH:mm:ss")]
pub struct TimeError;

/// Reads `yyyy-MM-dd HH:mm:ss` or `yyyy-MM-dd HH:mm:ss.SSS` (GMT+8) into UTC microseconds.
pub fn parse_us(text: &str) -> Result<i64, TimeError> {
    let bytes = text.as_bytes();
    if bytes.len() != DIGITS && bytes.len() != DIGITS_WITH_MILLIS {
        return Err(TimeError);
    }
    let shape = b"0000-00-00 00:00:00.000";
    let fits = bytes.iter().zip(shape).all(|(&byte, &want)| match want {
        b'0' => byte.is_ascii_digit(),
        mark => byte == mark,
    });
    let field = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let small = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i8>().ok());
    if !fits {
        return Err(TimeError);
    }
    let millis = if bytes.len() == DIGITS { Some(0) } else { field(20, 23) };
    let read = || {
        let nanos = i32::from(millis?) * 1_000_000;
        DateTime::new(
            field(0, 4)?,
            small(5, 7)?,
            small(8, 10)?,
            small(11, 13)?,
            small(14, 16)?,
            small(17, 19)?,
            nanos,
        )
        .ok()
    };
    read().and_then(beijing::moment_us).ok_or(TimeError)
}

/// Writes UTC microseconds as `yyyy-MM-dd HH:mm:ss` in GMT+8, cutting off the fraction.
pub fn format_us(at_us: i64) -> Result<String, TimeError> {
    let moment = beijing::civil(at_us).ok_or(TimeError)?;
    Ok(moment.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Writes UTC microseconds as `yyyy-MM-dd HH:mm:ss.SSS` in GMT+8, cutting off below milliseconds.
pub fn format_millis_us(at_us: i64) -> Result<String, TimeError> {
    let moment = beijing::civil(at_us).ok_or(TimeError)?;
    Ok(moment.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string())
}

//! Beijing wall-clock moments (GMT+8, no daylight saving) to and from UTC microseconds.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

const OFFSET: Offset = Offset::constant(8);

/// The wall-clock time of a moment, cut to milliseconds; nothing outside the years 0 to 9999.
pub(crate) fn civil(at_us: i64) -> Option<DateTime> {
    let round = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Floor);
    let stamp = Timestamp::from_microsecond(at_us).and_then(|stamp| stamp.round(round)).ok()?;
    let moment = TimeZone::fixed(OFFSET).to_datetime(stamp);
    (0..=9999).contains(&moment.year()).then_some(moment)
}

/// The moment of a wall-clock time.
pub(crate) fn moment_us(civil: DateTime) -> Option<i64> {
    OFFSET.to_timestamp(civil).map(Timestamp::as_microsecond).ok()
}

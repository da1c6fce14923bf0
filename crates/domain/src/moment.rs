//! When a decision is made, and with which random bits: both are given, never taken.

use crate::id::Id128;
use std::fmt::{self, Write as _};

/// A source of random bits; unguessable in production, seeded in the simulation.
pub trait Entropy: Send {
    /// 128 random bits.
    fn bits(&mut self) -> u128;
}

/// The time of a decision and the random bits that it may draw.
pub struct Moment<'a> {
    /// Unix microseconds, UTC.
    pub now_us: i64,
    /// Whether the installation moves real money (`environment = live`).
    pub live: bool,
    /// How long whoever commits keeps a new delivery to send it at once, microseconds; 0 leaves it to any worker.
    pub delivery_lease_us: i64,
    entropy: &'a mut dyn Entropy,
}

impl fmt::Debug for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moment").field("now_us", &self.now_us).finish_non_exhaustive()
    }
}

impl<'a> Moment<'a> {
    /// A moment at `now_us` Unix microseconds.
    pub fn new(now_us: i64, entropy: &'a mut dyn Entropy) -> Self {
        Self { now_us, live: false, delivery_lease_us: 0, entropy }
    }

    /// 128 random bits, for jitter and secrets.
    pub fn random_bits(&mut self) -> u128 {
        self.entropy.bits()
    }

    /// The bytes of a new identifier.
    pub fn id128(&mut self) -> Id128 {
        Id128::v7(self.now_us, self.entropy.bits())
    }

    /// `now_us` plus `delay_us`, kept within 64 bits.
    #[must_use]
    pub const fn after(&self, delay_us: i64) -> i64 {
        self.now_us.saturating_add(delay_us)
    }
}

/// One second in microseconds.
pub const SECOND_US: i64 = 1_000_000;
/// One minute in microseconds.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// One hour in microseconds.
pub const HOUR_US: i64 = 60 * MINUTE_US;
/// One day in microseconds.
pub const DAY_US: i64 = 24 * HOUR_US;

/// The business day in Asia/Shanghai (UTC+8, no daylight saving since 1991) as days since 1970-01-01.
#[must_use]
pub const fn shanghai_day(at_us: i64) -> i64 {
    at_us.saturating_add(8 * HOUR_US).div_euclid(DAY_US)
}

/// The Shanghai date of a day number as `YYYY-MM-DD` (Howard Hinnant's civil-from-days).
#[must_use]
pub fn date_text(day: i64) -> String {
    let mut text = String::with_capacity(TIME_TEXT_LENGTH);
    write_date(&mut text, day);
    text
}

/// Whether the text is a date of the calendar, `YYYY-MM-DD`.
#[must_use]
pub fn is_date(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| {
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok()).flatten()
    });
    let (Some(Some(year)), Some(Some(month)), Some(Some(date)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    let hyphens = [4, 7].map(|at| text.as_bytes().get(at) == Some(&b'-'));
    text.len() == 10 && hyphens == [true; 2] && (1..=last).contains(&date)
}

/// Shanghai time as RFC 3339 with offset `+08:00`, to the second.
#[must_use]
pub fn time_text(at_us: i64) -> String {
    let day = shanghai_day(at_us);
    let second = at_us.saturating_add(8 * HOUR_US).rem_euclid(DAY_US).div_euclid(SECOND_US);
    let (hour, minute, second) =
        (second.div_euclid(3_600), second.div_euclid(60).rem_euclid(60), second.rem_euclid(60));
    let mut text = String::with_capacity(TIME_TEXT_LENGTH);
    write_date(&mut text, day);
    for (mark, number) in [('T', hour), (':', minute), (':', second)] {
        text.push(mark);
        write_two(&mut text, number);
    }
    text.push_str("+08:00");
    text
}

/// How long `YYYY-MM-DDThh:mm:ss+08:00` is; a year of five digits makes the text grow.
const TIME_TEXT_LENGTH: usize = 25;

/// Written digit by digit: every event and every answer holds several times.
fn write_date(text: &mut String, day: i64) {
    let (year, month, date) = civil(day);
    if (0..=9_999).contains(&year) {
        write_two(text, year.div_euclid(100));
        write_two(text, year.rem_euclid(100));
    } else {
        let _ = write!(text, "{year:04}");
    }
    for number in [month, date] {
        text.push('-');
        write_two(text, number);
    }
}

/// A number from 0 to 99 as two digits.
fn write_two(text: &mut String, number: i64) {
    for digit in [number.div_euclid(10), number.rem_euclid(10)] {
        let digit = u8::try_from(digit).unwrap_or_default();
        text.push(char::from(b'0'.saturating_add(digit)));
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "days of 64-bit microseconds stay far below overflow")]
const fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let date = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, date)
}

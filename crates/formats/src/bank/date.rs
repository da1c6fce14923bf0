//! Calendar days and Beijing times of bank files, read by a declared pattern.

use jiff::civil::{Date, Time};

/// The longest pattern, in characters.
const PATTERN_MAX_CHARS: usize = 40;
const DAY_US: i64 = 86_400_000_000;
const BEIJING_US: i64 = 8 * 3_600_000_000;

/// A day, and the time of day where the text has one, in microseconds since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub day: i64,
    pub time_us: Option<i64>,
}

/// Days since 1970-01-01 of a calendar day that exists.
pub(super) fn day_of(year: i16, month: i8, day: i8) -> Option<i64> {
    let date = Date::new(year, month, day).ok()?;
    let since = date.since(Date::constant(1970, 1, 1)).ok()?;
    Some(i64::from(since.get_days()))
}

/// The moment of a Beijing day and time, UTC microseconds.
pub(super) const fn moment_us(day: i64, time_us: i64) -> i64 {
    day.saturating_mul(DAY_US).saturating_add(time_us).saturating_sub(BEIJING_US)
}

/// The Beijing day of a moment.
pub(super) const fn beijing_day(at_us: i64) -> i64 {
    at_us.saturating_add(BEIJING_US).div_euclid(DAY_US)
}

/// The calendar day of days since 1970-01-01, within the years of four digits.
pub(super) fn date_of(day: i64) -> Option<Date> {
    let span = jiff::Span::new().try_days(day).ok()?;
    Date::constant(1970, 1, 1).checked_add(span).ok().filter(|date| (0..=9999).contains(&date.year()))
}

/// Letters `y M d H m s` stand for digits: as many as letters, or one or two where the letter stands alone.
/// Anything else stands for itself.
pub(super) fn parse_pattern(text: &str, pattern: &str) -> Option<Stamp> {
    let mut rest = text;
    let mut fields = [None::<i16>; 6];
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(place) = "yMdHms".find(letter) else {
            rest = rest.strip_prefix(letter)?;
            continue;
        };
        let mut wanted = 1;
        while letters.next_if_eq(&letter).is_some() {
            wanted += 1;
        }
        let digits = rest.bytes().take(wanted.max(2)).take_while(u8::is_ascii_digit).count();
        if digits == 0 || (wanted > 1 && digits != wanted) {
            return None;
        }
        let field = fields.get_mut(place).filter(|field| field.is_none())?;
        *field = Some(rest.get(..digits)?.parse().ok()?);
        rest = rest.get(digits..)?;
    }
    if rest.is_empty() { stamp(fields) } else { None }
}

/// Whether a pattern names year, month and day once each, and hour and minute if any time.
pub(super) fn usable_date(pattern: &str) -> bool {
    usable(pattern) && "yMd".chars().all(|letter| pattern.contains(letter))
}

/// Whether a pattern names hour and minute once each and no day.
pub(super) fn usable_time(pattern: &str) -> bool {
    usable(pattern)
        && "Hm".chars().all(|letter| pattern.contains(letter))
        && !"yMd".chars().any(|letter| pattern.contains(letter))
}

fn usable(pattern: &str) -> bool {
    let runs = |letter: char| {
        let mut before = None;
        pattern.chars().filter(|now| before.replace(*now) != Some(letter) && *now == letter).count()
    };
    pattern.chars().count() <= PATTERN_MAX_CHARS
        && "yMdHms".chars().all(|letter| runs(letter) <= 1)
        && !pattern.chars().any(|letter| letter.is_ascii_digit() || letter.is_control())
}

fn stamp([year, month, day, hour, minute, second]: [Option<i16>; 6]) -> Option<Stamp> {
    let small = |field: Option<i16>| i8::try_from(field?).ok();
    let time_us = match (hour, minute) {
        (Some(_), Some(_)) => {
            let time = Time::new(small(hour)?, small(minute)?, small(second.or(Some(0)))?, 0).ok()?;
            let seconds =
                i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            Some(seconds * 1_000_000)
        }
        (None, None) if second.is_none() => None,
        _ => return None,
    };
    match (year, month, day) {
        (None, None, None) if time_us.is_some() => Some(Stamp { day: 0, time_us }),
        _ => Some(Stamp { day: day_of(century(year?), small(month)?, small(day)?)?, time_us }),
    }
}

/// Years of two digits are those of this century.
const fn century(year: i16) -> i16 {
    if year < 100 { year + 2000 } else { year }
}

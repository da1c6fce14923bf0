//! When a decision is made, and with which random bits: both are given, never taken.

use crate::id::Id128;
use std::fmt;

/// A source of random bits; unguessable in production, seeded in the simulation.
pub trait Entropy: Send {
    /// 128 random bits.
    fn bits(&mut self) -> u128;
}

/// The time of a decision and the random bits that it may draw.
pub struct Moment<'a> {
    /// Unix microseconds, UTC.
    pub now_us: i64,
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
        Self { now_us, entropy }
    }

    /// The bytes of a new identifier.
    pub fn id128(&mut self) -> Id128 {
        Id128::v7(self.now_us.div_euclid(1_000), self.entropy.bits())
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

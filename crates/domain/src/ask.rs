//! When an unanswered question is asked again.

use crate::moment::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};

/// After this long without an answer a person is told; asking goes on.
pub const MANUAL_AFTER_US: i64 = DAY_US;
/// After the channel's own expiry, how long a "not found" must wait before it proves anything.
pub const EXPIRY_GRACE_US: i64 = 5 * MINUTE_US;

/// How often a bar-code payment that waits for its payer is asked about (alipay.md section 7).
pub const BARCODE_DELAY_US: i64 = 5 * SECOND_US;
/// After so many questions about a bar-code payment that waits for its payer it is cancelled.
pub const BARCODE_QUESTIONS: i64 = 10;

/// How long to wait before question number `asked` plus one: 5, 10, 20, 40 … seconds up to 5 minutes, for
/// about two hours, then every hour.
#[must_use]
pub fn delay_us(asked: i64) -> i64 {
    let first = 5 * SECOND_US;
    match asked {
        i64::MIN..=0 => first,
        1..=5 => first.saturating_mul(1_i64.checked_shl(u32::try_from(asked).unwrap_or(5)).unwrap_or(32)),
        6..=30 => 5 * MINUTE_US,
        _ => HOUR_US,
    }
}

/// How long to wait before asking about an order that waits for its payer: 15 and 30 seconds, then every
/// minute; the callback normally comes first.
#[must_use]
pub const fn waiting_delay_us(asked: i64) -> i64 {
    match asked {
        i64::MIN..=0 => 15 * SECOND_US,
        1 => 30 * SECOND_US,
        _ => MINUTE_US,
    }
}

//! What a channel allows in refunds, and by which road they go.

use crate::channel_account::{Channel, Method};
use crate::moment::{MINUTE_US, SECOND_US};
use crate::payment::Attempt;
use crate::refund::RefundRoute;

/// What a channel allows in refunds of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundLimits {
    /// Refunds of one order, whatever became of them.
    pub count_max: i64,
    /// Time between two of them, microseconds.
    pub spacing_us: i64,
}

/// The declared limits: Alipay 3 s apart (alipay.md section 7), WeChat 50 per order and a minute apart.
#[must_use]
pub const fn refund_limits(channel: Channel) -> RefundLimits {
    match channel {
        Channel::Alipay => RefundLimits { count_max: 200, spacing_us: 3 * SECOND_US },
        Channel::Wechatpay | Channel::Unionpay | Channel::BankDirect | Channel::Counter => {
            RefundLimits { count_max: 50, spacing_us: MINUTE_US }
        }
    }
}

/// By which road money of this attempt goes back: no channel can pull back a transfer, so two persons send it to the
/// account it came from, and the bank's statement proves it.
pub(super) fn route_of(attempt: &Attempt) -> RefundRoute {
    if attempt.method == Method::BankTransfer {
        RefundRoute::OriginalOffline
    } else {
        RefundRoute::OriginalOnline
    }
}

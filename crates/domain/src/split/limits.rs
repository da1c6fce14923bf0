//! What channels allow in splits.

use super::rows::ReturnMode;
use crate::channel_account::Channel;

/// What a channel allows in the split of one payment; how much of it, the contract says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitLimits {
    /// Receivers of one split.
    pub receivers_max: usize,
    /// How a share comes back for a refund.
    pub returned: ReturnMode,
}

/// The declared limits; none for a channel by which we pay nobody else. Alipay: at most 20 receivers a call, taken back by
/// the refund itself (`alipay.trade.order.settle`, `alipay.trade.refund`).
#[must_use]
pub const fn split_limits(channel: Channel) -> Option<SplitLimits> {
    match channel {
        Channel::Alipay => Some(SplitLimits { receivers_max: 20, returned: ReturnMode::Along }),
        Channel::Wechatpay | Channel::Unionpay | Channel::BankDirect | Channel::Counter => None,
    }
}

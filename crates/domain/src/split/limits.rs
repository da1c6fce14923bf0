//! What channels allow in splits.

use super::receiver::ReceiverKind;
use super::rows::ReturnMode;
use crate::channel_account::Channel;
use crate::moment::{DAY_US, MINUTE_US, SECOND_US};

/// What a channel allows in the split of one payment; how much of it, the contract says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitLimits {
    /// Receivers of one split.
    pub receivers_max: usize,
    /// By what it knows receivers.
    pub kinds: &'static [ReceiverKind],
    /// How long after the payment it is first told, microseconds.
    pub first_after_us: i64,
    /// How a share comes back for a refund.
    pub returned: ReturnMode,
    /// How long after the share was paid it still does, microseconds.
    pub returned_within_us: i64,
    /// Returns of one split by calls of their own.
    pub returns_max: i64,
    /// How long after the payment its money is kept to be divided, microseconds; then it is the merchant's by itself.
    pub kept_within_us: i64,
}

/// Alipay: at most 20 receivers a call, half a minute after the payment, taken back by the refund itself
/// (`alipay.trade.order.settle`, `alipay.trade.refund`).
const ALIPAY: SplitLimits = SplitLimits {
    receivers_max: 20,
    kinds: &[ReceiverKind::UserId, ReceiverKind::LoginName],
    first_after_us: 30 * SECOND_US,
    returned: ReturnMode::Along,
    returned_within_us: i64::MAX,
    returns_max: i64::MAX,
    kept_within_us: i64::MAX,
};

/// WeChat Pay: at most 50 receivers a call, a minute after the payment and within thirty days, given back by calls of their
/// own before the refund, at most 50 of one split and for 180 days (请求分账, 请求分账回退, 分账 common questions).
const WECHATPAY: SplitLimits = SplitLimits {
    receivers_max: 50,
    kinds: &[ReceiverKind::MerchantNo, ReceiverKind::OpenId],
    first_after_us: MINUTE_US,
    returned: ReturnMode::Ahead,
    returned_within_us: 180 * DAY_US,
    returns_max: 50,
    kept_within_us: 30 * DAY_US,
};

/// The declared limits; none for a channel by which we pay nobody else.
#[must_use]
pub const fn split_limits(channel: Channel) -> Option<SplitLimits> {
    match channel {
        Channel::Alipay => Some(ALIPAY),
        Channel::Wechatpay => Some(WECHATPAY),
        Channel::Unionpay | Channel::BankDirect | Channel::Counter => None,
    }
}

//! Parties that channels pay shares to, by names that say how they behave.

use crate::story::START_US;
use tk_domain::channel_account::Channel;
use tk_domain::id::{ChannelAccountId, SplitReceiverId, TenantId};
use tk_domain::split::{Binding, ReceiverKind, SplitReceiver};

/// Receivers of WeChat's: two plain ones, one that is shut, one that keeps what it has, one off the list and one off and on,
/// one without money, one now and then, and one that has not agreed to give back.
pub(crate) const WECHATS_PARTIES: &[&str] = &[
    "1990000001",
    "1990000002",
    "closed-3",
    "keeps-4",
    "dropped-5",
    "wavers-6",
    "empty-7",
    "poor-8",
    "unwilling-9",
];

/// A party by this name, bound since before the story.
pub(crate) fn party(
    (tenant_id, id): (TenantId, SplitReceiverId),
    (account, channel): (ChannelAccountId, Channel),
    name: &str,
) -> SplitReceiver {
    SplitReceiver {
        tenant_id,
        id,
        channel_account_id: account,
        channel,
        kind: if channel == Channel::Wechatpay { ReceiverKind::MerchantNo } else { ReceiverKind::UserId },
        account: name.to_owned(),
        name_sealed: None,
        relation: None,
        custom_relation: None,
        status: Binding::Bound,
        unknown_since_us: None,
        tries: 1,
        failure_code: None,
        failure_message: None,
        created_at_us: START_US,
        updated_at_us: START_US,
        version: 1,
    }
}

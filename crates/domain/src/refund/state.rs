//! The refund row.

use crate::id::{AttemptId, ChannelAccountId, HoldId, MerchantId, PaymentId, RefundId, TenantId};
use crate::refund::Shares;
use crate::words::words;
use tk_money::Currency;

words! {
    /// Where a refund stands.
    RefundState {
        /// A person has to agree.
        PendingApproval = "pending_approval",
        /// May be sent.
        Approved = "approved",
        /// Sent, or its outcome is not known.
        Processing = "processing",
        /// Done at the channel, proven.
        Succeeded = "succeeded",
        /// Proven not done; the hold is released.
        Failed = "failed",
        /// A person refused.
        Rejected = "rejected",
        /// Withdrawn before it was sent.
        Cancelled = "cancelled",
    }
}

impl RefundState {
    /// Whether it counts against what was paid (inv-17).
    #[must_use]
    pub const fn counts(self) -> bool {
        match self {
            Self::PendingApproval | Self::Approved | Self::Processing | Self::Succeeded => true,
            Self::Failed | Self::Rejected | Self::Cancelled => false,
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn terminal(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed | Self::Rejected | Self::Cancelled => true,
            Self::PendingApproval | Self::Approved | Self::Processing => false,
        }
    }
}

words! {
    /// Who asked for a refund.
    RefundOrigin {
        /// The order system, by the API.
        Api = "api",
        /// The system itself, for stray money.
        System = "system",
        /// A cashier, to undo a taking.
        Void = "void",
    }
}

words! {
    /// By which road the money goes back.
    RefundRoute {
        /// By the channel's API, to the original account 联机退款.
        OriginalOnline = "original_online",
        /// By staff in the channel's portal, to the original account 脱机退款.
        OriginalOffline = "original_offline",
        /// To a bank account of the payer 付款退款.
        Payout = "payout",
    }
}

words! {
    /// Which line the money goes back along 收支两条线.
    Line {
        /// The collection line, before the policy is issued.
        Collection = "collection",
        /// The disbursement line, after.
        Disbursement = "disbursement",
    }
}

/// Money going back to the payer of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: RefundId,
    /// The payment refunded.
    pub payment_id: PaymentId,
    /// The attempt whose money goes back.
    pub attempt_id: AttemptId,
    /// Whose money is held for it.
    pub merchant_id: MerchantId,
    /// The contract it goes back through.
    pub channel_account_id: ChannelAccountId,
    /// The merchant's own number; absent when the system made it.
    pub merchant_refund_no: Option<String>,
    /// Who asked for it.
    pub origin: RefundOrigin,
    /// The number sent to the channel, derived from the refund's id; never changes.
    pub out_no: String,
    /// What the payer is to get, minor units.
    pub amount_minor: i64,
    /// What the channel is asked to refund of its order, minor units; frozen.
    pub order_minor: i64,
    /// What goes back beside the payer's money; frozen unless the refund is done after its end.
    pub shares: Shares,
    /// What goes back of each part of the payment's amount, minor units, a JSON array in their order.
    pub parts: Option<String>,
    /// What goes back of each item of the payment, minor units of the payer's money, a JSON array in their order.
    pub items: Option<String>,
    /// What the payer got by the channel's word, minor units; set when done.
    pub payer_back_minor: Option<i64>,
    /// What left us at the channel by its word, minor units; set when done.
    pub settled_back_minor: Option<i64>,
    /// The payment's currency.
    pub currency: Currency,
    /// Why, in the merchant's words.
    pub reason: String,
    /// Where it stands.
    pub status: RefundState,
    /// The road it takes.
    pub route: RefundRoute,
    /// The line it takes.
    pub line: Line,
    /// The money reserved for it.
    pub hold_id: HoldId,
    /// The merchant's fee given back with it, minor units; set when done.
    pub fee_refund_minor: i64,
    /// The channel's fee given back with it, minor units; set when done.
    pub channel_fee_refund_minor: i64,
    /// When the channel said it had accepted it, Unix microseconds.
    pub accepted_at_us: Option<i64>,
    /// Since when its outcome is not known, Unix microseconds.
    pub unknown_since_us: Option<i64>,
    /// Queries asked so far.
    pub queries_count: i64,
    /// A person has it, and it is still asked about.
    pub needs_manual: bool,
    /// The channel's final refusal.
    pub failure_code: Option<String>,
    /// Its text.
    pub failure_message: Option<String>,
    /// When it was done by the channel's word, Unix microseconds.
    pub succeeded_at_us: Option<i64>,
    /// When it ended otherwise, Unix microseconds.
    pub ended_at_us: Option<i64>,
    /// When it was done after all by the channel's word although it had ended otherwise, Unix microseconds.
    pub late_succeeded_at_us: Option<i64>,
    /// Sequence of the last event about it.
    pub event_seq: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

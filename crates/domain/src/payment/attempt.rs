//! The attempt row and its transitions.

use crate::channel_account::{Channel, Method};
use crate::id::{AttemptId, ChannelAccountId, PaymentId, TenantId};
use crate::instruction::{Instruction, InstructionKind};
use crate::words::words;
use tk_money::{Currency, Rounding, proportion};

words! {
    /// Where an attempt stands.
    AttemptStatus {
        /// Not yet told to the channel.
        Created = "created",
        /// The payer has to do something; nobody has opened or paid it as far as we know.
        RequiresAction = "requires_action",
        /// The channel works on it.
        Processing = "processing",
        /// The channel may or may not have taken the money.
        Unknown = "unknown",
        /// The channel has the money: verified, all fields equal.
        Succeeded = "succeeded",
        /// Refused by the channel with a final code.
        Failed = "failed",
        /// Proven over at the channel without payment.
        Closed = "closed",
    }
}

impl AttemptStatus {
    /// Whether it may still change without a late success.
    #[must_use]
    pub const fn open(self) -> bool {
        match self {
            Self::Created | Self::RequiresAction | Self::Processing | Self::Unknown => true,
            Self::Succeeded | Self::Failed | Self::Closed => false,
        }
    }
}

words! {
    /// What became of money received on an attempt.
    Disposition {
        /// It is the payment's one collection.
        Effective = "effective",
        /// Another attempt had already succeeded.
        Duplicate = "duplicate",
        /// The payment or attempt was closed or failed before.
        Late = "late",
        /// The channel reports an amount that is not the order's; the money is in suspense.
        Mismatch = "mismatch",
    }
}

words! {
    /// What the payer's browser or screen has to do.
    ActionKind {
        /// Show this text as a QR code.
        Qr = "qr",
        /// Send the browser to this address.
        Redirect = "redirect",
        /// Post this form from the browser; the value is a [`BrowserForm`](super::BrowserForm).
        Form = "form",
        /// Transfer the exact amount with this remittance code.
        Transfer = "transfer",
        /// Hand these parameters to the channel's app, in whose browser the payer is.
        Bridge = "bridge",
    }
}

/// What the payer has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The kind of step.
    pub kind: ActionKind,
    /// The code's text or the address.
    pub value: String,
}

/// What the channel took off the payer's bill at its own side, and how much of that went back or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discount {
    /// Funded by the channel or others there: it is paid over to us, minor units.
    pub settled_minor: i64,
    /// Funded by the merchant at the channel: it never reaches us, minor units.
    pub merchant_minor: i64,
    /// Of `settled_minor`, what goes back with refunds made, minor units.
    pub back_minor: i64,
    /// Of `merchant_minor`, what goes back with refunds made, minor units.
    pub merchant_back_minor: i64,
    /// Of both, what went back with refunds that are done, minor units.
    pub gone_minor: i64,
}

/// One try of a payment on one channel account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: AttemptId,
    /// The payment it tries.
    pub payment_id: PaymentId,
    /// The adapter.
    pub channel: Channel,
    /// The contract.
    pub channel_account_id: ChannelAccountId,
    /// The method chosen.
    pub method: Method,
    /// The order number sent to the channel, derived from the attempt's id.
    pub out_no: String,
    /// Minor units asked of the channel.
    pub amount_minor: i64,
    /// The currency asked.
    pub currency: Currency,
    /// Where it stands.
    pub status: AttemptStatus,
    /// What the payer has to do.
    pub action: Option<Action>,
    /// When the channel itself stops accepting payment, Unix microseconds; always sent to it.
    pub channel_expires_at_us: i64,
    /// The channel's own number.
    pub channel_txn_no: Option<String>,
    /// When the channel first said that the payer has scanned the code and has yet to confirm, Unix microseconds.
    pub scanned_at_us: Option<i64>,
    /// What became of the money received.
    pub disposition: Option<Disposition>,
    /// What the channel received as this order, minor units, its own discounts included.
    pub received_minor: i64,
    /// What of it the payer did not pay.
    pub discount: Discount,
    /// Minor units that the channel took and gave back by a cancel, without a refund of ours.
    pub undone_minor: i64,
    /// Minor units that two persons found to be the merchant's, of money that was in suspense.
    pub credited_minor: i64,
    /// Refunds requested and not ended, minor units.
    pub refunding_minor: i64,
    /// Refunds done, minor units.
    pub refunded_minor: i64,
    /// Refunds done although they had ended otherwise, minor units; they may exceed what was received.
    pub late_refunded_minor: i64,
    /// Minor units that the bank took back after they had been collected.
    pub reversed_minor: i64,
    /// Refunds made so far, whatever became of them.
    pub refunds_count: i64,
    /// No refund may be sent before, by the channel's spacing rule, Unix microseconds.
    pub next_refund_at_us: i64,
    /// What the channel charges us for it, minor units.
    pub channel_fee_minor: i64,
    /// What the channel gave back of its charge, minor units.
    pub channel_fee_returned_minor: i64,
    /// Since when its outcome is not known, Unix microseconds.
    pub unknown_since_us: Option<i64>,
    /// Queries asked since it became unknown or since the payer was sent away.
    pub queries_count: i64,
    /// The payer, merchant or expiry wants it closed at the channel.
    pub close_requested_at_us: Option<i64>,
    /// The channel's final refusal.
    pub failure_code: Option<String>,
    /// Its text.
    pub failure_message: Option<String>,
    /// Too long unknown: a person has it, and it is still asked about.
    pub needs_manual: bool,
    /// The routing decision, every candidate with its reason, as JSON.
    pub routing: String,
    /// The payer as the channel knows him, with the middle hidden, as JSON.
    pub payer_masked: Option<String>,
    /// He in full, sealed.
    pub payer_sealed: Option<Vec<u8>>,
    /// By what its payer is told from others at this payment, where its order is good for him alone.
    pub payer_mark: Option<String>,
    /// When the channel says it was paid, Unix microseconds.
    pub paid_at_us: Option<i64>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Attempt {
    /// The number by which its channel knows the money; what came by a bank's line, a cheque or in cash has none.
    #[must_use]
    pub fn told_txn_no(&self) -> Option<&str> {
        let ours = matches!(self.method, Method::BankTransfer | Method::Cheque | Method::Cash);
        self.channel_txn_no.as_deref().filter(|_| !ours)
    }

    /// What is said to the channel for an instruction about this attempt: a payment that somebody may have begun already
    /// is asked about where beginning it again could be refused although the first time took effect. So is a payer's
    /// bar code, which is good for one use, and any order after its expiry.
    #[must_use]
    pub const fn kind_to_say(&self, instruction: &Instruction, now_us: i64) -> InstructionKind {
        let repeated = matches!(instruction.kind, InstructionKind::Pay) && instruction.tries > 1;
        let once = matches!(self.method, Method::AlipayBarcode | Method::WechatBarcode);
        if repeated && (once || self.channel_expires_at_us <= now_us) {
            return InstructionKind::Query;
        }
        instruction.kind
    }

    /// What the payer paid himself, minor units; no more than that is ever refunded.
    #[must_use]
    pub const fn payer_paid_minor(&self) -> i64 {
        self.received_minor
            .saturating_sub(self.discount.settled_minor)
            .saturating_sub(self.discount.merchant_minor)
    }

    /// What of it the channel pays over to us, minor units.
    #[must_use]
    pub const fn settled_minor(&self) -> i64 {
        self.received_minor.saturating_sub(self.discount.merchant_minor)
    }

    /// What of the payer's money went back or is on its way, minor units.
    #[must_use]
    pub const fn going_minor(&self) -> i64 {
        self.refunded_minor.saturating_add(self.refunding_minor).saturating_add(self.late_refunded_minor)
    }

    /// What more goes back of the channel's discounts, settled and the merchant's, when `gone_minor` of the payer's
    /// money has gone back in all; exactly the whole on full refund.
    pub(crate) fn discount_shares(&self, gone_minor: i64) -> (i64, i64) {
        let Discount { settled_minor, merchant_minor, back_minor, merchant_back_minor, .. } = self.discount;
        let (whole, paid) = (settled_minor.saturating_add(merchant_minor), self.payer_paid_minor());
        if whole < 1 || paid < 1 {
            return (0, 0);
        }
        let back = back_minor.saturating_add(merchant_back_minor);
        let due = proportion(whole, gone_minor.clamp(0, paid), paid, Rounding::HalfUp).unwrap_or(0);
        let share = due.saturating_sub(back).clamp(0, whole.saturating_sub(back).max(0));
        let due =
            proportion(merchant_minor, back.saturating_add(share), whole, Rounding::HalfUp).unwrap_or(0);
        let left = merchant_minor.saturating_sub(merchant_back_minor).max(0);
        let least = share.saturating_sub(settled_minor.saturating_sub(back_minor)).max(0);
        let of_merchant = due.saturating_sub(merchant_back_minor).max(least).min(left).min(share);
        (share.saturating_sub(of_merchant), of_merchant)
    }

    /// What may still be refunded of the payer's money, minor units.
    #[must_use]
    pub const fn refundable_minor(&self) -> i64 {
        let left = self.payer_paid_minor().saturating_sub(self.going_minor());
        let left = left.saturating_sub(self.credited_minor);
        let left = left.saturating_sub(self.reversed_minor);
        if left > 0 { left } else { 0 }
    }

    /// What of the payer's money is here although it is not the payment's collection, minor units.
    #[must_use]
    pub const fn stray_minor(&self) -> i64 {
        match self.disposition {
            Some(Disposition::Duplicate | Disposition::Late | Disposition::Mismatch) => {
                self.not_refunded_minor()
            }
            Some(Disposition::Effective) | None => 0,
        }
    }

    /// What has not gone back to the payer yet, whatever is under way, minor units.
    #[must_use]
    pub const fn not_refunded_minor(&self) -> i64 {
        let paid = self.payer_paid_minor();
        let kept = paid.saturating_sub(self.refunded_minor).saturating_sub(self.late_refunded_minor);
        let kept = kept.saturating_sub(self.reversed_minor);
        if kept > 0 { kept } else { 0 }
    }
}

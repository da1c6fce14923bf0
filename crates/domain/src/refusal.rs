//! Every expected "no", in order of precedence.

use crate::id::PaymentId;
use crate::identity::IdentityLevel;
use crate::words::words;
use tk_money::Amount;

words! {
    /// Where the money is when we say no.
    MoneyState {
        /// Nothing moved because of this request.
        NotMoved = "not_moved",
        /// It has moved.
        Moved = "moved",
        /// It may have moved; it is being asked.
        Unknown = "unknown",
    }
}

/// Why a command is refused; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The signature's nonce was used before.
    NonceReplayed,
    /// The state brought back from a channel's sign-in is not this browser's for this payment, is too old or was used.
    OauthStateInvalid,
    /// A code was sent a moment ago; another is sent a minute later.
    CodeTooSoon,
    /// No code waits to be typed: none was sent for this payment, it is too old or was used.
    CodeNotOpen,
    /// The object does not exist for this caller.
    NotFound { what: &'static str },
    /// A field of the product's own is not as its schema says.
    ExtInvalid { field: String, reason: &'static str },
    /// Another payment collects this period of the policy, or has collected it.
    InstalmentTaken { payment_id: PaymentId, paid: bool },
    /// The company may not do this by its licences.
    ProfileForbids { reason: &'static str },
    /// The code is taken by another object.
    CodeTaken { param: &'static str },
    /// A field's value is outside its bounds.
    FieldInvalid { param: &'static str, reason: &'static str },
    /// The merchant takes no new payments.
    MerchantDisabled,
    /// The product takes no new payments.
    ProductDisabled,
    /// The partner brings no new payments.
    PartnerDisabled,
    /// The partner's licence is over.
    PartnerLicenceExpired,
    /// The partner's licence does not cover the product.
    PartnerLicenceScope,
    /// The product is sold through another partner only.
    PartnerMismatch,
    /// The amount is outside the product's bounds.
    AmountOutOfRange { min: Amount, max: Amount },
    /// The amount plus another does not fit.
    AmountOverflow,
    /// The items do not sum to the amount.
    ItemsTotalMismatch { sum: Amount, amount: Amount },
    /// The parts that others put up leave the payer nothing to pay.
    PartsExceedAmount { sum: Amount, amount: Amount },
    /// No channel account of the tenant settles in this currency.
    CurrencyNotSupported,
    /// The merchant order number exists with another amount, currency or product.
    OrderConflict,
    /// The expiry is in the past or too far ahead.
    ExpiryInvalid,
    /// The payment is paid already.
    AlreadyPaid,
    /// The payment is closed, failed or expired.
    OrderClosed,
    /// No channel account may take this payment by this method.
    ChannelNotAvailable,
    /// More must be proven about the payer first.
    IdentityRequired { level: IdentityLevel },
    /// An identity check of the payment is under way.
    IdentityInProgress,
    /// The identity check takes no photos and no proposals as it stands.
    IdentityNotOpen,
    /// Another attempt is open and is being closed at the channel first.
    AttemptInProgress { outcome_unknown: bool },
    /// Too many attempts of one payment.
    TooManyAttempts { max: i64 },
    /// A bar code has not the right form.
    AuthCodeInvalid,
    /// The payment or attempt has received nothing.
    PaymentNotRefundable,
    /// The attempt named is not one of the payment.
    AttemptNotOfPayment,
    /// The merchant refund number exists with another payment or amount.
    RefundConflict,
    /// The refund's currency is not the payment's.
    RefundCurrencyMismatch,
    /// The channel no longer refunds this payment online.
    RefundWindowClosed,
    /// More than what is left of the money received.
    RefundExceedsRefundable { refundable: Amount, requested: Amount },
    /// More than what is left of one item of the payment.
    RefundExceedsItem { refundable: Amount, requested: Amount },
    /// A part goes back of a payment of which some was collected for others, and no items are named.
    RefundItemsRequired,
    /// Too many refunds of one payment.
    TooManyRefunds { max: i64 },
    /// The merchant's accounts do not cover it.
    InsufficientBalance { available: Amount, short: Amount },
    /// The refund was sent; it can no longer be withdrawn.
    RefundInProgress,
    /// The refund has ended: done, or without the money having moved.
    RefundEnded { done: bool },
    /// The outcome is unknown; only evidence can end it.
    OutcomeUnknown,
    /// The exception has no money in suspense to settle, or a proposal waits already.
    NotResolvable,
    /// Money still waits behind the matter, or only evidence can end it.
    MatterNotOver,
    /// The approval was given or refused before.
    ApprovalConsumed,
    /// Another person than the maker has to decide, never a key.
    SecondPersonRequired,
    /// The delivery is not waiting for a person.
    NotRedeliverable,
    /// The bank line has no money left, is not booked or is no credit.
    BankLineNotOpen,
    /// The payment does not await a transfer to this bank account.
    OrderNotAwaiting,
    /// More than is left of the line or still awaited.
    MatchExceedsOpen,
    /// The order was paid in full: money goes back by a refund.
    MatchFinal,
    /// Part of a bank transfer was received for the attempt.
    TransferPartReceived,
    /// The counter, the cashier or the day has an open shift.
    ShiftOpen,
    /// The shift is closed.
    ShiftNotOpen,
    /// The slip was recorded before for something else.
    SlipUsed,
    /// The cash in the drawer does not cover it.
    DrawerShort,
    /// Undoings of the shift wait for a second person.
    VoidsPending,
    /// The taking is being undone, was undone or refunded, or does not count.
    NotVoidable,
    /// The counter's day is closed.
    CounterDayClosed,
    /// More than is left of the day's cash.
    DepositExceedsTakings,
    /// The cheque was received before for something else.
    ChequeUsed,
    /// A cheque must be presented within ten days of its issue.
    ChequeExpired,
    /// The cheque does not stand where this step begins.
    ChequeStepUnfit,
    /// The policy is issued: its money goes back by a payout of the disbursement line.
    PolicyIssued,
    /// The report contradicts what was reported before.
    FulfilmentConflict,
    /// Refunds of the payment changed while the report was taken.
    RefundsChanged,
    /// The shares are more than what remains to the merchant.
    SplitExceedsAmount { max: Amount, sum: Amount },
    /// The shares would reach into premium, or exceed the item they are of.
    SplitExceedsItems,
    /// A receiver is not of the merchant's legal entity: only a channel that can may pay it.
    SplitNeedsChannel,
    /// The merchant split number exists with other terms or another payment, or a last split would overtake an earlier one.
    SplitConflict,
    /// The channel has not bound the receiver to the contract.
    ReceiverNotBound,
    /// The payment has received nothing, or nothing that may still be divided.
    NotSplittable,
    /// The channel has not refused it, it has ended, or giving it up is proposed or decided already.
    NotAbandonable,
    /// The tenant has as many of these as it may.
    LimitReached { what: &'static str, max: i64 },
}

impl Refusal {
    /// The word on the wire.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "each refusal is named once")]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::NonceReplayed => "nonce_replayed",
            Self::OauthStateInvalid => "oauth_state_invalid",
            Self::CodeTooSoon => "code_too_soon",
            Self::CodeNotOpen => "code_not_open",
            Self::NotFound { .. } => "not_found",
            Self::CodeTaken { .. } => "code_taken",
            Self::FieldInvalid { .. } => "field_invalid",
            Self::MerchantDisabled => "merchant_disabled",
            Self::ProductDisabled => "product_disabled",
            Self::ExtInvalid { .. } => "ext_invalid",
            Self::ProfileForbids { .. } => "profile_forbids",
            Self::InstalmentTaken { .. } => "instalment_taken",
            Self::PartnerDisabled => "partner_disabled",
            Self::PartnerLicenceExpired => "partner_licence_expired",
            Self::PartnerLicenceScope => "partner_licence_scope",
            Self::PartnerMismatch => "partner_mismatch",
            Self::AmountOutOfRange { .. } => "amount_out_of_range",
            Self::AmountOverflow => "amount_overflow",
            Self::ItemsTotalMismatch { .. } => "items_total_mismatch",
            Self::PartsExceedAmount { .. } => "parts_exceed_amount",
            Self::CurrencyNotSupported => "currency_not_supported",
            Self::OrderConflict => "order_conflict",
            Self::ExpiryInvalid => "expiry_invalid",
            Self::AlreadyPaid => "already_paid",
            Self::OrderClosed => "order_closed",
            Self::ChannelNotAvailable => "channel_not_available",
            Self::IdentityRequired { .. } => "identity_required",
            Self::IdentityInProgress => "identity_in_progress",
            Self::IdentityNotOpen => "identity_not_open",
            Self::AttemptInProgress { .. } => "attempt_in_progress",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::AuthCodeInvalid => "auth_code_invalid",
            Self::PaymentNotRefundable => "payment_not_refundable",
            Self::AttemptNotOfPayment => "attempt_not_of_payment",
            Self::RefundConflict => "refund_conflict",
            Self::RefundCurrencyMismatch => "refund_currency_mismatch",
            Self::RefundWindowClosed => "refund_window_closed",
            Self::RefundExceedsRefundable { .. } => "refund_exceeds_refundable",
            Self::RefundExceedsItem { .. } => "refund_exceeds_item",
            Self::RefundItemsRequired => "refund_items_required",
            Self::TooManyRefunds { .. } => "too_many_refunds",
            Self::InsufficientBalance { .. } => "insufficient_balance",
            Self::RefundInProgress => "refund_in_progress",
            Self::RefundEnded { .. } => "refund_ended",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::NotResolvable => "not_resolvable",
            Self::MatterNotOver => "matter_not_over",
            Self::ApprovalConsumed => "approval_consumed",
            Self::SecondPersonRequired => "second_person_required",
            Self::NotRedeliverable => "not_redeliverable",
            Self::BankLineNotOpen => "bank_line_not_open",
            Self::OrderNotAwaiting => "order_not_awaiting",
            Self::MatchExceedsOpen => "match_exceeds_open",
            Self::MatchFinal => "match_final",
            Self::TransferPartReceived => "transfer_part_received",
            Self::ShiftOpen => "shift_open",
            Self::ShiftNotOpen => "shift_not_open",
            Self::SlipUsed => "slip_used",
            Self::DrawerShort => "drawer_short",
            Self::VoidsPending => "voids_pending",
            Self::NotVoidable => "not_voidable",
            Self::CounterDayClosed => "counter_day_closed",
            Self::DepositExceedsTakings => "deposit_exceeds_takings",
            Self::ChequeUsed => "cheque_used",
            Self::ChequeExpired => "cheque_expired",
            Self::ChequeStepUnfit => "cheque_step_unfit",
            Self::PolicyIssued => "policy_issued",
            Self::FulfilmentConflict => "fulfilment_conflict",
            Self::RefundsChanged => "refunds_changed",
            Self::SplitExceedsAmount { .. } => "split_exceeds_amount",
            Self::SplitExceedsItems => "split_exceeds_items",
            Self::SplitNeedsChannel => "split_needs_channel",
            Self::SplitConflict => "split_conflict",
            Self::ReceiverNotBound => "receiver_not_bound",
            Self::NotSplittable => "not_splittable",
            Self::NotAbandonable => "not_abandonable",
            Self::LimitReached { .. } => "limit_reached",
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(
            self,
            Self::AttemptInProgress { .. }
                | Self::IdentityInProgress
                | Self::InsufficientBalance { .. }
                | Self::OutcomeUnknown
                | Self::DrawerShort
                | Self::CodeTooSoon
                | Self::VoidsPending
                | Self::RefundsChanged
        )
    }

    /// Where the money is.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one line for each refusal")]
    pub const fn money_state(&self) -> MoneyState {
        match self {
            Self::AlreadyPaid
            | Self::MatchFinal
            | Self::InstalmentTaken { paid: true, .. }
            | Self::TransferPartReceived
            | Self::RefundEnded { done: true } => MoneyState::Moved,
            Self::AttemptInProgress { outcome_unknown: true }
            | Self::OutcomeUnknown
            | Self::RefundInProgress => MoneyState::Unknown,
            Self::IdempotencyKeyReused
            | Self::NonceReplayed
            | Self::OauthStateInvalid
            | Self::CodeTooSoon
            | Self::CodeNotOpen
            | Self::NotFound { .. }
            | Self::CodeTaken { .. }
            | Self::FieldInvalid { .. }
            | Self::MerchantDisabled
            | Self::ProductDisabled
            | Self::ExtInvalid { .. }
            | Self::ProfileForbids { .. }
            | Self::InstalmentTaken { paid: false, .. }
            | Self::PartnerDisabled
            | Self::PartnerLicenceExpired
            | Self::PartnerLicenceScope
            | Self::PartnerMismatch
            | Self::AmountOutOfRange { .. }
            | Self::AmountOverflow
            | Self::ItemsTotalMismatch { .. }
            | Self::PartsExceedAmount { .. }
            | Self::CurrencyNotSupported
            | Self::OrderConflict
            | Self::ExpiryInvalid
            | Self::OrderClosed
            | Self::ChannelNotAvailable
            | Self::IdentityRequired { .. }
            | Self::IdentityInProgress
            | Self::IdentityNotOpen
            | Self::AttemptInProgress { outcome_unknown: false }
            | Self::TooManyAttempts { .. }
            | Self::AuthCodeInvalid
            | Self::PaymentNotRefundable
            | Self::AttemptNotOfPayment
            | Self::RefundConflict
            | Self::RefundEnded { done: false }
            | Self::RefundCurrencyMismatch
            | Self::RefundWindowClosed
            | Self::RefundExceedsRefundable { .. }
            | Self::RefundExceedsItem { .. }
            | Self::RefundItemsRequired
            | Self::TooManyRefunds { .. }
            | Self::InsufficientBalance { .. }
            | Self::NotResolvable
            | Self::MatterNotOver
            | Self::ApprovalConsumed
            | Self::SecondPersonRequired
            | Self::NotRedeliverable
            | Self::BankLineNotOpen
            | Self::OrderNotAwaiting
            | Self::MatchExceedsOpen
            | Self::ShiftOpen
            | Self::ShiftNotOpen
            | Self::SlipUsed
            | Self::DrawerShort
            | Self::VoidsPending
            | Self::NotVoidable
            | Self::CounterDayClosed
            | Self::DepositExceedsTakings
            | Self::ChequeUsed
            | Self::ChequeExpired
            | Self::ChequeStepUnfit
            | Self::PolicyIssued
            | Self::FulfilmentConflict
            | Self::RefundsChanged
            | Self::SplitExceedsAmount { .. }
            | Self::SplitExceedsItems
            | Self::SplitNeedsChannel
            | Self::SplitConflict
            | Self::ReceiverNotBound
            | Self::NotSplittable
            | Self::NotAbandonable
            | Self::LimitReached { .. } => MoneyState::NotMoved,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}

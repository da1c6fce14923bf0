//! What HTTP says for each refusal, and what its sentence is filled with.

use axum::http::StatusCode;
use tk_domain::refusal::Refusal;
use tk_money::Amount;

/// The HTTP status of a refusal.
#[must_use]
#[expect(clippy::too_many_lines, reason = "one line for each refusal")]
pub const fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NonceReplayed => StatusCode::UNAUTHORIZED,
        Refusal::CodeTooSoon => StatusCode::TOO_MANY_REQUESTS,
        Refusal::NotFound { .. } => StatusCode::NOT_FOUND,
        Refusal::CodeTaken { .. }
        | Refusal::CodeNotOpen
        | Refusal::MerchantDisabled
        | Refusal::ProductDisabled
        | Refusal::InstalmentTaken { .. }
        | Refusal::IdentityInProgress
        | Refusal::IdentityNotOpen
        | Refusal::PartnerDisabled
        | Refusal::PartnerLicenceExpired
        | Refusal::OrderConflict
        | Refusal::AlreadyPaid
        | Refusal::OrderClosed
        | Refusal::AttemptInProgress { .. }
        | Refusal::TooManyAttempts { .. }
        | Refusal::PaymentNotRefundable
        | Refusal::RefundConflict
        | Refusal::TooManyRefunds { .. }
        | Refusal::RefundInProgress
        | Refusal::RefundEnded { .. }
        | Refusal::OutcomeUnknown
        | Refusal::NotResolvable
        | Refusal::MatterNotOver
        | Refusal::ApprovalConsumed
        | Refusal::BankLineNotOpen
        | Refusal::OrderNotAwaiting
        | Refusal::MatchFinal
        | Refusal::TransferPartReceived
        | Refusal::ShiftOpen
        | Refusal::ShiftNotOpen
        | Refusal::SlipUsed
        | Refusal::DrawerShort
        | Refusal::VoidsPending
        | Refusal::NotVoidable
        | Refusal::CounterDayClosed
        | Refusal::ChequeUsed
        | Refusal::ChequeStepUnfit
        | Refusal::PolicyIssued
        | Refusal::FulfilmentConflict
        | Refusal::RefundsChanged
        | Refusal::SplitConflict
        | Refusal::NotSplittable
        | Refusal::NotAbandonable
        | Refusal::ReceiverNotBound
        | Refusal::NotRedeliverable => StatusCode::CONFLICT,
        Refusal::OauthStateInvalid | Refusal::SecondPersonRequired => StatusCode::FORBIDDEN,
        Refusal::IdempotencyKeyReused
        | Refusal::FieldInvalid { .. }
        | Refusal::ExtInvalid { .. }
        | Refusal::ProfileForbids { .. }
        | Refusal::IdentityRequired { .. }
        | Refusal::PartnerLicenceScope
        | Refusal::PartnerMismatch
        | Refusal::AmountOutOfRange { .. }
        | Refusal::AmountOverflow
        | Refusal::ItemsTotalMismatch { .. }
        | Refusal::PartsExceedAmount { .. }
        | Refusal::CurrencyNotSupported
        | Refusal::ExpiryInvalid
        | Refusal::ChannelNotAvailable
        | Refusal::AuthCodeInvalid
        | Refusal::AttemptNotOfPayment
        | Refusal::RefundCurrencyMismatch
        | Refusal::RefundWindowClosed
        | Refusal::RefundExceedsRefundable { .. }
        | Refusal::RefundExceedsItem { .. }
        | Refusal::RefundItemsRequired
        | Refusal::InsufficientBalance { .. }
        | Refusal::MatchExceedsOpen
        | Refusal::DepositExceedsTakings
        | Refusal::ChequeExpired
        | Refusal::SplitExceedsAmount { .. }
        | Refusal::SplitExceedsItems
        | Refusal::SplitNeedsChannel
        | Refusal::LimitReached { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The placeholders of a refusal's sentence and their values.
#[must_use]
#[expect(clippy::too_many_lines, reason = "one line for each refusal")]
pub fn args_of(refusal: &Refusal) -> Vec<(&'static str, String)> {
    match refusal {
        Refusal::AmountOutOfRange { min, max } => both(("min", min), ("max", max)),
        Refusal::ItemsTotalMismatch { sum, amount } | Refusal::PartsExceedAmount { sum, amount } => {
            both(("sum", sum), ("amount", amount))
        }
        Refusal::RefundExceedsRefundable { refundable, requested }
        | Refusal::RefundExceedsItem { refundable, requested } => {
            both(("refundable", refundable), ("requested", requested))
        }
        Refusal::InsufficientBalance { available, short } => both(("available", available), ("short", short)),
        Refusal::SplitExceedsAmount { max, sum } => both(("max", max), ("sum", sum)),
        Refusal::TooManyAttempts { max }
        | Refusal::TooManyRefunds { max }
        | Refusal::LimitReached { max, .. } => {
            vec![("max", max.to_string())]
        }
        Refusal::IdempotencyKeyReused
        | Refusal::NonceReplayed
        | Refusal::OauthStateInvalid
        | Refusal::CodeTooSoon
        | Refusal::CodeNotOpen
        | Refusal::NotFound { .. }
        | Refusal::CodeTaken { .. }
        | Refusal::FieldInvalid { .. }
        | Refusal::MerchantDisabled
        | Refusal::ProductDisabled
        | Refusal::ExtInvalid { .. }
        | Refusal::ProfileForbids { .. }
        | Refusal::InstalmentTaken { .. }
        | Refusal::IdentityRequired { .. }
        | Refusal::IdentityInProgress
        | Refusal::IdentityNotOpen
        | Refusal::PartnerDisabled
        | Refusal::PartnerLicenceExpired
        | Refusal::PartnerLicenceScope
        | Refusal::PartnerMismatch
        | Refusal::AmountOverflow
        | Refusal::CurrencyNotSupported
        | Refusal::OrderConflict
        | Refusal::ExpiryInvalid
        | Refusal::AlreadyPaid
        | Refusal::OrderClosed
        | Refusal::ChannelNotAvailable
        | Refusal::AttemptInProgress { .. }
        | Refusal::AuthCodeInvalid
        | Refusal::PaymentNotRefundable
        | Refusal::AttemptNotOfPayment
        | Refusal::RefundConflict
        | Refusal::RefundCurrencyMismatch
        | Refusal::RefundItemsRequired
        | Refusal::RefundWindowClosed
        | Refusal::RefundInProgress
        | Refusal::RefundEnded { .. }
        | Refusal::OutcomeUnknown
        | Refusal::NotResolvable
        | Refusal::MatterNotOver
        | Refusal::ApprovalConsumed
        | Refusal::SecondPersonRequired
        | Refusal::BankLineNotOpen
        | Refusal::OrderNotAwaiting
        | Refusal::MatchExceedsOpen
        | Refusal::MatchFinal
        | Refusal::TransferPartReceived
        | Refusal::ShiftOpen
        | Refusal::ShiftNotOpen
        | Refusal::SlipUsed
        | Refusal::DrawerShort
        | Refusal::VoidsPending
        | Refusal::NotVoidable
        | Refusal::CounterDayClosed
        | Refusal::DepositExceedsTakings
        | Refusal::ChequeUsed
        | Refusal::ChequeExpired
        | Refusal::ChequeStepUnfit
        | Refusal::PolicyIssued
        | Refusal::FulfilmentConflict
        | Refusal::RefundsChanged
        | Refusal::SplitExceedsItems
        | Refusal::SplitNeedsChannel
        | Refusal::SplitConflict
        | Refusal::NotSplittable
        | Refusal::NotAbandonable
        | Refusal::ReceiverNotBound
        | Refusal::NotRedeliverable => Vec::new(),
    }
}

fn both(one: (&'static str, &Amount), other: (&'static str, &Amount)) -> Vec<(&'static str, String)> {
    vec![(one.0, one.1.display()), (other.0, other.1.display())]
}

/// The body field that a refusal is about, as a JSON pointer, with what is wrong with it.
#[must_use]
#[expect(clippy::too_many_lines, reason = "one line for each refusal")]
pub fn pointer_of(refusal: &Refusal) -> Option<(String, String)> {
    let at = |pointer: &str, reason: &str| Some((pointer.to_owned(), reason.to_owned()));
    match refusal {
        Refusal::CodeTaken { param } => at(&format!("#/{param}"), "taken"),
        Refusal::FieldInvalid { param, reason } => at(&format!("#/{param}"), reason),
        Refusal::ProfileForbids { reason } => at("#", reason),
        Refusal::ExtInvalid { field, reason } => at(&format!("#/ext/values/{field}"), reason),
        Refusal::InstalmentTaken { payment_id, paid } => at(
            "#/instalment",
            &format!("{payment_id} {}", if *paid { "has collected it" } else { "may collect it" }),
        ),
        Refusal::AmountOutOfRange { min, max } => {
            at("#/amount", &format!("must be between {} and {}", min.minor, max.minor))
        }
        Refusal::RefundExceedsRefundable { refundable, .. } => {
            at("#/amount", &format!("must be at most {}", refundable.minor))
        }
        Refusal::RefundExceedsItem { refundable, .. } => {
            at("#/items", &format!("one has {} left", refundable.minor))
        }
        Refusal::RefundItemsRequired => at("#/items", "say which items it is of"),
        Refusal::PartsExceedAmount { sum, .. } => at("#/parts", &format!("they sum to {}", sum.minor)),
        Refusal::ItemsTotalMismatch { sum, .. } => at("#/items", &format!("they sum to {}", sum.minor)),
        Refusal::CurrencyNotSupported | Refusal::RefundCurrencyMismatch => at("#/currency", "not supported"),
        Refusal::ExpiryInvalid => at("#/expires_at", "must be one minute to thirty days ahead"),
        Refusal::AuthCodeInvalid => at("#/auth_code", "not a payment code of this method"),
        Refusal::AttemptNotOfPayment => at("#/attempt", "not an attempt of this payment"),
        Refusal::IdentityRequired { level } => {
            at("#/payer", &format!("first POST /v1/payments/{{id}}/identity_checks with level {level}"))
        }
        Refusal::PartnerLicenceScope => at("#/product", "outside the partner's licence"),
        Refusal::PartnerMismatch => at("#/partner", "the product is another partner's"),
        Refusal::OrderConflict => at("#/merchant_order_no", "exists with other terms"),
        Refusal::RefundConflict => at("#/merchant_refund_no", "exists with other terms"),
        Refusal::SplitExceedsAmount { max, .. } => at("#/splits", &format!("must be at most {}", max.minor)),
        Refusal::SplitExceedsItems => at("#/splits", "beyond the items that may be shared"),
        Refusal::SplitNeedsChannel => at("#/splits", "a receiver outside the legal entity"),
        Refusal::SplitConflict => {
            at("#/merchant_split_no", "exists with other terms, or an earlier split is under way")
        }
        Refusal::IdempotencyKeyReused
        | Refusal::NonceReplayed
        | Refusal::OauthStateInvalid
        | Refusal::CodeTooSoon
        | Refusal::CodeNotOpen
        | Refusal::NotFound { .. }
        | Refusal::MerchantDisabled
        | Refusal::ProductDisabled
        | Refusal::IdentityInProgress
        | Refusal::IdentityNotOpen
        | Refusal::PartnerDisabled
        | Refusal::PartnerLicenceExpired
        | Refusal::AmountOverflow
        | Refusal::AlreadyPaid
        | Refusal::OrderClosed
        | Refusal::ChannelNotAvailable
        | Refusal::AttemptInProgress { .. }
        | Refusal::TooManyAttempts { .. }
        | Refusal::PaymentNotRefundable
        | Refusal::RefundWindowClosed
        | Refusal::TooManyRefunds { .. }
        | Refusal::InsufficientBalance { .. }
        | Refusal::RefundInProgress
        | Refusal::RefundEnded { .. }
        | Refusal::OutcomeUnknown
        | Refusal::NotResolvable
        | Refusal::MatterNotOver
        | Refusal::ApprovalConsumed
        | Refusal::SecondPersonRequired
        | Refusal::BankLineNotOpen
        | Refusal::OrderNotAwaiting
        | Refusal::MatchExceedsOpen
        | Refusal::MatchFinal
        | Refusal::TransferPartReceived
        | Refusal::NotRedeliverable
        | Refusal::ShiftOpen
        | Refusal::ShiftNotOpen
        | Refusal::SlipUsed
        | Refusal::DrawerShort
        | Refusal::VoidsPending
        | Refusal::NotVoidable
        | Refusal::CounterDayClosed
        | Refusal::DepositExceedsTakings
        | Refusal::ChequeUsed
        | Refusal::ChequeExpired
        | Refusal::ChequeStepUnfit
        | Refusal::PolicyIssued
        | Refusal::FulfilmentConflict
        | Refusal::RefundsChanged
        | Refusal::NotSplittable
        | Refusal::NotAbandonable
        | Refusal::ReceiverNotBound
        | Refusal::LimitReached { .. } => None,
    }
}

//! Which bugs are planted.

/// A bug that somebody really shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    DoublePosting,
    TimeoutIsFailed,
    HoldReleasedOnTimeout,
    NewRefundNumberOnRetry,
    ReadThenInsertRefund,
    NotFoundIsFailed,
    StateRegress,
    SentBefore2xx,
    AmountUnchecked,
    PayeeUnchecked,
    TwoTransactions,
    AckBeforeCommit,
    FeeReturnedTwice,
    DuplicateIsSecondSuccess,
    LateSuccessDropped,
    ClosedLocally,
    AcceptedIsDone,
    RefundNotFoundIsFailed,
    LateRefundDropped,
    UndoneUnbooked,
    WechatNotFoundIsClosed,
    UnionpayDuplicateIsFailed,
    UnionpayRefundBookedTwice,
    CloseRefusedIsClosed,
    SwitchForgetsTheOpen,
    StrangersRefundBelieved,
    UnverifiedAcknowledged,
    ShareTakenBackTwice,
    ShareNotTakenBack,
    AdvanceForgottenOnRefund,
    CouponPaidToPayer,
    FailedRefundKeepsParts,
    TaxIsPremium,
    ItemRefundedTwice,
    DiscountTakenForPayersMoney,
    MerchantsDiscountCollected,
    RefusedRepetitionIsFailed,
    ShareFailureIsPayment,
    ShareSentUnderNewNumber,
    RefundBeforeReturn,
    ReturnAcceptedIsDone,
    LostReturnIsRefused,
    KeptShareIsBack,
    SumEndsEachShare,
    GivenUpIsUnpaid,
    BankLineNamedByItsFile,
    DoubledRowsBelieved,
    GapIgnored,
    DrawnTwiceAtOnce,
    DepositRefundIgnoresDraws,
    ChequePaidOnPresentation,
    BouncedChequeKept,
    VoidPaidTwice,
    SlipRecordedTwice,
    CloseTakenForGranted,
    DifferenceSwallowed,
    SilenceProvesIdentity,
    CodeTakenIsPaid,
}

impl Bug {
    /// Whether it is one of the desk, which is a story of its own.
    pub(crate) const fn of_desk(self) -> bool {
        matches!(self, Self::BankLineNamedByItsFile | Self::DoubledRowsBelieved | Self::GapIgnored)
    }

    /// Whether it is one of the hall, which is another.
    pub(crate) const fn of_hall(self) -> bool {
        matches!(
            self,
            Self::DrawnTwiceAtOnce
                | Self::DepositRefundIgnoresDraws
                | Self::ChequePaidOnPresentation
                | Self::BouncedChequeKept
                | Self::VoidPaidTwice
                | Self::SlipRecordedTwice
                | Self::CloseTakenForGranted
                | Self::DifferenceSwallowed
                | Self::SilenceProvesIdentity
        )
    }

    pub(crate) const ALL: [(Self, &'static str); 58] = [
        (Self::DoublePosting, "double_posting"),
        (Self::TimeoutIsFailed, "timeout_is_failed"),
        (Self::HoldReleasedOnTimeout, "hold_released_on_timeout"),
        (Self::NewRefundNumberOnRetry, "new_refund_number_on_retry"),
        (Self::ReadThenInsertRefund, "read_then_insert_refund"),
        (Self::NotFoundIsFailed, "not_found_is_failed"),
        (Self::StateRegress, "state_regress"),
        (Self::SentBefore2xx, "sent_before_2xx"),
        (Self::AmountUnchecked, "amount_unchecked"),
        (Self::PayeeUnchecked, "payee_unchecked"),
        (Self::TwoTransactions, "state_and_ledger_in_two_transactions"),
        (Self::AckBeforeCommit, "ack_before_commit"),
        (Self::FeeReturnedTwice, "fee_returned_twice"),
        (Self::DuplicateIsSecondSuccess, "duplicate_is_second_success"),
        (Self::LateSuccessDropped, "late_success_dropped"),
        (Self::ClosedLocally, "closed_locally_at_expiry"),
        (Self::AcceptedIsDone, "accepted_is_done"),
        (Self::RefundNotFoundIsFailed, "refund_not_found_is_failed"),
        (Self::LateRefundDropped, "late_refund_dropped"),
        (Self::UndoneUnbooked, "undone_unbooked"),
        (Self::WechatNotFoundIsClosed, "wechat_not_found_is_closed"),
        (Self::UnionpayDuplicateIsFailed, "unionpay_duplicate_refund_is_failed"),
        (Self::UnionpayRefundBookedTwice, "unionpay_refund_booked_twice"),
        (Self::CloseRefusedIsClosed, "close_refused_is_closed"),
        (Self::SwitchForgetsTheOpen, "switched_method_while_unknown"),
        (Self::StrangersRefundBelieved, "strangers_refund_believed"),
        (Self::UnverifiedAcknowledged, "unverified_notification_acknowledged"),
        (Self::BankLineNamedByItsFile, "bank_line_counted_in_every_file"),
        (Self::DoubledRowsBelieved, "doubled_rows_believed"),
        (Self::GapIgnored, "statement_gap_ignored"),
        (Self::DrawnTwiceAtOnce, "draw_above_what_is_left"),
        (Self::DepositRefundIgnoresDraws, "deposit_refund_ignores_draws"),
        (Self::ChequePaidOnPresentation, "cheque_paid_on_presentation"),
        (Self::BouncedChequeKept, "bounced_cheque_not_taken_back"),
        (Self::VoidPaidTwice, "void_of_a_taking_paid_twice"),
        (Self::SlipRecordedTwice, "slip_recorded_under_two_numbers"),
        (Self::CloseTakenForGranted, "scanned_code_closed_unheard"),
        (Self::DifferenceSwallowed, "difference_of_a_drawer_swallowed"),
        (Self::CodeTakenIsPaid, "taken_code_is_paid"),
        (Self::SilenceProvesIdentity, "silence_of_a_provider_proves_identity"),
        (Self::ShareTakenBackTwice, "share_taken_back_twice"),
        (Self::ShareNotTakenBack, "share_not_taken_back_by_a_refund"),
        (Self::TaxIsPremium, "tax_is_premium"),
        (Self::ItemRefundedTwice, "item_refunded_twice"),
        (Self::AdvanceForgottenOnRefund, "advance_forgotten_on_refund"),
        (Self::CouponPaidToPayer, "coupon_paid_to_payer"),
        (Self::FailedRefundKeepsParts, "failed_refund_keeps_parts"),
        (Self::DiscountTakenForPayersMoney, "refund_cap_by_gross"),
        (Self::MerchantsDiscountCollected, "merchants_discount_collected"),
        (Self::RefusedRepetitionIsFailed, "refused_repetition_is_failed"),
        (Self::ShareFailureIsPayment, "failed_share_taken_for_paid"),
        (Self::ShareSentUnderNewNumber, "share_sent_again_under_a_new_number"),
        (Self::RefundBeforeReturn, "refund_sent_before_its_shares_came_back"),
        (Self::ReturnAcceptedIsDone, "accepted_share_return_is_done"),
        (Self::GivenUpIsUnpaid, "given_up_share_is_unpaid_unasked"),
        (Self::LostReturnIsRefused, "lost_share_return_is_refused"),
        (Self::KeptShareIsBack, "kept_share_is_back_with_its_refund"),
        (Self::SumEndsEachShare, "sum_of_shares_ends_each_of_them"),
    ];
}

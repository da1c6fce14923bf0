use serde::Serialize;

/// Why a call was turned away; each channel has its own word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Why {
    ParameterInvalid,
    /// There is no such trade or refund.
    NotExist,
    /// Paying what is closed.
    PayClosed,
    /// Paying what is paid.
    PayPaid,
    /// The number stands for another amount.
    Inconsistent,
    AuthCodeInvalid,
    BuyerShort,
    /// The trade's state does not allow it.
    StatusWrong,
    /// Closing what is beyond all changes.
    CloseFinished,
    /// Closing what is closed.
    CloseClosed,
    /// The time for changes is over.
    Finished,
    CancelNotAllowed,
    CancelTooLate,
    RefundTooMuch,
    RefundNotWhole,
    /// The refund's number stands for another amount.
    RefundDiffers,
    RefundTooSoon,
    RefundNotAllowed,
    SellerShort,
    /// Shares are more than the contract lets go.
    ShareTooMuch,
    /// Shares are more than what is left of the trade.
    ShareShort,
    ReceiverUnknown,
    /// Turned away before execution.
    Limited,
    /// The channel does not say.
    Unknown,
    NoBill,
}

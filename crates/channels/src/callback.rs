//! What a verified callback says and why one is turned away, whatever the channel.

use tk_domain::report::{PaymentFinding, RefundFinding};

/// A verified callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackFinding {
    /// The channel's number of the message; it may repeat.
    pub message_id: String,
    /// Our application that it names, which may not be ours (Alipay: `app_id`).
    pub payee_app: Option<String>,
    /// The payee that it names, which may not be ours (Alipay: `seller_id`).
    pub payee_merchant: Option<String>,
    /// What it is about.
    pub about: About,
}

/// What a callback is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// An order.
    Order {
        /// Our order number as the channel knows it; nothing says that we have it.
        out_no: String,
        /// What it says about the attempt of that number.
        payment: PaymentFinding,
        /// The refund it follows, if it follows one.
        refund: Option<RefundHint>,
    },
    /// A genuine message about something not kept here; it is acknowledged and changes nothing.
    Other {
        /// The channel's word for it (Alipay: `notify_type` or `msg_method`).
        name: String,
    },
}

/// A refund that a callback names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundHint {
    /// The refund's number.
    pub out_no: String,
    /// What is proven; nothing where the message only adds up all refunds of the order (Alipay `refund_fee`): ask.
    pub finding: Option<RefundFinding>,
}

/// Why a callback is turned away; the channel gets no acknowledgement and nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackRefusal {
    /// No, another or a wrong signature.
    #[error("the callback's signature is missing or wrong")]
    SignatureInvalid,
    /// Not a form, or a field that cannot be read.
    #[error("the callback cannot be read: {0}")]
    Malformed(String),
    /// Larger than any genuine message.
    #[error("the callback is too large")]
    TooLarge,
}

impl CallbackRefusal {
    /// The code on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignatureInvalid => "callback_signature_invalid",
            Self::Malformed(_) => "callback_malformed",
            Self::TooLarge => "body_too_large",
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::SignatureInvalid => 401,
            Self::Malformed(_) => 400,
            Self::TooLarge => 413,
        }
    }
}

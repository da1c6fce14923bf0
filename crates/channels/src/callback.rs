//! What a verified callback says and why one is turned away, whatever the channel.

use std::borrow::Cow;
use std::collections::BTreeMap;
use tk_domain::report::{PaymentFinding, RefundFinding};

/// The longest header value that is looked at, bytes.
const HEADER_MAX_BYTES: usize = 8 * 1024;

/// A callback as it came.
#[derive(Debug, Clone, Copy)]
pub struct RawCallback<'a> {
    /// Its headers, which some channels sign.
    pub headers: &'a Headers,
    /// Its bytes, to the last one.
    pub body: &'a [u8],
    /// When it came, Unix microseconds.
    pub received_at_us: i64,
}

/// The headers of a callback, by lower-case name; a name that came twice has no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, Option<String>>);

impl Headers {
    /// Takes names and values as they came; values of more than 8 KiB are as good as absent.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut headers = BTreeMap::new();
        for (name, value) in pairs {
            let value = (value.len() <= HEADER_MAX_BYTES).then(|| value.to_owned());
            headers
                .entry(name.to_ascii_lowercase())
                .and_modify(|known: &mut Option<String>| *known = None)
                .or_insert(value);
        }
        Self(headers)
    }

    /// The value of a header, named in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }
}

/// What a channel is answered, as its protocol wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Cow<'static, str>,
}

impl Reply {
    /// Plain text.
    pub fn text(status: u16, body: impl Into<Cow<'static, str>>) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }
}

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
    /// A refund, and nothing else of its order.
    Refund {
        /// Our order number as the channel knows it.
        out_no: String,
        /// The refund.
        refund: RefundHint,
    },
    /// A division of a payment: a reason to ask what became of it.
    Division {
        /// Our number of it as the channel knows it; nothing says that we have it.
        out_no: String,
    },
    /// A card that a payer opened for payment by token.
    Card {
        /// Our number of its opening.
        order_no: String,
        /// What it is paid by from now on; nothing where it was not opened.
        card: Option<CardTold>,
    },
    /// A genuine message about something not kept here; it is acknowledged and changes nothing.
    Other {
        /// The channel's word for it (Alipay: `notify_type` or `msg_method`).
        name: String,
    },
}

/// A card as the channel tells of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CardTold {
    /// The token that pays in its place.
    pub token: String,
    /// The card, its middle hidden.
    pub masked: String,
}

impl std::fmt::Debug for CardTold {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("CardTold").field("masked", &self.masked).finish_non_exhaustive()
    }
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
    /// Signed with a certificate that leads to none of the configured authorities, or is not the channel's.
    #[error("the callback's certificate is not trusted")]
    CertificateUntrusted,
    /// Signed too long ago, or in the future.
    #[error("the callback's time is too far from now")]
    Expired,
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
            Self::CertificateUntrusted => "cert_untrusted",
            Self::Expired => "callback_expired",
            Self::Malformed(_) => "callback_malformed",
            Self::TooLarge => "body_too_large",
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::SignatureInvalid | Self::CertificateUntrusted | Self::Expired => 401,
            Self::Malformed(_) => 400,
            Self::TooLarge => 413,
        }
    }
}

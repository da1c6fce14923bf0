//! A report: anything a channel tells us about one attempt or one refund.

use crate::channel_account::ChannelAccount;
use crate::payment::{Action, Discount};
use crate::words::words;
use tk_money::Amount;

words! {
    /// How a report reached us.
    Source {
        /// The answer to our own pay, close, cancel or refund call.
        Reply = "reply",
        /// A verified callback.
        Callback = "callback",
        /// The answer to a query.
        Query = "query",
        /// A line of a bill.
        Bill = "bill",
        /// A person at a counter.
        Counter = "counter",
    }
}

words! {
    /// Why an answer proves nothing.
    Unclear {
        /// No answer in time.
        Timeout = "timeout",
        /// The connection failed before or during the conversation.
        Connection = "connection",
        /// HTTP 5xx or the channel's own "system error".
        ServerError = "server_error",
        /// The answer cannot be read or its signature does not verify.
        Unreadable = "unreadable",
        /// A code that no document calls final.
        UnknownCode = "unknown_code",
        /// The channel turned the call away before executing it.
        RateLimited = "rate_limited",
        /// Our own configuration does not allow the call (bad key, expired certificate).
        Misconfigured = "misconfigured",
    }
}

/// What a channel says it received: enough to prove a success or to show a mismatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidEvidence {
    /// The channel's own number.
    pub channel_txn_no: String,
    /// What the payer's order amounted to at the channel.
    pub amount: Amount,
    /// The app that the channel names, if the message names one.
    pub payee_app: Option<String>,
    /// The merchant that the channel names, if the message names one.
    pub payee_merchant: Option<String>,
    /// Who bears what of the amount, if the channel says so; else the payer paid all of it.
    pub borne: Option<Borne>,
    /// When the channel says it was paid, Unix microseconds.
    pub paid_at_us: Option<i64>,
}

/// Who bears what of a sum at the channel, by the channel's own word. What is left of the sum, the merchant bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Borne {
    /// The payer's own money, minor units.
    pub payer_minor: i64,
    /// That, and what the channel or others there put up: what passes between the channel and us, minor units.
    pub settled_minor: i64,
}

impl Borne {
    /// Whether the parts can be those of this sum.
    #[must_use]
    pub const fn fits(self, sum_minor: i64) -> bool {
        self.payer_minor >= 0 && self.payer_minor <= self.settled_minor && self.settled_minor <= sum_minor
    }
}

impl PaidEvidence {
    /// Whether nobody pays anything over to us: there is nothing to book, and a person has to look.
    pub(crate) fn brings_nothing(&self) -> bool {
        self.borne.is_some_and(|borne| borne.fits(self.amount.minor) && borne.settled_minor == 0)
    }

    /// What the payer did not pay himself; nothing if the channel's words do not add up.
    pub(crate) fn discount(&self) -> Discount {
        let borne = self.borne.filter(|borne| borne.fits(self.amount.minor));
        borne.map_or_else(Discount::default, |borne| Discount {
            settled_minor: borne.settled_minor.saturating_sub(borne.payer_minor),
            merchant_minor: self.amount.minor.saturating_sub(borne.settled_minor),
            ..Discount::default()
        })
    }

    /// Whether the app and merchant that the channel names, if any, are those of this contract.
    #[must_use]
    pub fn names(&self, account: &ChannelAccount) -> bool {
        self.payee_app.as_ref().is_none_or(|app| *app == account.payee_app)
            && self.payee_merchant.as_ref().is_none_or(|merchant| *merchant == account.payee_merchant)
    }
}

/// What a report says about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentFinding {
    /// Verified success.
    Paid(PaidEvidence),
    /// The channel (or our own signed link) is ready and the payer has to act.
    ActionRequired(Action),
    /// The order exists at the channel and waits for the payer.
    WaitingPayer,
    /// The channel is working on it.
    InProgress,
    /// A code on the channel's documented final list.
    Failed { code: String, message: String },
    /// The channel confirms that the order is closed unpaid, or that our close or cancel took effect.
    Closed,
    /// The channel had taken this sum for us and gave all of it back: a cancel took effect on a paid order.
    Undone(Amount),
    /// The channel refuses to close because of the order's state: it must be asked.
    CloseRefused,
    /// The channel does not know the order; a late request can still land.
    NotFound,
    /// Nothing is proven.
    Unclear(Unclear),
}

/// What a report says about a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundFinding {
    /// Verified: the money went back.
    Done { amount: Amount, borne: Option<Borne>, at_us: Option<i64> },
    /// The channel took the order; done is not proven.
    Accepted,
    /// The channel is working on it.
    InProgress,
    /// A code on the channel's documented final list.
    Failed { code: String, message: String },
    /// A refusal that may pass later (the channel balance is short): resend the same number later.
    NotYet { code: String, message: String },
    /// The channel does not know the refund: resend the same number, never a new one.
    NotFound,
    /// Nothing is proven.
    Unclear(Unclear),
}

/// Anything a channel tells us about one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReport {
    /// How it reached us.
    pub source: Source,
    /// When our call or question left us, for what came by itself when it arrived, Unix microseconds. An answer can
    /// only speak of what was before it was asked for, however late it is heard.
    pub asked_at_us: i64,
    /// What it says.
    pub finding: PaymentFinding,
}

/// Anything a channel tells us about one refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundReport {
    /// How it reached us.
    pub source: Source,
    /// What it says.
    pub finding: RefundFinding,
}

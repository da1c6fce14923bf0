//! Bills of any channel: what comes back and why none does.

use crate::http::HttpTrouble;
use crate::{alipay, unionpay, wechatpay};
use tk_domain::report::Unclear;

/// A bill as its channel writes it, read and checked against its own totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bill {
    /// One of Alipay's.
    Alipay(alipay::bill::Bill),
    /// One of WeChat Pay's.
    Wechatpay(wechatpay::bill::Bill),
    /// One of UnionPay's.
    Unionpay(unionpay::bill::SettlementFile),
}

/// Why there is no bill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BillFetchError {
    /// The channel has none: nothing happened that day, or it is not ready yet.
    #[error("there is no bill for this day, or it is not ready")]
    None,
    /// The day cannot be written as a date.
    #[error("the day is outside the calendar")]
    Day,
    /// The channel refused with this code.
    #[error("the channel refused the bill: {code}")]
    Refused {
        /// The channel's code.
        code: String,
    },
    /// The conversation proved nothing; ask again later.
    #[error("the question for the bill was not answered: {0}")]
    Unclear(Unclear),
    /// The file could not be fetched; ask for a new link.
    #[error("the bill could not be fetched: {0}")]
    Download(HttpTrouble),
    /// The file is refused; the text says why.
    #[error("the bill is refused: {0}")]
    Invalid(String),
    /// The file is about another account or day.
    #[error("the bill is about another {0}")]
    Foreign(&'static str),
    /// This process is ending.
    #[error("the process is stopping")]
    Stopping,
}

impl BillFetchError {
    pub(crate) fn invalid(error: impl std::fmt::Display) -> Self {
        Self::Invalid(error.to_string())
    }
}

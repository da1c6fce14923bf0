//! Bills: ask for the link, fetch the archive within its 30 seconds, read it whole.

use super::call::Call;
use super::conversation::hold;
use super::{Answer, Credentials, Heard, report};
use crate::http::{Http, HttpTrouble};
use std::sync::Arc;
use tk_domain::report::Unclear;
pub use tk_formats::alipay::bill::{BillError, BillHead, FundBill, FundRow, TradeBill, TradeKind, TradeRow};
use tk_formats::alipay::bill::{Limits, fund, trade};
use tk_formats::alipay::time;
use tokio::sync::Semaphore;

const DAY_US: i64 = 86_400_000_000;
/// Beijing is ahead of UTC by this much.
const BEIJING_US: i64 = 8 * 3_600_000_000;

/// Which bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillKind {
    /// `trade`: payments and refunds with fees.
    Trade,
    /// `signcustomer`: movements of the balance.
    Fund,
}

/// A bill, read and checked against its own totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bill {
    /// Payments and refunds.
    Trade(TradeBill),
    /// Movements of the balance.
    Fund(FundBill),
}

/// Why there is no bill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BillFetchError {
    /// Alipay has none: nothing happened that day, or it is not ready yet.
    #[error("there is no bill for this day, or it is not ready")]
    None,
    /// The day cannot be written as a date.
    #[error("the day is outside the calendar")]
    Day,
    /// Alipay refused with this code.
    #[error("Alipay refused the bill: {code}")]
    Refused {
        /// The business code.
        code: String,
    },
    /// The conversation proved nothing; ask again later.
    #[error("the question for the bill was not answered: {0}")]
    Unclear(Unclear),
    /// The archive could not be fetched; ask for a new link.
    #[error("the bill could not be fetched: {0}")]
    Download(HttpTrouble),
    /// The archive is refused.
    #[error(transparent)]
    Invalid(#[from] BillError),
    /// The file is about another account or day.
    #[error("the bill is about another {0}")]
    Foreign(&'static str),
}

/// Fetches the bill of one Beijing day, counted from 1970-01-01.
pub(crate) async fn fetch(
    (http, signers): (&Http, &Semaphore),
    credentials: &Arc<Credentials>,
    kind: BillKind,
    day: i64,
    now_us: i64,
) -> Result<Bill, BillFetchError> {
    let from_us =
        day.checked_mul(DAY_US).and_then(|us| us.checked_sub(BEIJING_US)).ok_or(BillFetchError::Day)?;
    let call = Call::BillUrl { bill_type: kind.word(), bill_date: date(from_us)? };
    let heard = hold(http, signers, credentials, call, now_us).await;
    let url = link(&heard)?;
    let limits = Limits::default();
    let bytes = http.download(url, limits.archive_bytes).await.map_err(BillFetchError::Download)?;
    let reading = tokio::task::spawn_blocking(move || kind.read(&bytes, &limits));
    let bill = reading.await.map_err(|_| BillFetchError::Download(HttpTrouble::Connection))??;
    bill.check(&credentials.settings.seller_id, from_us)?;
    Ok(bill)
}

impl BillKind {
    /// `bill_type` on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Fund => "signcustomer",
        }
    }

    fn read(self, bytes: &[u8], limits: &Limits) -> Result<Bill, BillError> {
        match self {
            Self::Trade => trade::read_zip(bytes, limits).map(Bill::Trade),
            Self::Fund => fund::read_zip(bytes, limits).map(Bill::Fund),
        }
    }
}

impl Bill {
    /// Account, period and time of export.
    pub const fn head(&self) -> &BillHead {
        match self {
            Self::Trade(bill) => &bill.head,
            Self::Fund(bill) => &bill.head,
        }
    }

    fn check(&self, seller_id: &str, from_us: i64) -> Result<(), BillFetchError> {
        let head = self.head();
        if !head.account.starts_with(seller_id) {
            return Err(BillFetchError::Foreign("account"));
        }
        if (head.from_us, head.to_us) != (from_us, from_us.saturating_add(DAY_US)) {
            return Err(BillFetchError::Foreign("day"));
        }
        Ok(())
    }
}

fn date(from_us: i64) -> Result<String, BillFetchError> {
    let text = time::format_us(from_us).map_err(|_| BillFetchError::Day)?;
    text.get(..10).map(str::to_owned).ok_or(BillFetchError::Day)
}

fn link(heard: &Heard) -> Result<&str, BillFetchError> {
    let Heard::Answered(answer) = heard else { return Err(BillFetchError::Unclear(report::unheard(heard))) };
    if answer.code != "10000" {
        return Err(refused(answer));
    }
    let url = answer.node.get("bill_download_url").and_then(serde_json::Value::as_str);
    url.filter(|url| !url.is_empty()).ok_or(BillFetchError::Unclear(Unclear::Unreadable))
}

fn refused(answer: &Answer) -> BillFetchError {
    let code = answer.sub_code.as_deref().unwrap_or(&answer.code);
    let bare = code.rsplit('.').next().unwrap_or(code).to_ascii_uppercase();
    match (answer.code.as_str(), bare.as_str()) {
        (_, "BILL_NOT_EXIST" | "NO_BILL_DATA") => BillFetchError::None,
        ("20000", _) => BillFetchError::Unclear(Unclear::ServerError),
        ("40005", _) | (_, "SYSTEM_RATE_LIMIT" | "USER_RATE_LIMIT") => {
            BillFetchError::Unclear(Unclear::RateLimited)
        }
        _ => BillFetchError::Refused { code: code.to_owned() },
    }
}

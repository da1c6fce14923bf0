//! Bills: ask for the link, fetch the archive within its 30 seconds, read it whole.

use super::call::Call;
use super::conversation::hold;
use super::{Answer, Credentials, Heard, report};
use crate::bill::BillFetchError;
use crate::capabilities::BillContent;
use crate::line::Line;
use tk_domain::report::Unclear;
pub use tk_formats::alipay::bill::{BillError, BillHead, FundBill, FundRow, TradeBill, TradeKind, TradeRow};
use tk_formats::alipay::bill::{Limits, fund, trade};
use tk_formats::alipay::time;

const DAY_US: i64 = 86_400_000_000;
/// Beijing is ahead of UTC by this much.
const BEIJING_US: i64 = 8 * 3_600_000_000;

/// A bill, read and checked against its own totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bill {
    /// Payments and refunds.
    Trade(TradeBill),
    /// Movements of the balance.
    Fund(FundBill),
}

/// Fetches the bill of one Beijing day, counted from 1970-01-01.
pub(crate) async fn fetch(
    line: &Line<'_>,
    credentials: &Credentials,
    content: BillContent,
    day: i64,
) -> Result<Bill, BillFetchError> {
    let from_us =
        day.checked_mul(DAY_US).and_then(|us| us.checked_sub(BEIJING_US)).ok_or(BillFetchError::Day)?;
    let call = Call::BillUrl { bill_type: word(content), bill_date: date(from_us)? };
    let heard = hold(line, credentials, call).await;
    let url = link(&heard)?;
    let limits = Limits::default();
    let bytes = line.http.download(url, limits.archive_bytes).await.map_err(BillFetchError::Download)?;
    let reading = tokio::task::spawn_blocking(move || read(content, &bytes, &limits));
    let bill = reading.await.map_err(|_| BillFetchError::Stopping)?.map_err(BillFetchError::invalid)?;
    bill.check(&credentials.settings.seller_id, from_us)?;
    Ok(bill)
}

/// `bill_type` on the wire.
pub const fn word(content: BillContent) -> &'static str {
    match content {
        BillContent::Trades => "trade",
        BillContent::Funds => "signcustomer",
    }
}

fn read(content: BillContent, bytes: &[u8], limits: &Limits) -> Result<Bill, BillError> {
    match content {
        BillContent::Trades => trade::read_zip(bytes, limits).map(Bill::Trade),
        BillContent::Funds => fund::read_zip(bytes, limits).map(Bill::Fund),
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

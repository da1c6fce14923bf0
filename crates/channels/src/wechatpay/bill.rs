//! Bills: ask for the link, fetch the file by a signed request, hold it against its hash and its sums.

use super::call::Call;
use super::conversation::{Taking, exchange, hold};
use super::{Credentials, Heard, Settings, report};
use crate::bill::BillFetchError;
use crate::capabilities::{BillContent, Verdict};
use crate::http::HttpTrouble;
use crate::line::Line;
use serde_json::{Map, Value};
use tk_domain::instruction::InstructionKind;
use tk_domain::report::Unclear;
use tk_formats::wechatpay::bill::{self as sheets, TradeSheet, fund, trade};
pub use tk_formats::wechatpay::bill::{
    BillError, FundBill, FundRow, Limits, RefundCells, TradeBill, TradeRow, TradeRowState,
};
use tk_formats::wechatpay::time;

const DAY_US: i64 = 86_400_000_000;
/// Beijing is ahead of UTC by this much.
const BEIJING_US: i64 = 8 * 3_600_000_000;

/// A bill, read and checked against its hash and its own totals.
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
    let bill_date = time::date(from_us).map_err(|_| BillFetchError::Day)?;
    let call = match content {
        BillContent::Trades => Call::TradeBill { bill_date },
        BillContent::Funds => Call::FundBill { bill_date },
    };
    let found = link(&hold(line, credentials, call).await)?;
    let bytes = download(line, credentials, &found).await?;
    let (settings, hash) = (credentials.settings.clone(), found.hash);
    let reading = tokio::task::spawn_blocking(move || read(content, &bytes, &hash));
    let bill = reading.await.map_err(|_| BillFetchError::Stopping)?.map_err(BillFetchError::invalid)?;
    bill.check(&settings, from_us)?;
    Ok(bill)
}

struct Link {
    url: String,
    hash: String,
}

fn link(heard: &Heard) -> Result<Link, BillFetchError> {
    let fields = match heard {
        Heard::Done(fields) => fields,
        Heard::Refused(refusal) => return Err(refused(refusal)),
        Heard::Bridge(_)
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection
        | Heard::NotSent(_) => return Err(BillFetchError::Unclear(report::unheard(heard))),
    };
    let text = |name: &str| text_of(fields, name);
    match (text("download_url"), text("hash_type"), text("hash_value")) {
        (Some(url), Some(kind), Some(hash)) if kind == "SHA1" => Ok(Link { url, hash }),
        _ => Err(BillFetchError::Unclear(Unclear::Unreadable)),
    }
}

fn text_of(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn refused(refusal: &super::Refusal) -> BillFetchError {
    match (refusal.code.as_str(), report::verdict(InstructionKind::Query, refusal)) {
        ("NO_STATEMENT_EXIST" | "STATEMENT_CREATING", _) => BillFetchError::None,
        (_, Verdict::Unclear(why)) if why != Unclear::UnknownCode => BillFetchError::Unclear(why),
        (code, _) => BillFetchError::Refused { code: code.to_owned() },
    }
}

/// The file comes unsigned from the host that signed its hash; no other host is asked.
async fn download(
    line: &Line<'_>,
    credentials: &Credentials,
    found: &Link,
) -> Result<Vec<u8>, BillFetchError> {
    let target = found.url.strip_prefix(&credentials.settings.base_url).filter(|rest| rest.starts_with('/'));
    let target = target.ok_or(BillFetchError::Foreign("host"))?.to_owned();
    let wire = super::call::Wire { method: "GET", target, body: String::new(), sealed_under: None };
    let taking = Taking::File(Limits::default().packed_bytes);
    match exchange(line, credentials, wire, taking).await {
        Ok(exchanged) if exchanged.status == 200 => Ok(exchanged.body),
        Ok(exchanged) => Err(BillFetchError::Download(HttpTrouble::Status(exchanged.status))),
        Err(heard) => Err(BillFetchError::Unclear(report::unheard(&heard))),
    }
}

fn read(content: BillContent, bytes: &[u8], hash: &str) -> Result<Bill, BillError> {
    let plain = sheets::gunzip(bytes, &Limits::default())?;
    sheets::check_sha1(&plain, hash)?;
    match content {
        BillContent::Trades => trade::read_trade_sheet(&plain, TradeSheet::All).map(Bill::Trade),
        BillContent::Funds => fund::read_fund_sheet(&plain).map(Bill::Fund),
    }
}

impl Bill {
    /// Every row must be of this merchant and of this day.
    fn check(&self, settings: &Settings, from_us: i64) -> Result<(), BillFetchError> {
        // A merchant of his own has no sub-merchant, which the bill writes as 0.
        let sub = settings.sub_mchid.as_deref();
        let foreign =
            |row: &TradeRow| row.mchid != settings.mchid || sub.is_some_and(|sub| sub != row.sub_mchid);
        let day = from_us..from_us.saturating_add(DAY_US);
        match self {
            Self::Trade(bill) if bill.rows.iter().any(foreign) => Err(BillFetchError::Foreign("account")),
            Self::Trade(bill) if bill.rows.iter().any(|row| !day.contains(&row.traded_at_us)) => {
                Err(BillFetchError::Foreign("day"))
            }
            Self::Fund(bill) if bill.rows.iter().any(|row| !day.contains(&row.booked_at_us)) => {
                Err(BillFetchError::Foreign("day"))
            }
            Self::Trade(_) | Self::Fund(_) => Ok(()),
        }
    }
}

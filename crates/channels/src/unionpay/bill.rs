//! Settlement files: asked for, unpacked and read in one conversation.

use super::call::Call;
use super::conversation::hold;
use super::{Credentials, Heard, report};
use crate::bill::BillFetchError;
use crate::capabilities::BillContent;
use crate::line::Line;
use std::sync::Arc;
use tk_domain::report::Unclear;
use tk_formats::archive::Limits;
pub use tk_formats::unionpay::settlement::{ErrorRow, SettlementFile, Signed, TradeRow};
use tk_formats::unionpay::{settlement, time};

const DAY_US: i64 = 86_400_000_000;
/// Beijing is ahead of UTC by this much.
const BEIJING_US: i64 = 8 * 3_600_000_000;
/// There is no file yet, or nothing happened that day.
const NO_FILE: &str = "98";

/// Fetches the settlement file of one Beijing day, counted from 1970-01-01.
pub(crate) async fn fetch(
    line: &Line<'_>,
    credentials: &Arc<Credentials>,
    content: BillContent,
    day: i64,
) -> Result<SettlementFile, BillFetchError> {
    if content != BillContent::Trades {
        return Err(BillFetchError::None);
    }
    let from_us =
        day.checked_mul(DAY_US).and_then(|us| us.checked_sub(BEIJING_US)).ok_or(BillFetchError::Day)?;
    let settle_date = time::month_day(from_us).map_err(|_| BillFetchError::Day)?;
    let heard = hold(line, credentials, Call::File { settle_date }).await;
    let content = packed(&heard)?;
    let reading = tokio::task::spawn_blocking(move || settlement::from_content(&content, &Limits::default()));
    let file = reading.await.map_err(|_| BillFetchError::Stopping)?.map_err(BillFetchError::invalid)?;
    if file.mer_id != credentials.settings.mer_id {
        return Err(BillFetchError::Foreign("merchant"));
    }
    let named = time::format_us(from_us).map_err(|_| BillFetchError::Day)?;
    if named.get(2..8) != Some(file.day.as_str()) {
        return Err(BillFetchError::Foreign("day"));
    }
    Ok(file)
}

fn packed(heard: &Heard) -> Result<String, BillFetchError> {
    let Heard::Answered(message) = heard else {
        return Err(BillFetchError::Unclear(report::unheard(heard)));
    };
    match message.resp_code.as_str() {
        "00" => {
            let content = message.text("fileContent").map(str::to_owned);
            content.ok_or(BillFetchError::Unclear(Unclear::Unreadable))
        }
        NO_FILE => Err(BillFetchError::None),
        code => Err(BillFetchError::Refused { code: code.to_owned() }),
    }
}

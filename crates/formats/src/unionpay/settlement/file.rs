//! The archive around the files of one merchant and day.

use super::trades::{self, Totals, TradeRow};
use super::{ErrorRow, SettlementError, errors};
use crate::archive::{Entry, Limits, read_archive, write_archive};
use crate::charset::Charset;
use crate::unionpay::content;

/// Between the day and the merchant in the names of the files.
const TRADES_MARK: &str = "88ZM_";
const ERRORS_MARK: &str = "88ZME_";
const TRADES_HEAD: &str = "INN";
const SUMMARY_HEAD: &str = "RD2010";
const SUMMARY_MARK: &str = "01_";

/// The settlement of one merchant and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementFile {
    /// Whose it is.
    pub mer_id: String,
    /// The day, `YYMMDD`.
    pub day: String,
    /// The trades.
    pub trades: Vec<TradeRow>,
    /// Errors and adjustments.
    pub errors: Vec<ErrorRow>,
    /// The summary for people, as text.
    pub summary: Option<String>,
}

impl SettlementFile {
    /// What the trades add up to.
    pub fn totals(&self) -> Result<Totals, SettlementError> {
        trades::totals(&self.trades)
    }
}

/// Reads the `fileContent` of a file reply.
pub fn from_content(text: &str, limits: &Limits) -> Result<SettlementFile, SettlementError> {
    read_zip(&content::unpack(text, limits.archive_bytes)?, limits)
}

/// Writes the `fileContent` of a file reply, for the simulator.
pub fn file_content(file: &SettlementFile, modified_at_us: i64) -> Result<String, SettlementError> {
    Ok(content::pack(&write_zip(file, modified_at_us)?)?)
}

/// Reads the archive.
pub fn read_zip(bytes: &[u8], limits: &Limits) -> Result<SettlementFile, SettlementError> {
    let entries = read_archive(bytes, limits)?;
    let (name, trades) = only(&entries, "ZM", |name| named(name, TRADES_HEAD, TRADES_MARK))?
        .ok_or(SettlementError::EntryMissing("ZM"))?;
    let errors = only(&entries, "ZME", |name| named(name, TRADES_HEAD, ERRORS_MARK))?;
    let summary = only(&entries, "RD", |name| named(name, SUMMARY_HEAD, SUMMARY_MARK))?;
    let others = errors.iter().chain(&summary).map(|(other, _)| other);
    if others.into_iter().any(|other| *other != name) {
        return Err(SettlementError::NamesDiffer);
    }
    let (day, mer_id) = name;
    let trades = trades::read(trades)?;
    let errors = errors.map(|(_, bytes)| errors::read(bytes)).transpose()?.unwrap_or_default();
    let merchants = trades.iter().map(TradeRow::mer_id).chain(errors.iter().map(ErrorRow::mer_id));
    if let Some((line, _)) = (1..).zip(merchants).find(|(_, merchant)| *merchant != mer_id) {
        return Err(SettlementError::MerchantForeign { line });
    }
    let read =
        |(_, bytes): ((&str, &str), &[u8])| Charset::Gbk.decode(bytes).map(std::borrow::Cow::into_owned);
    Ok(SettlementFile {
        summary: summary.map(read).transpose().map_err(|_| SettlementError::Summary)?,
        mer_id: mer_id.to_owned(),
        day: day.to_owned(),
        trades,
        errors,
    })
}

/// Writes the archive, for the simulator.
pub fn write_zip(file: &SettlementFile, modified_at_us: i64) -> Result<Vec<u8>, SettlementError> {
    let SettlementFile { mer_id, day, .. } = file;
    let mut entries = vec![
        Entry {
            name: format!("{TRADES_HEAD}{day}{TRADES_MARK}{mer_id}"),
            bytes: trades::write(&file.trades)?,
        },
        Entry {
            name: format!("{TRADES_HEAD}{day}{ERRORS_MARK}{mer_id}"),
            bytes: errors::write(&file.errors)?,
        },
    ];
    if let Some(summary) = &file.summary {
        let bytes = Charset::Gbk.encode(summary).map_err(|_| SettlementError::Summary)?.into_owned();
        entries.push(Entry { name: format!("{SUMMARY_HEAD}{day}{SUMMARY_MARK}{mer_id}"), bytes });
    }
    Ok(write_archive(&entries, modified_at_us)?)
}

/// Day and merchant of a name made of head, day, mark and merchant.
fn named<'a>(name: &'a str, head: &str, mark: &str) -> Option<(&'a str, &'a str)> {
    let rest = name.strip_prefix(head)?;
    let (day, rest) = rest.split_at_checked(6)?;
    let mer_id = rest.strip_prefix(mark)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(day) && !mer_id.is_empty() && digits(mer_id)).then_some((day, mer_id))
}

type Named<'a> = ((&'a str, &'a str), &'a [u8]);

fn only<'a>(
    entries: &'a [Entry],
    kind: &'static str,
    named: impl Fn(&'a str) -> Option<(&'a str, &'a str)>,
) -> Result<Option<Named<'a>>, SettlementError> {
    let mut found = entries.iter().filter_map(|entry| Some((named(&entry.name)?, entry.bytes.as_slice())));
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(SettlementError::EntryMissing(kind)),
    }
}

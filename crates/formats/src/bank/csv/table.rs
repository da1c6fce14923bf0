//! Where the table of a file begins and ends, and where its columns are.

use super::cells::{Record, Records};
use super::mapping::{Account, Amounts, Mapping, Names};
use crate::bank::BankError;
use crate::bank::statement::kept;

/// How many records may stand above the header.
const PREAMBLE_MAX: usize = 60;
/// How many records may stand below the table.
const CLOSING_MAX: usize = 60;

/// The places of the mapped columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    pub date: usize,
    pub time: Option<usize>,
    /// Credit and debit, or the amount and its word.
    pub amount: (usize, Option<usize>),
    pub balance: Option<usize>,
    pub bank_ref: Option<usize>,
    pub party_name: Option<usize>,
    pub party_account: Option<usize>,
    pub party_bank: Option<usize>,
    pub remarks: Vec<usize>,
    pub currency: Option<usize>,
    pub account: Option<usize>,
}

/// A file positioned on its rows.
pub(super) struct Table<'t> {
    records: Records<'t>,
    preamble: Vec<Record<'t>>,
    closing: Vec<Record<'t>>,
    places: Places,
    columns: usize,
    marks: Vec<String>,
}

impl<'t> Table<'t> {
    /// Finds the header: the first record with all columns that the mapping cannot do without.
    pub fn open(text: &'t str, mapping: &Mapping) -> Result<Self, BankError> {
        let mut records = Records::new(text, mapping.separator);
        let mut preamble = Vec::new();
        while let Some(record) = records.next_record()? {
            if is_header(&record, mapping) {
                return Ok(Self {
                    records,
                    preamble,
                    closing: Vec::new(),
                    places: places(&record, mapping)?,
                    columns: filled(&record),
                    marks: mapping.footer_marks.0.clone(),
                });
            }
            preamble.push(record);
            if preamble.len() > PREAMBLE_MAX {
                break;
            }
        }
        Err(BankError::Truncated("header"))
    }

    pub fn places(&self) -> Places {
        self.places.clone()
    }

    /// What stands below the table.
    pub fn closing(&self) -> &[Record<'t>] {
        &self.closing
    }

    /// The account's number, where it stands above the header.
    pub fn account(&self, mapping: &Mapping) -> Result<String, BankError> {
        let Account::After(label) = &mapping.account else { return Ok(String::new()) };
        for record in &self.preamble {
            let at =
                record.cells.iter().position(|cell| cell.trim_end_matches([':', '：']) == label.as_str());
            if let Some(number) = at.and_then(|at| record.cells.get(at + 1)).filter(|cell| !cell.is_empty()) {
                return kept(number, record.line, "account");
            }
        }
        Err(BankError::Missing { line: 1, what: "account" })
    }

    /// The next row; none at the end of the table, below which only the footer may follow.
    pub fn next_row(&mut self) -> Result<Option<Record<'t>>, BankError> {
        while let Some(record) = self.records.next_record()? {
            let first = record.cells.iter().find(|cell| !cell.is_empty());
            let Some(first) = first else { continue };
            if self.marks.iter().any(|mark| first.starts_with(mark.as_str())) {
                if self.closing.len() >= CLOSING_MAX {
                    return Err(BankError::Limit { line: record.line, what: "footer" });
                }
                self.closing.push(record);
                continue;
            }
            if !self.closing.is_empty() {
                return Err(BankError::AfterEnd { line: record.line });
            }
            if record.cells.len() < self.columns || filled(&record) > self.columns {
                return Err(BankError::CellCount { line: record.line });
            }
            return Ok(Some(record));
        }
        Ok(None)
    }
}

/// The number of cells up to the last filled one.
fn filled(record: &Record<'_>) -> usize {
    record.cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1)
}

fn is_header(record: &Record<'_>, mapping: &Mapping) -> bool {
    let has = |names: &Names| record.cells.iter().any(|cell| named(names, cell));
    let amounts = match &mapping.amounts {
        Amounts::Pair { credit, debit } => has(credit) && has(debit),
        Amounts::Signed { amount } => has(amount),
        Amounts::Flagged { amount, flag, .. } => has(amount) && has(flag),
    };
    amounts && has(&mapping.date.names)
}

fn named(names: &Names, cell: &str) -> bool {
    names.0.iter().any(|name| name == cell)
}

fn places(header: &Record<'_>, mapping: &Mapping) -> Result<Places, BankError> {
    let one = |names: &Names, what| place(header, names, what);
    let needed = |names: &Names, what| {
        place(header, names, what)?.ok_or(BankError::Missing { line: header.line, what })
    };
    let amount = match &mapping.amounts {
        Amounts::Pair { credit, debit } => (needed(credit, "credit")?, Some(needed(debit, "debit")?)),
        Amounts::Signed { amount } => (needed(amount, "amount")?, None),
        Amounts::Flagged { amount, flag, .. } => (needed(amount, "amount")?, Some(needed(flag, "flag")?)),
    };
    let account = match &mapping.account {
        Account::Column(names) => Some(needed(names, "account")?),
        Account::Absent | Account::After(_) => None,
    };
    let time = match &mapping.time {
        Some(time) => Some(needed(&time.names, "time")?),
        None => None,
    };
    let remarks = header.cells.iter().enumerate().filter(|(_, cell)| named(&mapping.remarks, cell));
    Ok(Places {
        date: needed(&mapping.date.names, "date")?,
        time,
        amount,
        balance: one(&mapping.balance, "balance")?,
        bank_ref: one(&mapping.bank_ref, "bank_ref")?,
        party_name: one(&mapping.party_name, "party_name")?,
        party_account: one(&mapping.party_account, "party_account")?,
        party_bank: one(&mapping.party_bank, "party_bank")?,
        remarks: remarks.map(|(at, _)| at).collect(),
        currency: one(&mapping.currency_column, "currency")?,
        account,
    })
}

/// The place of the column with the earliest of these names; the same name twice is refused.
fn place(header: &Record<'_>, names: &Names, what: &'static str) -> Result<Option<usize>, BankError> {
    for name in &names.0 {
        let mut found = header.cells.iter().enumerate().filter(|(_, cell)| *cell == name);
        let first = found.next().map(|(at, _)| at);
        if found.next().is_some() {
            return Err(BankError::Repeated { line: header.line, what });
        }
        if first.is_some() {
            return Ok(first);
        }
    }
    Ok(None)
}

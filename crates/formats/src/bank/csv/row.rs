//! One row of a table becomes one line of a statement.

use super::cells::Record;
use super::mapping::{Amounts, Mapping};
use super::table::Places;
use crate::bank::amount::{AmountError, parse_signed};
use crate::bank::date::{Stamp, moment_us, parse_pattern};
use crate::bank::statement::{currency_of, kept};
use crate::bank::{BankError, Direction, Line, LineKind};

/// Reads rows by a mapping whose columns were found.
pub(super) struct RowReader<'m> {
    mapping: &'m Mapping,
    places: Places,
}

impl<'m> RowReader<'m> {
    pub const fn new(mapping: &'m Mapping, places: Places) -> Self {
        Self { mapping, places }
    }

    /// The line, and the account that the row names.
    pub fn line_of(&self, row: &Record<'_>) -> Result<(Line, Option<String>), BankError> {
        let (booked_day, booked_at_us) = self.booked(row)?;
        let (direction, kind, amount_minor) = self.amount(row)?;
        if let Some(at) = self.places.currency {
            let found = cell(row, at);
            if !found.is_empty() && currency_of(found) != Some(self.mapping.currency) {
                return Err(BankError::Currency { line: row.line });
            }
        }
        let line = row.line;
        let text = |at: Option<usize>, what| kept(at.map_or("", |at| cell(row, at)), line, what);
        let account = self.places.account.map(|at| kept(cell(row, at), line, "account")).transpose()?;
        let line = Line {
            line,
            bank_ref: text(self.places.bank_ref, "bank_ref")?,
            booked_day,
            booked_at_us,
            value_day: None,
            direction,
            kind,
            amount_minor,
            balance_minor: self.balance(row)?,
            party_name: text(self.places.party_name, "party_name")?,
            party_account: text(self.places.party_account, "party_account")?,
            party_bank: text(self.places.party_bank, "party_bank")?,
            remark: self.remark(row)?,
            end_to_end_id: String::new(),
        };
        Ok((line, account))
    }

    fn booked(&self, row: &Record<'_>) -> Result<(i64, Option<i64>), BankError> {
        let wrong = |what| BankError::Field { line: row.line, what };
        let date = first_of(cell(row, self.places.date), &self.mapping.date.patterns).ok_or(wrong("date"))?;
        let time_us = match (&self.mapping.time, self.places.time) {
            (Some(time), Some(at)) if !cell(row, at).is_empty() => {
                first_of(cell(row, at), &time.patterns).ok_or(wrong("time"))?.time_us
            }
            _ => date.time_us,
        };
        Ok((date.day, time_us.map(|time_us| moment_us(date.day, time_us))))
    }

    fn amount(&self, row: &Record<'_>) -> Result<(Direction, LineKind, i64), BankError> {
        let (first, second) = self.places.amount;
        let wrong = BankError::Field { line: row.line, what: "amount" };
        let first_minor = self.number(row, first)?;
        let (direction, minor) = match (&self.mapping.amounts, second) {
            (Amounts::Pair { .. }, Some(second)) => {
                match (first_minor.unwrap_or(0), self.number(row, second)?.unwrap_or(0)) {
                    (0, 0) => return Err(BankError::Missing { line: row.line, what: "amount" }),
                    (credit, 0) => (Direction::Credit, credit),
                    (0, debit) => (Direction::Debit, debit),
                    _ => return Err(BankError::Repeated { line: row.line, what: "amount" }),
                }
            }
            (Amounts::Signed { .. }, _) => {
                let minor = first_minor.filter(|minor| *minor != 0).ok_or(wrong)?;
                let direction = if minor > 0 { Direction::Credit } else { Direction::Debit };
                return Ok((direction, LineKind::Plain, minor.abs()));
            }
            (Amounts::Flagged { credit_words, debit_words, .. }, Some(second)) => {
                let word = cell(row, second);
                let minor = first_minor.filter(|minor| *minor != 0).ok_or(wrong)?;
                if credit_words.0.iter().any(|known| known == word) {
                    (Direction::Credit, minor)
                } else if debit_words.0.iter().any(|known| known == word) {
                    (Direction::Debit, minor)
                } else {
                    return Err(BankError::Field { line: row.line, what: "flag" });
                }
            }
            (Amounts::Pair { .. } | Amounts::Flagged { .. }, None) => return Err(wrong),
        };
        // A red amount takes an earlier line back, so money moves the other way 红字冲正.
        Ok(if minor < 0 {
            (direction.opposite(), LineKind::Reversal, minor.saturating_abs())
        } else {
            (direction, LineKind::Plain, minor)
        })
    }

    fn balance(&self, row: &Record<'_>) -> Result<Option<i64>, BankError> {
        self.places.balance.map_or(Ok(None), |at| self.number(row, at))
    }

    fn number(&self, row: &Record<'_>, at: usize) -> Result<Option<i64>, BankError> {
        let text = cell(row, at);
        if text.is_empty() {
            return Ok(None);
        }
        let line = row.line;
        parse_signed(text, self.mapping.numbers).map(Some).map_err(|error| match error {
            AmountError::Malformed | AmountError::TooLarge => BankError::Field { line, what: "amount" },
            AmountError::Fraction => BankError::Fraction { line, what: "amount" },
        })
    }

    fn remark(&self, row: &Record<'_>) -> Result<String, BankError> {
        let texts = self.places.remarks.iter().map(|&at| cell(row, at)).filter(|text| !text.is_empty());
        kept(&texts.collect::<Vec<_>>().join(" "), row.line, "remark")
    }
}

fn cell<'r>(row: &'r Record<'_>, at: usize) -> &'r str {
    row.cells.get(at).map_or("", |cell| cell)
}

fn first_of(text: &str, patterns: &[String]) -> Option<Stamp> {
    patterns.iter().find_map(|pattern| parse_pattern(text, pattern))
}

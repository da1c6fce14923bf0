//! Totals below the table.

use super::cells::Record;
use super::mapping::{FooterTotal, Mapping};
use crate::bank::amount::{NumberStyle, parse_unsigned};
use crate::bank::{BankError, Statement};

/// What stands below the table.
pub(super) struct Footer<'r, 't> {
    records: &'r [Record<'t>],
}

impl<'r, 't> Footer<'r, 't> {
    pub const fn new(records: &'r [Record<'t>]) -> Self {
        Self { records }
    }

    /// Every total that the mapping names must be there and agree.
    pub fn check(&self, mapping: &Mapping, statement: &Statement) -> Result<(), BankError> {
        mapping.footer_totals.iter().try_for_each(|total| self.check_total(total, statement))
    }

    fn check_total(&self, total: &FooterTotal, statement: &Statement) -> Result<(), BankError> {
        let text = self
            .records
            .iter()
            .map(|record| record.cells.join(","))
            .find(|text| text.contains(&total.label))
            .ok_or(BankError::Truncated("footer total"))?;
        let after = text.split_once(&total.label).map_or("", |(_, after)| after);
        let (count, amount) = numbers(after).ok_or(BankError::TotalMismatch("footer"))?;
        let lines = || statement.lines.iter().filter(|line| line.direction == total.side.direction());
        let sum = lines()
            .try_fold(0_i64, |sum, line| sum.checked_add(line.amount_minor))
            .ok_or(BankError::Overflow)?;
        let agrees = count.is_none_or(|count| count == lines().count()) && amount == sum;
        if agrees { Ok(()) } else { Err(BankError::TotalMismatch("footer")) }
    }
}

/// The count before 笔, if there is one, and the amount after it.
fn numbers(text: &str) -> Option<(Option<usize>, i64)> {
    let (count, rest) = match text.split_once('笔') {
        Some((count, rest)) => (Some(number(count)?.parse().ok()?), rest),
        None => (None, text),
    };
    parse_unsigned(number(rest)?, NumberStyle::POINT_GROUPED).ok().map(|amount| (count, amount))
}

/// The first run of digits, points and commas.
fn number(text: &str) -> Option<&str> {
    let begin = text.find(|letter: char| letter.is_ascii_digit())?;
    let rest = text.get(begin..)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | ','));
    rest.get(..end.unwrap_or(rest.len()))
}

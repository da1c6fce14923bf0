//! Statements as CSV by a declared mapping (bankfiles.md §5).

mod cells;
mod footer;
mod mapping;
mod profiles;
mod row;
mod table;

pub use mapping::{Account, Amounts, Balances, DateColumn, FooterTotal, Mapping, Names, TimeColumn};
pub use profiles::profile;

use self::footer::Footer;
use self::row::RowReader;
use self::table::Table;
use super::{BankError, Line, Statement, decode_text};

/// Reads the one statement of a file; running balances and footer totals must agree where the mapping names them.
pub fn read_statement(bytes: &[u8], mapping: &Mapping) -> Result<Statement, BankError> {
    mapping.check()?;
    let text = decode_text(bytes, mapping.encoding)?;
    let mut table = Table::open(&text, mapping)?;
    let account = table.account(mapping)?;
    let reader = RowReader::new(mapping, table.places());
    let mut statement = Statement {
        account,
        id: String::new(),
        sequence: None,
        currency: mapping.currency,
        opening_minor: None,
        closing_minor: None,
        pending_count: 0,
        lines: Vec::new(),
    };
    while let Some(row) = table.next_row()? {
        let (line, account) = reader.line_of(&row)?;
        name_account(&mut statement.account, account)?;
        statement.push(line)?;
    }
    Footer::new(table.closing()).check(mapping, &statement)?;
    if mapping.balances == Balances::Running {
        run_balances(&mut statement)?;
    }
    Ok(statement)
}

/// All rows of a file must be about one account.
fn name_account(known: &mut String, found: Option<String>) -> Result<(), BankError> {
    match found {
        Some(found) if known.is_empty() => {
            *known = found;
            Ok(())
        }
        Some(found) if *known != found => Err(BankError::WrongAccount),
        Some(_) | None => Ok(()),
    }
}

/// Checks that each balance follows from the one before it, with the oldest line first or last.
fn run_balances(statement: &mut Statement) -> Result<(), BankError> {
    let (Some(top), Some(bottom)) = (statement.lines.first(), statement.lines.last()) else { return Ok(()) };
    let downwards = broken(statement.lines.iter())?;
    let (oldest, newest) = match (downwards, broken(statement.lines.iter().rev())?) {
        (None, _) => (top, bottom),
        (Some(_), None) => (bottom, top),
        (Some(fault), Some(_)) => return Err(fault),
    };
    let opening = oldest.balance_minor.map(|balance| balance.checked_sub(oldest.signed_minor()));
    let closing = newest.balance_minor;
    statement.opening_minor = opening.flatten();
    statement.closing_minor = closing;
    Ok(())
}

/// The first balance that does not follow from the one before it.
fn broken<'l>(lines: impl Iterator<Item = &'l Line>) -> Result<Option<BankError>, BankError> {
    let mut before: Option<i64> = None;
    for line in lines {
        let found_minor =
            line.balance_minor.ok_or(BankError::Missing { line: line.line, what: "balance" })?;
        if let Some(before) = before {
            let expected_minor = before.checked_add(line.signed_minor()).ok_or(BankError::Overflow)?;
            if expected_minor != found_minor {
                return Ok(Some(BankError::BalanceMismatch { line: line.line, expected_minor, found_minor }));
            }
        }
        before = Some(found_minor);
    }
    Ok(None)
}

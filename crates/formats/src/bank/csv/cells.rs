//! CSV records: quoted cells may hold separators, line ends and doubled quotes.

use std::borrow::Cow;

use crate::bank::BankError;

/// The longest record, in bytes.
const RECORD_MAX_BYTES: usize = 64 * 1024;
/// The most cells in a record.
const CELLS_MAX: usize = 128;

/// One record and the line it begins on.
#[derive(Debug, Clone)]
pub(super) struct Record<'t> {
    pub line: usize,
    pub cells: Vec<Cow<'t, str>>,
}

/// The records of a text in order.
pub(super) struct Records<'t> {
    rest: &'t str,
    line: usize,
    separator: char,
}

impl<'t> Records<'t> {
    pub const fn new(text: &'t str, separator: char) -> Self {
        Self { rest: text, line: 1, separator }
    }

    /// The next record with its cells cleaned.
    pub fn next_record(&mut self) -> Result<Option<Record<'t>>, BankError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        let begun = self.rest.len();
        let mut cells = Vec::with_capacity(16);
        loop {
            let (cell, end) = self.next_cell()?;
            cells.push(cell);
            if cells.len() > CELLS_MAX || begun - self.rest.len() > RECORD_MAX_BYTES {
                return Err(BankError::Limit { line, what: "record" });
            }
            if matches!(end, End::Record) {
                return Ok(Some(Record { line, cells }));
            }
        }
    }

    fn next_cell(&mut self) -> Result<(Cow<'t, str>, End), BankError> {
        if let Some(inner) = self.rest.strip_prefix('"') {
            return self.quoted(inner);
        }
        let separator = self.separator;
        let end = self.rest.find([separator, '\n']).unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        self.rest = rest;
        let end = self.step()?;
        Ok((Cow::Borrowed(clean(cell)), end))
    }

    fn quoted(&mut self, inner: &'t str) -> Result<(Cow<'t, str>, End), BankError> {
        let mut cell = Cow::Borrowed("");
        let mut rest = inner;
        loop {
            let Some(end) = rest.find('"') else {
                return Err(BankError::Truncated("closing quote"));
            };
            let (part, after) = rest.split_at(end);
            self.line += part.bytes().filter(|&byte| byte == b'\n').count();
            let after = after.get(1..).unwrap_or_default();
            if cell.is_empty() {
                cell = Cow::Borrowed(part);
            } else {
                cell.to_mut().push_str(part);
            }
            if let Some(more) = after.strip_prefix('"') {
                cell.to_mut().push('"');
                rest = more;
                continue;
            }
            self.rest = after.trim_start_matches([' ', '\r']);
            let end = self.step()?;
            return Ok((cleaned(cell), end));
        }
    }

    /// Passes the separator or line end after a cell.
    fn step(&mut self) -> Result<End, BankError> {
        let mut letters = self.rest.chars();
        match letters.next() {
            None => Ok(End::Record),
            Some('\n') => {
                self.line += 1;
                self.rest = letters.as_str();
                Ok(End::Record)
            }
            Some(letter) if letter == self.separator => {
                self.rest = letters.as_str();
                Ok(End::Cell)
            }
            Some(_) => Err(BankError::Malformed { line: self.line }),
        }
    }
}

enum End {
    Cell,
    Record,
}

fn cleaned(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell {
        Cow::Borrowed(text) => Cow::Borrowed(clean(text)),
        Cow::Owned(text) => Cow::Owned(clean(&text).to_owned()),
    }
}

/// Takes away blanks, the TAB or backtick that keeps long numbers as text, and a spreadsheet's `="…"`.
fn clean(cell: &str) -> &str {
    let cell = cell.trim_matches(blank);
    let guarded = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    let cell = guarded.unwrap_or(cell).trim_matches(blank);
    let cell = cell.strip_prefix('`').unwrap_or(cell);
    if matches!(cell, "--" | "-") { "" } else { cell }
}

fn blank(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{3000}' || letter == '\u{feff}'
}

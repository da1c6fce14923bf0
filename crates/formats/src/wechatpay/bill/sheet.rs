//! The sheet under all bills: a plain header, rows whose cells begin with a backtick, two lines of summary.

use super::BillError;
use crate::alipay::amount;
use crate::wechatpay::time;

const BOM: &str = "\u{feff}";
/// The most columns looked at.
const COLUMNS_MAX: usize = 64;
/// The longest line, bytes.
const LINE_MAX_BYTES: usize = 64 * 1024;

/// The lines of a sheet.
pub(super) struct Sheet<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    columns: Vec<&'a str>,
}

/// One row, by column name.
pub(super) struct Row<'s, 'a> {
    columns: &'s [&'a str],
    cells: Vec<&'a str>,
    line: usize,
}

impl<'a> Sheet<'a> {
    /// Reads the header; every needed column must be in it once.
    pub(super) fn open(bytes: &'a [u8], needed: &[&'static str]) -> Result<Self, BillError> {
        let text = std::str::from_utf8(bytes).map_err(|_| BillError::NotText)?;
        let text = text.strip_prefix(BOM).unwrap_or(text);
        let mut lines = text.lines().enumerate();
        let (_, header) = lines.next().filter(|(_, line)| line.len() <= LINE_MAX_BYTES).ok_or(HEADER)?;
        let columns = columns_of(header, needed)?;
        Ok(Self { lines, columns })
    }

    /// Hands over every row, then the summary.
    pub(super) fn read(
        mut self,
        summary_needed: &[&'static str],
        mut visit: impl FnMut(&Row<'_, 'a>) -> Result<(), BillError>,
    ) -> Result<Summary<'a>, BillError> {
        loop {
            let (at, line) = self.lines.next().ok_or(BillError::SummaryMissing)?;
            if line.len() > LINE_MAX_BYTES {
                return Err(BillError::Line(at + 1));
            }
            if line.starts_with('`') {
                visit(&row(&self.columns, at + 1, line)?)?;
            } else {
                return self.summary(at, line, summary_needed);
            }
        }
    }

    fn summary(
        mut self,
        at: usize,
        header: &'a str,
        needed: &[&'static str],
    ) -> Result<Summary<'a>, BillError> {
        let columns = columns_of(header, needed).map_err(|_| BillError::Line(at + 1))?;
        let (at, line) = self.lines.next().ok_or(BillError::SummaryMissing)?;
        let cells = row(&columns, at + 1, line)?.cells;
        match self.lines.find(|(_, line)| !line.trim().is_empty()) {
            Some((at, _)) => Err(BillError::Line(at + 1)),
            None => Ok(Summary { columns, cells, line: at + 1 }),
        }
    }
}

const HEADER: BillError = BillError::Line(1);

fn columns_of<'a>(header: &'a str, needed: &[&'static str]) -> Result<Vec<&'a str>, BillError> {
    let columns: Vec<&str> = header.split(',').take(COLUMNS_MAX + 1).map(str::trim).collect();
    if columns.len() > COLUMNS_MAX {
        return Err(HEADER);
    }
    let count = |name: &str| columns.iter().filter(|column| **column == name).count();
    match needed.iter().find(|name| count(name) != 1) {
        Some(name) => Err(BillError::Column(name)),
        None => Ok(columns),
    }
}

/// Splits on comma and backtick together: a cell may hold commas.
fn row<'s, 'a>(columns: &'s [&'a str], line: usize, text: &'a str) -> Result<Row<'s, 'a>, BillError> {
    let cells: Vec<&str> = text.strip_prefix('`').ok_or(BillError::Line(line))?.split(",`").collect();
    if cells.len() == columns.len() { Ok(Row { columns, cells, line }) } else { Err(BillError::Line(line)) }
}

impl<'a> Row<'_, 'a> {
    /// The cell of a column; empty where the sheet has no such column.
    pub(super) fn text(&self, column: &'static str) -> &'a str {
        find(self.columns, &self.cells, column).unwrap_or_default()
    }

    pub(super) fn filled(&self, column: &'static str) -> Result<String, BillError> {
        let text = self.text(column);
        if text.is_empty() { Err(self.wrong(column)) } else { Ok(text.to_owned()) }
    }

    /// Yuan with two decimals, or a fee with five of which three are zero.
    pub(super) fn fen(&self, column: &'static str) -> Result<i64, BillError> {
        fen(self.text(column)).ok_or_else(|| self.wrong(column))
    }

    pub(super) fn moment_us(&self, column: &'static str) -> Result<i64, BillError> {
        time::parse_wall_us(self.text(column)).ok_or_else(|| self.wrong(column))
    }

    pub(super) fn optional_us(&self, column: &'static str) -> Result<Option<i64>, BillError> {
        if self.text(column).is_empty() { Ok(None) } else { self.moment_us(column).map(Some) }
    }

    pub(super) const fn wrong(&self, column: &'static str) -> BillError {
        BillError::Cell { line: self.line, column }
    }
}

/// The two last lines.
pub(super) struct Summary<'a> {
    columns: Vec<&'a str>,
    cells: Vec<&'a str>,
    line: usize,
}

impl Summary<'_> {
    /// Holds a count of the summary against the rows.
    pub(super) fn check_count(&self, column: &'static str, count: u64) -> Result<(), BillError> {
        self.agree(column, |text| text.parse::<u64>().ok() == Some(count))
    }

    /// Holds a sum of the summary against the rows; a column that this summary lacks proves nothing.
    pub(super) fn check_fen(&self, column: &'static str, sum: i64) -> Result<(), BillError> {
        self.agree(column, |text| fen(text) == Some(sum))
    }

    fn agree(&self, column: &'static str, same: impl FnOnce(&str) -> bool) -> Result<(), BillError> {
        match find(&self.columns, &self.cells, column) {
            Some(text) if same(text) => Ok(()),
            Some("") => Err(BillError::Cell { line: self.line, column }),
            Some(_) => Err(BillError::SummaryMismatch(column)),
            None => Ok(()),
        }
    }
}

fn find<'a>(columns: &[&str], cells: &[&'a str], column: &str) -> Option<&'a str> {
    let at = columns.iter().position(|known| *known == column)?;
    cells.get(at).copied()
}

fn fen(text: &str) -> Option<i64> {
    let short = match text.split_once('.') {
        Some((_, decimals)) if decimals.len() == 5 => text.strip_suffix("000")?,
        Some(_) | None => text,
    };
    amount::parse_signed_fen(short).ok()
}

/// Writes sheets as the platform does: BOM, CR and LF.
pub(super) struct SheetWriter {
    text: String,
}

impl SheetWriter {
    pub(super) fn start(columns: &[&str]) -> Self {
        let mut writer = Self { text: BOM.to_owned() };
        writer.header(columns);
        writer
    }

    pub(super) fn header(&mut self, columns: &[&str]) {
        self.text.push_str(&columns.join(","));
        self.text.push_str("\r\n");
    }

    /// A backtick begins every cell; a cell that would break the sheet is refused.
    pub(super) fn row(&mut self, cells: &[String]) -> Result<(), BillError> {
        if cells.iter().any(|cell| cell.contains(['\r', '\n', '`'])) {
            return Err(BillError::Unwritable("a cell with a line break or backtick"));
        }
        self.text.push('`');
        self.text.push_str(&cells.join(",`"));
        self.text.push_str("\r\n");
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// A fee: two decimals and three zeros.
pub(super) fn format_fee(fen: i64) -> String {
    format!("{}000", amount::format_fen(fen))
}

//! Batch files: lines of cells joined by `|`, under a head with totals (unionpay.md §8).

use super::amount;

/// The most rows one batch may have (unionpay.md §8: 5 000 or 100 000 by product).
pub const ROWS_MAX: usize = 100_000;
/// The most columns.
const COLUMNS_MAX: usize = 64;
/// The longest file, in bytes.
pub const FILE_MAX_BYTES: usize = 64 * 1024 * 1024;
const AMOUNT: &str = "txnAmt";
const CODE: &str = "respCode";
/// The two columns of a file that was refused as a whole.
const REFUSED: [&str; 2] = ["respCode", "respMsg"];

/// Why a batch file was refused or could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The file, its rows or its columns are over a limit.
    #[error("batch file is over the limit on {0}")]
    Limit(&'static str),
    /// The bytes are not UTF-8.
    #[error("batch file is not UTF-8")]
    NotUtf8,
    /// The head line is not what it should be.
    #[error("head of the batch file cannot be read")]
    Head,
    /// The line of titles is missing, or a title occurs twice.
    #[error("titles of the batch file cannot be read")]
    Titles,
    /// A row has another number of cells than the titles.
    #[error("line {line} has a different number of cells than the titles")]
    CellCount {
        /// Line number, from 1.
        line: usize,
    },
    /// A row's amount cannot be read.
    #[error("line {line} has no readable amount")]
    Amount {
        /// Line number, from 1.
        line: usize,
    },
    /// The head does not agree with the rows.
    #[error("head of the batch file does not agree with its rows on {0}")]
    Total(&'static str),
    /// A cell holds a separator.
    #[error("a cell holds a separator")]
    Unwritable,
}

/// Titles and rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The titles, each once.
    pub columns: Vec<String>,
    /// The rows, each as long as the titles.
    pub rows: Vec<Vec<String>>,
}

/// A file of orders to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFile {
    /// The version of the layout, such as `5.0.0`.
    pub version: String,
    /// Two free texts of the head.
    pub reserved: [String; 2],
    /// What is to be carried out.
    pub table: Table,
}

/// What became of a file of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultFile {
    /// Every order has its result.
    Rows {
        /// The version of the layout.
        version: String,
        /// The results.
        table: Table,
    },
    /// The file was refused as a whole.
    Refused {
        /// `respCode`.
        code: String,
        /// `respMsg`.
        message: String,
    },
}

/// Reads a file of orders and checks its totals.
pub fn read_request(bytes: &[u8]) -> Result<RequestFile, BatchError> {
    let text = checked_text(bytes)?;
    let (head, body) = text.split_once('\n').ok_or(BatchError::Head)?;
    let [version, total, count, first, second] = cells(head)?;
    let table = read_table(body)?;
    check_totals(&table, total, count)?;
    let reserved = [first.to_owned(), second.to_owned()];
    Ok(RequestFile { version: version.to_owned(), reserved, table })
}

/// Writes a file of orders, its totals made from the rows.
pub fn write_request(file: &RequestFile) -> Result<Vec<u8>, BatchError> {
    let (total, count) = (total_fen(&file.table, |_| true)?.to_string(), file.table.rows.len().to_string());
    let [first, second] = &file.reserved;
    let mut out = String::new();
    push_line(&mut out, [file.version.as_str(), &total, &count, first, second].into_iter())?;
    push_table(&mut out, &file.table)?;
    Ok(out.into_bytes())
}

/// Reads a file of results and checks its totals.
pub fn read_result(bytes: &[u8]) -> Result<ResultFile, BatchError> {
    let text = checked_text(bytes)?;
    let (head, body) = text.split_once('\n').unwrap_or((text, ""));
    let parts: Vec<_> = head.trim_end_matches('\r').split('|').collect();
    if parts == REFUSED {
        let [code, message] = cells(body.lines().next().unwrap_or_default())?;
        return Ok(ResultFile::Refused { code: code.to_owned(), message: message.to_owned() });
    }
    if let [code, message] = parts.as_slice() {
        return Ok(ResultFile::Refused { code: (*code).to_owned(), message: (*message).to_owned() });
    }
    let [version, total, count, _, _, done_total, done_count, _, _] = cells(head)?;
    let table = read_table(body)?;
    check_totals(&table, total, count)?;
    let at = table.column(CODE).ok_or(BatchError::Titles)?;
    let done = |row: &[String]| row.get(at).is_some_and(|code| is_success(code));
    let done_rows = table.rows.iter().filter(|row| done(row)).count();
    if total_fen(&table, done)? != head_fen(done_total)? {
        return Err(BatchError::Total("successAmount"));
    }
    if done_rows.to_string() != done_count {
        return Err(BatchError::Total("successCount"));
    }
    Ok(ResultFile::Rows { version: version.to_owned(), table })
}

/// Writes a file of results, its totals made from the rows, for the simulator.
pub fn write_result(file: &ResultFile) -> Result<Vec<u8>, BatchError> {
    let mut out = String::new();
    match file {
        ResultFile::Refused { code, message } => {
            push_line(&mut out, REFUSED.into_iter())?;
            push_line(&mut out, [code.as_str(), message].into_iter())?;
        }
        ResultFile::Rows { version, table } => {
            let at = table.column(CODE).ok_or(BatchError::Titles)?;
            let done = |row: &[String]| row.get(at).is_some_and(|code| is_success(code));
            let (total, count) = (total_fen(table, |_| true)?, table.rows.len());
            let (done_total, done_count) =
                (total_fen(table, done)?, table.rows.iter().filter(|row| done(row)).count());
            let head = format!("{version}|{total}|{count}|||{done_total}|{done_count}||\n");
            out.push_str(&head);
            push_table(&mut out, table)?;
        }
    }
    Ok(out.into_bytes())
}

impl Table {
    /// The position of a title.
    pub fn column(&self, title: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == title)
    }

    /// A cell of a row by its title.
    pub fn cell<'a>(&self, row: &'a [String], title: &str) -> Option<&'a str> {
        row.get(self.column(title)?).map(String::as_str)
    }
}

/// `00` and `A6` are successes (unionpay.md §6).
fn is_success(code: &str) -> bool {
    matches!(code, "00" | "A6")
}

fn checked_text(bytes: &[u8]) -> Result<&str, BatchError> {
    if bytes.len() > FILE_MAX_BYTES {
        return Err(BatchError::Limit("size"));
    }
    std::str::from_utf8(bytes).map_err(|_| BatchError::NotUtf8)
}

fn cells<const N: usize>(line: &str) -> Result<[&str; N], BatchError> {
    let parts: Vec<_> = line.trim_end_matches('\r').split('|').collect();
    parts.try_into().map_err(|_| BatchError::Head)
}

fn read_table(body: &str) -> Result<Table, BatchError> {
    let mut lines = body.lines();
    let titles = lines.next().ok_or(BatchError::Titles)?;
    let columns: Vec<String> = titles.split('|').map(str::to_owned).collect();
    if columns.len() > COLUMNS_MAX {
        return Err(BatchError::Limit("columns"));
    }
    let repeated =
        (1..).zip(&columns).any(|(next, title)| columns.iter().skip(next).any(|other| other == title));
    if repeated || columns.iter().any(String::is_empty) {
        return Err(BatchError::Titles);
    }
    let mut rows = Vec::new();
    for (line, text) in (3..).zip(lines) {
        if rows.len() >= ROWS_MAX {
            return Err(BatchError::Limit("rows"));
        }
        let row: Vec<String> = text.split('|').map(str::to_owned).collect();
        if row.len() != columns.len() {
            return Err(BatchError::CellCount { line });
        }
        rows.push(row);
    }
    Ok(Table { columns, rows })
}

fn check_totals(table: &Table, total: &str, count: &str) -> Result<(), BatchError> {
    if count != table.rows.len().to_string() {
        return Err(BatchError::Total("totalNumber"));
    }
    if total_fen(table, |_| true)? != head_fen(total)? {
        return Err(BatchError::Total("totalAmount"));
    }
    Ok(())
}

fn head_fen(text: &str) -> Result<i64, BatchError> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().map_err(|_| BatchError::Head) } else { Err(BatchError::Head) }
}

fn total_fen(table: &Table, counts: impl Fn(&[String]) -> bool) -> Result<i64, BatchError> {
    let at = table.column(AMOUNT).ok_or(BatchError::Titles)?;
    let mut total = 0_i64;
    for (line, row) in (3..).zip(&table.rows).filter(|(_, row)| counts(row)) {
        let fen = row.get(at).and_then(|cell| amount::parse_fen(cell).ok());
        total = fen.and_then(|fen| total.checked_add(fen)).ok_or(BatchError::Amount { line })?;
    }
    Ok(total)
}

fn push_table(out: &mut String, table: &Table) -> Result<(), BatchError> {
    push_line(out, table.columns.iter().map(String::as_str))?;
    for (line, row) in (3..).zip(&table.rows) {
        if row.len() != table.columns.len() {
            return Err(BatchError::CellCount { line });
        }
        push_line(out, row.iter().map(String::as_str))?;
    }
    Ok(())
}

fn push_line<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) -> Result<(), BatchError> {
    for (at, cell) in cells.enumerate() {
        if cell.contains(['|', '\r', '\n']) {
            return Err(BatchError::Unwritable);
        }
        if at > 0 {
            out.push('|');
        }
        out.push_str(cell);
    }
    out.push('\n');
    Ok(())
}

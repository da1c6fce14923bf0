//! The text layout both bills share: `#` comment lines, one header line, rows, closing `#` lines.

use std::borrow::Cow;

use super::{BillError, COLUMNS_MAX, LINE_MAX_BYTES, ROWS_MAX};
use crate::alipay::{amount, time};
use crate::archive::Entry;
use crate::charset::Charset;

const END_MARK: &str = "列表结束";

/// What the lines around the list of a bill say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillHead {
    /// The 20-digit account, usually the merchant number followed by `0156`.
    pub account: String,
    /// The first moment billed, UTC microseconds.
    pub from_us: i64,
    /// The moment after the last one billed, UTC microseconds.
    pub to_us: i64,
    /// When the platform wrote the file, UTC microseconds.
    pub exported_at_us: i64,
}

impl BillHead {
    /// Checks that another file of the archive is about the same account and period.
    pub(super) fn check_same_bill(&self, other: &Self) -> Result<(), BillError> {
        agree(&other.account, &self.account, BillError::SummaryMismatch("账号"))?;
        agree(
            &(other.from_us, other.to_us),
            &(self.from_us, self.to_us),
            BillError::SummaryMismatch("起始日期"),
        )
    }
}

/// A column and whether a bill can be read without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub name: &'static str,
    pub need: Need,
    pub tab: Tab,
}

/// Whether a column must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

/// When the platform ends a cell of the column with a TAB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Always,
    WhenEmpty,
    Never,
}

/// A bill file being read: positioned on the rows once opened.
pub(super) struct Sheet<'a> {
    lines: Lines<'a>,
    comments: Vec<String>,
    header: Vec<String>,
    places: Vec<Option<usize>>,
    columns: &'static [Column],
    rows: usize,
}

impl<'a> Sheet<'a> {
    /// Reads up to and including the header; the first line must be `title`.
    pub fn open(bytes: &'a [u8], title: &'static str, columns: &'static [Column]) -> Result<Self, BillError> {
        let mut lines = Lines { rest: bytes, line: 0 };
        let mut comments = Vec::new();
        let header = loop {
            let (line, text) = lines.next_line()?.ok_or(BillError::Truncated("header"))?;
            if comments.is_empty() && text.trim_end() != title {
                return Err(BillError::WrongKind(title));
            }
            if comments.len() >= COLUMNS_MAX {
                return Err(BillError::Limit { line, what: "comment lines" });
            }
            match text.strip_prefix('#') {
                Some(comment) => comments.push(comment.to_owned()),
                None => break split_header(line, &text)?,
            }
        };
        let places = columns.iter().map(|column| place_of(&header, column)).collect::<Result<_, _>>()?;
        Ok(Self { lines, comments, header, places, columns, rows: 0 })
    }

    /// Hands every row to `take` and returns what surrounds the list.
    pub(super) fn read_rows(
        mut self,
        mut take: impl FnMut(Row<'_>) -> Result<(), BillError>,
    ) -> Result<Footers, BillError> {
        let mut footers = Vec::new();
        while let Some((line, text)) = self.lines.next_line()? {
            match text.strip_prefix('#') {
                Some(footer) if footers.len() < COLUMNS_MAX => footers.push(footer.to_owned()),
                Some(_) => return Err(BillError::Limit { line, what: "comment lines" }),
                None if !footers.is_empty() => return Err(BillError::AfterEnd { line }),
                None => {
                    self.rows += 1;
                    if self.rows > ROWS_MAX {
                        return Err(BillError::Limit { line, what: "rows" });
                    }
                    take(self.row(line, &text)?)?;
                }
            }
        }
        if !footers.first().is_some_and(|first| first.contains(END_MARK)) {
            return Err(BillError::Truncated("end of list"));
        }
        Ok(Footers { head: read_head(&self.comments, &footers)?, lines: footers })
    }

    fn row<'r>(&'r self, line: usize, text: &'r str) -> Result<Row<'r>, BillError> {
        let cells: Vec<&str> = text.split(',').take(COLUMNS_MAX + 1).map(trim).collect();
        if cells.len() != self.header.len() {
            return Err(BillError::CellCount { line });
        }
        Ok(Row { line, cells, sheet: (&self.header, &self.places, self.columns), next: 0 })
    }
}

/// One row, read column by column in the order of the column list.
pub(super) struct Row<'r> {
    line: usize,
    cells: Vec<&'r str>,
    sheet: (&'r [String], &'r [Option<usize>], &'static [Column]),
    next: usize,
}

impl<'r> Row<'r> {
    fn advance(&mut self) -> (&'r str, Column) {
        let column = self.sheet.2.get(self.next).copied();
        let place = self.sheet.1.get(self.next).copied().flatten();
        self.next += 1;
        let cell = place.and_then(|at| self.cells.get(at).copied()).unwrap_or_default();
        (cell, column.unwrap_or(Column { name: "", need: Need::Required, tab: Tab::Never }))
    }

    /// The line number, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The next column as text.
    pub fn text(&mut self) -> String {
        self.advance().0.to_owned()
    }

    /// The next column as signed fen; an empty optional cell is zero.
    pub fn fen(&mut self) -> Result<i64, BillError> {
        match self.advance() {
            ("", Column { need: Need::Optional, .. }) => Ok(0),
            (cell, column) => amount::parse_signed_fen(cell).map_err(|_| self.wrong(column)),
        }
    }

    /// The next column as a time in UTC microseconds.
    pub fn time(&mut self) -> Result<i64, BillError> {
        let (cell, column) = self.advance();
        time::parse_us(cell).map_err(|_| self.wrong(column))
    }

    /// The next column as a count.
    pub fn count(&mut self) -> Result<u64, BillError> {
        let (cell, column) = self.advance();
        parse_count(cell).ok_or_else(|| self.wrong(column))
    }

    /// The next column read by `read`.
    pub fn parsed<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, BillError> {
        let (cell, column) = self.advance();
        read(cell).ok_or_else(|| self.wrong(column))
    }

    /// Filled cells of columns the list does not know, by header name.
    pub fn extras(&self) -> Vec<(String, String)> {
        let (header, places, _) = self.sheet;
        header
            .iter()
            .zip(&self.cells)
            .enumerate()
            .filter(|(at, (_, cell))| !cell.is_empty() && !places.contains(&Some(*at)))
            .map(|(_, (name, cell))| (name.clone(), (*cell).to_owned()))
            .collect()
    }

    fn wrong(&self, column: Column) -> BillError {
        BillError::Cell { line: self.line, column: column.name }
    }
}

/// The head of a bill and its closing lines.
pub(super) struct Footers {
    pub head: BillHead,
    lines: Vec<String>,
}

impl Footers {
    /// The count and the labelled amounts of a footer such as `交易合计：2笔，商家实收共97.88元`.
    pub fn totals<const N: usize>(
        &self,
        name: &'static str,
        labels: [&str; N],
    ) -> Result<(u64, [i64; N]), BillError> {
        let rest = self
            .lines
            .iter()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('：'))
            .ok_or(BillError::Truncated(name))?;
        read_totals(rest, labels).ok_or(BillError::FooterMismatch(name))
    }
}

struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Lines<'a> {
    /// The next line that is not blank, with its number; `\n` and `,` are never part of a GBK character.
    fn next_line(&mut self) -> Result<Option<(usize, Cow<'a, str>)>, BillError> {
        while !self.rest.is_empty() {
            self.line += 1;
            let at = self.rest.iter().position(|&byte| byte == b'\n').unwrap_or(self.rest.len());
            let (raw, tail) = self.rest.split_at(at);
            self.rest = tail.strip_prefix(b"\n").unwrap_or(tail);
            let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
            if raw.len() > LINE_MAX_BYTES {
                return Err(BillError::Limit { line: self.line, what: "line length" });
            }
            let text = Charset::Gbk.decode(raw).map_err(|_| BillError::Malformed { line: self.line })?;
            if !text.trim().is_empty() {
                return Ok(Some((self.line, text)));
            }
        }
        Ok(None)
    }
}

/// Finds the one detail file and the one summary file of an archive.
pub(super) fn pick_files<'e>(
    entries: &'e [Entry],
    kind: &'static str,
) -> Result<(&'e Entry, &'e Entry), BillError> {
    let one = |endings: &[&str]| {
        let mut found = entries
            .iter()
            .filter(|entry| endings.iter().any(|ending| entry.name.ends_with(&format!("{kind}{ending}"))));
        match (found.next(), found.next()) {
            (Some(entry), None) => Ok(entry),
            (None | Some(_), _) => Err(BillError::EntryMissing(kind)),
        }
    };
    Ok((one(&[".csv"])?, one(&["(汇总).csv", "（汇总）.csv"])?))
}

/// A column of a list.
pub(super) const fn column(name: &'static str, need: Need, tab: Tab) -> Column {
    Column { name, need, tab }
}

/// Takes a cell that must not be empty.
pub(super) fn filled(cell: &str) -> Option<String> {
    (!cell.is_empty()).then(|| cell.to_owned())
}

/// Compares a footer or summary figure with the rows.
pub(super) fn agree<T: PartialEq>(found: &T, expected: &T, error: BillError) -> Result<(), BillError> {
    if found == expected { Ok(()) } else { Err(error) }
}

fn trim(cell: &str) -> &str {
    cell.trim_matches(['\t', ' '])
}

fn split_header(line: usize, text: &str) -> Result<Vec<String>, BillError> {
    let names: Vec<_> = text.split(',').take(COLUMNS_MAX + 1).map(|name| normal_name(trim(name))).collect();
    if names.len() > COLUMNS_MAX {
        return Err(BillError::Limit { line, what: "columns" });
    }
    Ok(names)
}

/// Header names occur with full-width and with ASCII parentheses.
fn normal_name(name: &str) -> String {
    name.replace('(', "（").replace(')', "）")
}

fn place_of(header: &[String], column: &Column) -> Result<Option<usize>, BillError> {
    let mut found = header.iter().enumerate().filter(|(_, name)| *name == column.name);
    match (found.next(), found.next(), column.need) {
        (Some((at, _)), None, _) => Ok(Some(at)),
        (None, _, Need::Optional) => Ok(None),
        (Some(_), Some(_), _) | (None, _, Need::Required) => Err(BillError::Column(column.name)),
    }
}

fn read_head(comments: &[String], footers: &[String]) -> Result<BillHead, BillError> {
    let bracketed = |lines: &[String], label: &str| {
        lines.iter().find_map(|line| {
            let (_, rest) = line.split_once(label)?;
            let (inner, _) = rest.strip_prefix("：[")?.split_once(']')?;
            Some(inner.to_owned())
        })
    };
    let moment = |lines: &[String], label: &'static str| {
        bracketed(lines, label).and_then(|text| read_chinese_time(&text)).ok_or(BillError::Truncated(label))
    };
    Ok(BillHead {
        account: bracketed(comments, "账号").ok_or(BillError::Truncated("账号"))?,
        from_us: moment(comments, "起始日期")?,
        to_us: moment(comments, "终止日期")?,
        exported_at_us: moment(footers, "导出时间")?,
    })
}

fn read_chinese_time(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once("日 ")?;
    let plain = date.replace(['年', '月'], "-");
    time::parse_us(&format!("{plain} {clock}")).ok()
}

fn read_totals<const N: usize>(text: &str, labels: [&str; N]) -> Option<(u64, [i64; N])> {
    let mut parts = text.trim_end().split('，');
    let count = parse_count(parts.next()?.strip_suffix('笔')?)?;
    let mut sums = [0; N];
    for (sum, label) in sums.iter_mut().zip(labels) {
        let yuan = parts.next()?.strip_prefix(label)?.strip_suffix('元')?;
        *sum = amount::parse_signed_fen(yuan).ok()?;
    }
    parts.next().is_none().then_some((count, sums))
}

fn parse_count(text: &str) -> Option<u64> {
    let plain = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

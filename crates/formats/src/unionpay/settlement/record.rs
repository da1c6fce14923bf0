//! Records of fixed columns: read by position, written padded.

use super::columns::{Column, Side};
use super::{ROWS_MAX, SettlementError};
use crate::charset::Charset;

/// The cells of one record, in the order of its columns, without the blanks that fill them up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cells(Vec<String>);

/// An amount with its side, from the merchant's point of view, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signed {
    /// `C`: to the merchant.
    Credit(i64),
    /// `D`: from the merchant.
    Debit(i64),
    /// Zero without a side.
    #[default]
    Nothing,
}

impl Signed {
    /// What the merchant gains, negative where it loses.
    pub const fn gain_fen(self) -> i64 {
        match self {
            Self::Credit(fen) => fen,
            Self::Debit(fen) => -fen,
            Self::Nothing => 0,
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (side, digits) = match text.split_at_checked(1)? {
            (side @ ("C" | "D"), digits) => (side, digits),
            (_, _) => ("", text),
        };
        let fen = parse_digits(digits)?;
        match (side, fen) {
            ("C", fen) => Some(Self::Credit(fen)),
            ("D", fen) => Some(Self::Debit(fen)),
            (_, 0) => Some(Self::Nothing),
            (_, _) => None,
        }
    }

    pub(super) fn text(self) -> String {
        match self {
            Self::Credit(fen) => format!("C{fen:012}"),
            Self::Debit(fen) => format!("D{fen:012}"),
            Self::Nothing => "000000000000".to_owned(),
        }
    }
}

/// Twelve digits of fen, zero-padded.
pub(super) fn parse_digits(text: &str) -> Option<i64> {
    let plain = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

impl Cells {
    pub(super) fn blank(columns: &[Column]) -> Self {
        Self(columns.iter().map(|_| String::new()).collect())
    }

    pub(super) fn get(&self, columns: &[Column], name: &str) -> Option<&str> {
        let at = columns.iter().position(|column| column.name == name)?;
        self.0.get(at).map(String::as_str)
    }

    pub(super) fn set(&mut self, columns: &[Column], name: &str, value: &str) -> bool {
        let at = columns.iter().position(|column| column.name == name);
        let slot = at.and_then(|at| self.0.get_mut(at));
        slot.map(|slot| value.clone_into(slot)).is_some()
    }

    /// Reads one record; the columns from `free_from` on are one text that may hold anything.
    pub(super) fn read(
        record: &[u8],
        columns: &[Column],
        free_from: usize,
        line: usize,
    ) -> Result<Self, SettlementError> {
        if record.len() != record_bytes(columns) {
            return Err(SettlementError::Length { line });
        }
        let mut cells = Vec::with_capacity(columns.len());
        let mut from = 0;
        for (at, column) in columns.iter().enumerate() {
            let name = column.name;
            let raw = record.get(from..from + column.bytes).ok_or(SettlementError::Length { line })?;
            let separator = from.checked_sub(1).and_then(|before| record.get(before));
            if at <= free_from && separator.is_some_and(|&byte| byte != b' ') {
                return Err(SettlementError::Separator { line, column: name });
            }
            let text = match Charset::Gbk.decode(raw) {
                Ok(text) => text.trim_matches(' ').to_owned(),
                // An edition with other columns may cut a character in two here.
                Err(_) if at >= free_from => String::new(),
                Err(_) => return Err(SettlementError::Cell { line, column: name }),
            };
            cells.push(text);
            from += column.bytes + 1;
        }
        Ok(Self(cells))
    }

    pub(super) fn write(&self, columns: &[Column], out: &mut Vec<u8>) -> Result<(), SettlementError> {
        for (at, column) in columns.iter().enumerate() {
            let text = self.0.get(at).map_or("", String::as_str);
            let raw = Charset::Gbk.encode(text).map_err(|_| SettlementError::Unwritable(column.name))?;
            let broken = raw.len() > column.bytes || text.contains(['\r', '\n']);
            if broken || text.trim_matches(' ') != text {
                return Err(SettlementError::Unwritable(column.name));
            }
            if at > 0 {
                out.push(b' ');
            }
            let blanks = vec![b' '; column.bytes - raw.len()];
            match column.side {
                Side::Left => out.extend([raw.as_ref(), &blanks].concat()),
                Side::Right => out.extend([blanks.as_slice(), &raw].concat()),
            }
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// The bytes of one record without its line end.
pub(super) fn record_bytes(columns: &[Column]) -> usize {
    columns.iter().map(|column| column.bytes + 1).sum::<usize>().saturating_sub(1)
}

/// The records of a file, each ended by CRLF or LF; the last one too.
pub(super) fn records(bytes: &[u8]) -> Result<Vec<&[u8]>, SettlementError> {
    let Some(whole) = bytes.strip_suffix(b"\n") else {
        return if bytes.is_empty() { Ok(Vec::new()) } else { Err(SettlementError::Truncated) };
    };
    let mut records = Vec::new();
    for record in whole.split(|&byte| byte == b'\n') {
        if records.len() >= ROWS_MAX {
            return Err(SettlementError::TooMany);
        }
        records.push(record.strip_suffix(b"\r").unwrap_or(record));
    }
    Ok(records)
}

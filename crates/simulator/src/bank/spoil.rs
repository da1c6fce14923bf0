//! Files as they come from a bank that has a bad day: cut off, doubled, with sums that do not agree.

use super::FileFormat;
use serde::{Deserialize, Serialize};
use tk_formats::charset::Charset;

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spoiled {
    /// It ends in its middle.
    Truncated,
    /// It is no statement at all.
    Garbage,
    /// Every row is there twice, and the sums are those of single rows.
    DoubledRows,
    /// The last balance is not what the rows give.
    WrongTotal,
    /// It is about an account of somebody else.
    OtherAccount,
    /// It is in another currency; this bank's CSV names none.
    OtherCurrency,
    /// The last row is missing; where only rows have balances, nothing in the file shows it.
    LostRow,
}

impl Spoiled {
    /// Every way, in order of declaration.
    pub const ALL: [Self; 7] = [
        Self::Truncated,
        Self::Garbage,
        Self::DoubledRows,
        Self::WrongTotal,
        Self::OtherAccount,
        Self::OtherCurrency,
        Self::LostRow,
    ];
}

/// The file with this wrong done to it; `account` is the number that it names.
#[must_use]
pub fn spoil(bytes: &[u8], (format, account): (FileFormat, &str), spoiled: Spoiled) -> Vec<u8> {
    match spoiled {
        Spoiled::Truncated => truncated(bytes),
        Spoiled::Garbage => b"<html><body>502 Bad Gateway</body></html>".to_vec(),
        Spoiled::DoubledRows => as_text(bytes, |text| doubled(text, format)),
        Spoiled::WrongTotal => as_text(bytes, |text| wrong_total(text, format)),
        Spoiled::LostRow => as_text(bytes, |text| without_last(text, format)),
        Spoiled::OtherCurrency => as_text(bytes, |text| text.replace("CNY", "USD")),
        Spoiled::OtherAccount => {
            let other: String = account.chars().rev().collect();
            as_text(bytes, |text| text.replace(account, &other))
        }
    }
}

/// The first half, ending within a row.
fn truncated(bytes: &[u8]) -> Vec<u8> {
    let half = bytes.get(..bytes.len() / 2).unwrap_or_default().trim_ascii_end();
    half.get(..half.len().saturating_sub(3)).unwrap_or_default().to_vec()
}

/// Works on the text of a file, whichever of its two encodings it has.
fn as_text(bytes: &[u8], work: impl Fn(&str) -> String) -> Vec<u8> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return work(text).into_bytes();
    }
    let Ok(text) = Charset::Gbk.decode(bytes) else { return bytes.to_vec() };
    let worked = work(&text);
    Charset::Gbk.encode(&worked).map_or_else(|_| worked.clone().into_bytes(), std::borrow::Cow::into_owned)
}

fn doubled(text: &str, format: FileFormat) -> String {
    match format {
        FileFormat::Camt053 => {
            let mut parts = text.split_inclusive("</Ntry>");
            let mut out = String::with_capacity(text.len() * 2);
            for part in parts.by_ref() {
                out.push_str(part);
                if let Some((_, entry)) = part.split_once("<Ntry>").filter(|_| part.ends_with("</Ntry>")) {
                    out.push_str("<Ntry>");
                    out.push_str(entry);
                }
            }
            out
        }
        FileFormat::Csv => twice(text, |number, _| number > 0),
        FileFormat::Mt940 => doubled_mt940(text),
    }
}

/// Each row with the details that belong to it.
fn doubled_mt940(text: &str) -> String {
    let (rows, end) = text.split_at(text.find(":62F:").unwrap_or(text.len()));
    let mut parts = rows.split(":61:");
    let head = parts.next().unwrap_or_default();
    let doubled: String = parts.map(|row| format!(":61:{row}").repeat(2)).collect();
    format!("{head}{doubled}{end}")
}

fn without_last(text: &str, format: FileFormat) -> String {
    let (from, end) = match format {
        FileFormat::Camt053 => ("<Ntry>", "</Ntry>"),
        FileFormat::Mt940 => (":61:", ":62F:"),
        FileFormat::Csv => {
            let kept = text.trim_end().rfind("\r\n").map_or(text.len(), |at| at + 2);
            return text.get(..kept).unwrap_or(text).to_owned();
        }
    };
    let Some(start) = text.rfind(from) else { return text.to_owned() };
    let (before, row) = text.split_at(start);
    let after = row
        .find(end)
        .and_then(|at| row.get(if format == FileFormat::Camt053 { at + end.len() } else { at }..));
    format!("{before}{}", after.unwrap_or_default())
}

/// Each line of which this is true is there twice.
fn twice(text: &str, row: impl Fn(usize, &str) -> bool) -> String {
    let lines = text.split_inclusive('\n').enumerate();
    lines.map(|(number, line)| if row(number, line) { line.repeat(2) } else { line.to_owned() }).collect()
}

/// The last amount of the file, one fen more or less.
fn wrong_total(text: &str, format: FileFormat) -> String {
    let at = match format {
        FileFormat::Camt053 => text.find("<Cd>CLBD</Cd>").and_then(|from| {
            let rest = text.get(from..)?;
            Some(from + rest.find("</Amt>")?)
        }),
        FileFormat::Mt940 => text.find(":62F:").and_then(|from| {
            let rest = text.get(from..)?;
            Some(from + rest.find("\r\n")?)
        }),
        // The balance is the fourth cell of the last row.
        FileFormat::Csv => text.trim_end().rfind("\r\n").and_then(|from| {
            let row = text.get(from..)?;
            let end = row.match_indices("\",\"").nth(3)?.0;
            Some(from + end)
        }),
    };
    let Some(end) = at.filter(|end| *end > 0) else { return text.to_owned() };
    let (before, after) = text.split_at(end);
    let mut digits: Vec<char> = before.chars().collect();
    if let Some(last) = digits.last_mut() {
        *last = if *last == '0' { '1' } else { '0' };
    }
    digits.into_iter().chain(after.chars()).collect()
}

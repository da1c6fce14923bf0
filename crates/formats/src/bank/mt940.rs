//! MT940 statements, with or without SWIFT blocks (bankfiles.md §4).

mod remark;
mod tags;

use tk_money::Currency;

use self::remark::Remark;
use self::tags::{Field, fields_of};
use super::amount::{AmountError, parse_comma};
use super::date::day_of;
use super::statement::{currency_of, kept};
use super::{BankError, Direction, Encoding, Line, LineKind, Statement, decode_text};

/// The most pages of statements in one file.
const PAGES_MAX: usize = 10_000;
/// The reference that stands for none.
const NO_REFERENCE: &str = "NONREF";

/// Reads all statements of a file, pages joined; each must balance.
pub fn read_statements(bytes: &[u8], encoding: Encoding) -> Result<Vec<Statement>, BankError> {
    let text = decode_text(bytes, encoding)?;
    let fields = fields_of(&text)?;
    let mut statements: Vec<Statement> = Vec::new();
    let mut unfinished: Option<Statement> = None;
    let mut rest = fields.as_slice();
    let mut pages = 0;
    while !rest.is_empty() {
        let next = rest.iter().skip(1).position(|field| field.tag == "20").map_or(rest.len(), |at| at + 1);
        let (page, after) = rest.split_at(next);
        rest = after;
        pages += 1;
        if pages > PAGES_MAX {
            return Err(BankError::Limit { line: page.first().map_or(1, |field| field.line), what: "pages" });
        }
        let page = Page::read(page)?;
        let is_last = page.is_last;
        let joined = page.join(unfinished.take())?;
        if is_last {
            statements.push(joined);
        } else {
            unfinished = Some(joined);
        }
    }
    if unfinished.is_some() || statements.is_empty() {
        return Err(BankError::Truncated(":62F:"));
    }
    Ok(statements)
}

/// One message: a whole statement, or one page of it.
struct Page {
    statement: Statement,
    is_first: bool,
    is_last: bool,
    line: usize,
}

impl Page {
    fn read(fields: &[Field<'_>]) -> Result<Self, BankError> {
        let first = fields.first().ok_or(BankError::Truncated(":20:"))?;
        let mut page = PageFields::default();
        for field in fields {
            page.take(field)?;
        }
        let account = page.account.ok_or(BankError::Missing { line: first.line, what: ":25:" })?;
        let opening = page.opening.ok_or(BankError::Missing { line: first.line, what: ":60F:" })?;
        let closing = page.closing.ok_or(BankError::Truncated(":62F:"))?;
        if opening.currency != closing.currency {
            return Err(BankError::Currency { line: closing.line });
        }
        let statement = Statement {
            account,
            id: kept(first.text, first.line, ":20:")?,
            sequence: page.number,
            currency: opening.currency,
            opening_minor: Some(opening.minor),
            closing_minor: Some(closing.minor),
            pending_count: 0,
            lines: page.lines,
        };
        statement.check_balance(first.line)?;
        Ok(Self { statement, is_first: opening.is_outer, is_last: closing.is_outer, line: first.line })
    }

    /// The pages so far and this one; a page must go on where the one before it ended.
    fn join(self, before: Option<Statement>) -> Result<Statement, BankError> {
        let Some(before) = before else {
            return if self.is_first { Ok(self.statement) } else { Err(BankError::Truncated(":60F:")) };
        };
        let page = self.statement;
        let fits = !self.is_first
            && page.account == before.account
            && page.currency == before.currency
            && page.sequence == before.sequence;
        if !fits {
            return Err(BankError::Truncated(":62F:"));
        }
        if page.opening_minor != before.closing_minor {
            return Err(BankError::BalanceMismatch {
                line: self.line,
                expected_minor: before.closing_minor.unwrap_or_default(),
                found_minor: page.opening_minor.unwrap_or_default(),
            });
        }
        let mut joined = before;
        joined.closing_minor = page.closing_minor;
        for line in page.lines {
            joined.push(line)?;
        }
        Ok(joined)
    }
}

#[derive(Default)]
struct PageFields {
    account: Option<String>,
    number: Option<u32>,
    opening: Option<Balance>,
    closing: Option<Balance>,
    lines: Vec<Line>,
    /// Whether the last field was a line, so that `:86:` explains it.
    after_line: bool,
    seen_reference: bool,
}

impl PageFields {
    fn take(&mut self, field: &Field<'_>) -> Result<(), BankError> {
        let repeated = |what| Err(BankError::Repeated { line: field.line, what });
        let explains = std::mem::take(&mut self.after_line);
        match field.tag {
            "20" if std::mem::replace(&mut self.seen_reference, true) => return repeated(":20:"),
            "25" if self.account.is_some() => return repeated(":25:"),
            "28C" | "28" if self.number.is_some() => return repeated(":28C:"),
            "60F" | "60M" if self.opening.is_some() => return repeated(":60F:"),
            "62F" | "62M" if self.closing.is_some() => return repeated(":62F:"),
            "25" => self.account = Some(account_of(field)?),
            "28C" | "28" => self.number = Some(number_of(field)?),
            "60F" | "60M" => self.opening = Some(Balance::read(field)?),
            "61" => self.take_line(field)?,
            "62F" | "62M" => self.closing = Some(Balance::read(field)?),
            "86" if explains => self.explain(field)?,
            "20" | "21" | "64" | "65" | "86" | "25P" | "13D" | "34F" | "90D" | "90C" => {}
            _ => return Err(BankError::Field { line: field.line, what: "tag" }),
        }
        Ok(())
    }

    fn take_line(&mut self, field: &Field<'_>) -> Result<(), BankError> {
        if self.opening.is_none() || self.closing.is_some() {
            return Err(BankError::Malformed { line: field.line });
        }
        if self.lines.len() >= super::LINES_MAX {
            return Err(BankError::Limit { line: field.line, what: "lines" });
        }
        self.lines.push(read_line(field)?);
        self.after_line = true;
        Ok(())
    }

    fn explain(&mut self, field: &Field<'_>) -> Result<(), BankError> {
        let remark = Remark::of(field.text);
        let Some(line) = self.lines.last_mut() else { return Ok(()) };
        line.party_name = kept(&remark.name, field.line, ":86:")?;
        line.party_account = kept(&remark.account, field.line, ":86:")?;
        let texts = [remark.text.trim(), line.remark.trim()];
        let joined = texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        line.remark = kept(&joined, field.line, ":86:")?;
        if !remark.end_to_end_id.is_empty() {
            line.end_to_end_id = kept(&remark.end_to_end_id, field.line, ":86:")?;
        }
        if remark.returned && line.kind == LineKind::Plain {
            line.kind = LineKind::Returned;
        }
        Ok(())
    }
}

/// An opening or closing balance; `F` begins or ends the whole statement, `M` only a page.
struct Balance {
    minor: i64,
    currency: Currency,
    is_outer: bool,
    line: usize,
}

impl Balance {
    fn read(field: &Field<'_>) -> Result<Self, BankError> {
        let line = field.line;
        let wrong = BankError::Field { line, what: "balance" };
        let (mark, rest) = split(field.text, 1).ok_or_else(|| wrong.clone())?;
        let (date, rest) = split(rest, 6).ok_or_else(|| wrong.clone())?;
        let (currency, amount) = split(rest, 3).ok_or_else(|| wrong.clone())?;
        short_day(date).ok_or_else(|| wrong.clone())?;
        let minor = comma(amount.trim_end(), line)?;
        let minor = match mark {
            "C" => minor,
            "D" => -minor,
            _ => return Err(wrong),
        };
        let currency = currency_of(currency).ok_or(BankError::Currency { line })?;
        Ok(Self { minor, currency, is_outer: field.tag.ends_with('F'), line })
    }
}

fn account_of(field: &Field<'_>) -> Result<String, BankError> {
    // The bank's own code may stand before the number.
    let number = field.text.trim().rsplit('/').next().unwrap_or_default();
    if number.is_empty() {
        return Err(BankError::Missing { line: field.line, what: ":25:" });
    }
    kept(number, field.line, ":25:")
}

fn number_of(field: &Field<'_>) -> Result<u32, BankError> {
    let number = field.text.trim().split('/').next().unwrap_or_default();
    let digits = number.len() <= 5 && number.bytes().all(|byte| byte.is_ascii_digit());
    let read = if digits { number.parse().ok() } else { None };
    read.ok_or(BankError::Field { line: field.line, what: ":28C:" })
}

/// `:61:` value date, entry date, mark, currency letter, amount, type, references and a second line.
fn read_line(field: &Field<'_>) -> Result<Line, BankError> {
    let line = field.line;
    let wrong = |what| BankError::Field { line, what };
    let (first, supplement) = field.text.split_once('\n').unwrap_or((field.text, ""));
    let (date, rest) = split(first, 6).ok_or_else(|| wrong(":61: date"))?;
    let value_day = short_day(date).ok_or_else(|| wrong(":61: date"))?;
    let (booked_day, rest) = match split(rest, 4) {
        Some((entry, rest)) if entry.bytes().all(|byte| byte.is_ascii_digit()) => {
            (entry_day(date, entry, value_day).ok_or_else(|| wrong(":61: entry date"))?, rest)
        }
        Some(_) | None => (value_day, rest),
    };
    let (direction, kind, rest) = mark_of(rest).ok_or_else(|| wrong(":61: mark"))?;
    let rest = rest.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(rest);
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != ',').unwrap_or(rest.len());
    let (amount, rest) = split(rest, end).ok_or_else(|| wrong(":61: amount"))?;
    let amount_minor = comma(amount, line)?;
    if amount_minor == 0 {
        return Err(wrong(":61: amount"));
    }
    let (code, references) = split(rest, 4).ok_or_else(|| wrong(":61: type"))?;
    if !code.starts_with(['N', 'F', 'S']) {
        return Err(wrong(":61: type"));
    }
    let (own, bank_ref) = references.split_once("//").unwrap_or((references, ""));
    let own = own.trim();
    let own = if own == NO_REFERENCE { "" } else { own };
    Ok(Line {
        line,
        bank_ref: kept(bank_ref, line, ":61:")?,
        booked_day,
        booked_at_us: None,
        value_day: Some(value_day),
        direction,
        kind: if code == "NRTI" && kind == LineKind::Plain { LineKind::Returned } else { kind },
        amount_minor,
        balance_minor: None,
        party_name: String::new(),
        party_account: String::new(),
        party_bank: String::new(),
        remark: kept(supplement, line, ":61:")?,
        end_to_end_id: kept(own, line, ":61:")?,
    })
}

/// `C`, `D`, and reversals: a reversed credit is a debit and the other way round.
fn mark_of(text: &str) -> Option<(Direction, LineKind, &str)> {
    const MARKS: [(&str, Direction, LineKind); 4] = [
        ("RC", Direction::Debit, LineKind::Reversal),
        ("RD", Direction::Credit, LineKind::Reversal),
        ("C", Direction::Credit, LineKind::Plain),
        ("D", Direction::Debit, LineKind::Plain),
    ];
    MARKS
        .iter()
        .find_map(|&(mark, direction, kind)| text.strip_prefix(mark).map(|rest| (direction, kind, rest)))
}

fn comma(text: &str, line: usize) -> Result<i64, BankError> {
    parse_comma(text).map_err(|error| match error {
        AmountError::Malformed | AmountError::TooLarge => BankError::Field { line, what: "amount" },
        AmountError::Fraction => BankError::Fraction { line, what: "amount" },
    })
}

/// `YYMMDD`; years up to 79 are those of this century.
fn short_day(text: &str) -> Option<i64> {
    let (year, month, day) = parts(text)?;
    day_of(if year < 80 { 2000 + year } else { 1900 + year }, month, day)
}

fn parts(text: &str) -> Option<(i16, i8, i8)> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((text.get(..2)?.parse().ok()?, text.get(2..4)?.parse().ok()?, text.get(4..)?.parse().ok()?))
}

/// The `MMDD` nearest to the value date, as an entry may be booked on the other side of the new year.
fn entry_day(value: &str, entry: &str, value_day: i64) -> Option<i64> {
    let (year, ..) = parts(value)?;
    let year = if year < 80 { 2000 + year } else { 1900 + year };
    let (month, day) = (entry.get(..2)?.parse().ok()?, entry.get(2..)?.parse().ok()?);
    let nearby = [year - 1, year, year + 1].into_iter().filter_map(|year| day_of(year, month, day));
    nearby.min_by_key(|day| (day - value_day).abs())
}

/// The first `len` bytes and the rest, if the text is that long and splits there.
fn split(text: &str, len: usize) -> Option<(&str, &str)> {
    text.split_at_checked(len)
}

//! camt.053 statements, versions 02 to 13 (bankfiles.md §3).

use super::amount::{AmountError, NumberStyle, parse_unsigned};
use super::date::{day_of, moment_us};
use super::statement::{currency_of, kept};
use super::xml::{Element, Message, text_of};
use super::{BankError, Direction, Line, LineKind, Statement};

const KIND: &str = "camt.053.001.";
/// The most statements in one message.
const STATEMENTS_MAX: usize = 1_000;
/// The number that stands for none in `EndToEndId`.
const NOT_PROVIDED: &str = "NOTPROVIDED";

/// Reads all statements of a message; each must balance.
pub fn read_statements(bytes: &[u8]) -> Result<Vec<Statement>, BankError> {
    let text = text_of(bytes)?;
    let mut message = Message::open(&text, KIND, "BkToCstmrStmt")?;
    let mut statements = Vec::new();
    while let Some(child) = message.next_child()? {
        if child.name == "Stmt" {
            if statements.len() >= STATEMENTS_MAX {
                return Err(BankError::Limit { line: child.line, what: "statements" });
            }
            message.enter(&child);
            statements.push(read_statement(&mut message, child.line)?);
        } else {
            message.fill(child)?;
        }
    }
    message.finish()?;
    if statements.is_empty() {
        return Err(BankError::Truncated("Stmt"));
    }
    Ok(statements)
}

fn read_statement(message: &mut Message<'_>, line: usize) -> Result<Statement, BankError> {
    let mut head = Head { line, ..Head::default() };
    let mut statement: Option<Statement> = None;
    while let Some(child) = message.next_child()? {
        let element = message.fill(child)?;
        if element.name == "Ntry" {
            let statement = match &mut statement {
                Some(statement) => statement,
                None => statement.insert(head.statement()?),
            };
            read_entry(&element, statement)?;
        } else if statement.is_some()
            && matches!(element.name.as_str(), "Acct" | "Bal" | "Id" | "ElctrncSeqNb")
        {
            return Err(BankError::Malformed { line: element.line });
        } else {
            head.take(element)?;
        }
    }
    let statement = match statement {
        Some(statement) => statement,
        None => head.statement()?,
    };
    statement.check_balance(line)?;
    head.check_summary(&statement)?;
    Ok(statement)
}

/// What stands before the entries.
#[derive(Default)]
struct Head {
    line: usize,
    parts: Vec<Element>,
}

impl Head {
    fn take(&mut self, element: Element) -> Result<(), BankError> {
        if self.parts.len() >= 200 {
            return Err(BankError::Limit { line: element.line, what: "elements" });
        }
        let single = matches!(element.name.as_str(), "Id" | "ElctrncSeqNb" | "Acct" | "TxsSummry");
        if single && self.part(&element.name).is_some() {
            return Err(BankError::Repeated { line: element.line, what: "statement field" });
        }
        self.parts.push(element);
        Ok(())
    }

    fn part(&self, name: &str) -> Option<&Element> {
        self.parts.iter().find(|part| part.name == name)
    }

    fn statement(&self) -> Result<Statement, BankError> {
        let account = self.part("Acct").ok_or(BankError::Missing { line: self.line, what: "Acct" })?;
        let other = account.text_at(&["Id", "Othr", "Id"])?;
        let number = if other.is_empty() { account.text_at(&["Id", "IBAN"])? } else { other };
        if number.is_empty() {
            return Err(BankError::Missing { line: account.line, what: "Acct/Id" });
        }
        let opening = self.balance(&["OPBD", "PRCD"])?;
        let closing = self.balance(&["CLBD"])?;
        let currency = currency_of(&closing.ccy).ok_or(BankError::Currency { line: closing.line })?;
        let named = account.text_at(&["Ccy"])?;
        if opening.ccy != closing.ccy || !(named.is_empty() || named == closing.ccy) {
            return Err(BankError::Currency { line: account.line });
        }
        let sequence = self.part("ElctrncSeqNb").map(|part| {
            part.text.parse().map_err(|_| BankError::Field { line: part.line, what: "ElctrncSeqNb" })
        });
        Ok(Statement {
            account: kept(&number, account.line, "Acct")?,
            id: kept(self.part("Id").map_or("", |part| &part.text), self.line, "Id")?,
            sequence: sequence.transpose()?,
            currency,
            opening_minor: Some(opening.minor),
            closing_minor: Some(closing.minor),
            pending_count: 0,
            lines: Vec::new(),
        })
    }

    /// The balance of the first of these codes that the statement has.
    fn balance(&self, codes: &[&'static str]) -> Result<Balance, BankError> {
        for code in codes {
            let mut found = None;
            for part in self.parts.iter().filter(|part| part.name == "Bal") {
                let sub_type = part.at(&["Tp", "SubTp"])?.is_some();
                if part.text_at(&["Tp", "CdOrPrtry", "Cd"])? == *code && !sub_type {
                    if found.is_some() {
                        return Err(BankError::Repeated { line: part.line, what: code });
                    }
                    found = Some(Balance::read(part)?);
                }
            }
            if let Some(found) = found {
                return Ok(found);
            }
        }
        Err(BankError::Missing { line: self.line, what: "Bal" })
    }

    /// Compares the counts and sums that some banks add.
    fn check_summary(&self, statement: &Statement) -> Result<(), BankError> {
        let Some(summary) = self.part("TxsSummry") else { return Ok(()) };
        let sides = [("TtlCdtNtries", Direction::Credit), ("TtlDbtNtries", Direction::Debit)];
        for (name, direction) in sides {
            let Some(total) = summary.child(name)? else { continue };
            let Some(sum) = total.child("Sum")? else { continue };
            let lines = statement.lines.iter().filter(|line| line.direction == direction);
            let found = lines.fold(0_i64, |all, line| all.saturating_add(line.amount_minor));
            if statement.pending_count == 0 && unsigned(sum, "Sum")? != found {
                return Err(BankError::TotalMismatch(name));
            }
        }
        Ok(())
    }
}

struct Balance {
    minor: i64,
    ccy: String,
    line: usize,
}

impl Balance {
    fn read(part: &Element) -> Result<Self, BankError> {
        let amount = part.need("Amt")?;
        let minor = unsigned(amount, "Amt")?;
        let minor = match direction(part)? {
            Direction::Credit => minor,
            Direction::Debit => -minor,
        };
        Ok(Self { minor, ccy: amount.ccy.clone(), line: amount.line })
    }
}

fn read_entry(entry: &Element, statement: &mut Statement) -> Result<(), BankError> {
    let status = entry.need("Sts")?;
    let word = match status.child("Cd")? {
        Some(code) => code.text.as_str(),
        None => status.text.as_str(),
    };
    match word {
        "BOOK" => {}
        "PDNG" | "INFO" | "FUTR" => {
            statement.pending_count += 1;
            return Ok(());
        }
        _ => return Err(BankError::Field { line: status.line, what: "Sts" }),
    }
    let amount = entry.need("Amt")?;
    if currency_of(&amount.ccy) != Some(statement.currency) {
        return Err(BankError::Currency { line: amount.line });
    }
    let whole = positive(amount, "Amt")?;
    let base = entry_line(entry, whole)?;
    let details: Vec<&Element> = entry.all("NtryDtls").flat_map(|details| details.all("TxDtls")).collect();
    match details.as_slice() {
        [] => statement.push(base),
        [one] => {
            let amount = detail_amount(one, statement)?;
            if amount.is_some_and(|amount| amount != whole) {
                return Err(BankError::TotalMismatch("Ntry/Amt"));
            }
            statement.push(with_detail(base, one)?)
        }
        many => read_batch(&base, many, statement),
    }
}

/// A batch booking: one entry that stands for several payments, whose amounts make up the entry's.
fn read_batch(base: &Line, details: &[&Element], statement: &mut Statement) -> Result<(), BankError> {
    let mut sum = 0_i64;
    for (at, detail) in details.iter().enumerate() {
        let amount = detail_amount(detail, statement)?
            .ok_or(BankError::Missing { line: detail.line, what: "TxDtls/Amt" })?;
        let line = with_detail(Line { amount_minor: amount, ..base.clone() }, detail)?;
        if line.direction != base.direction {
            return Err(BankError::Field { line: detail.line, what: "TxDtls/CdtDbtInd" });
        }
        let own_ref = line.bank_ref != base.bank_ref || base.bank_ref.is_empty();
        let bank_ref = if own_ref { line.bank_ref.clone() } else { format!("{}/{}", base.bank_ref, at + 1) };
        statement.push(Line { bank_ref, ..line })?;
        sum = sum.checked_add(amount).ok_or(BankError::Overflow)?;
    }
    if sum == base.amount_minor { Ok(()) } else { Err(BankError::TotalMismatch("Ntry/Amt")) }
}

fn entry_line(entry: &Element, amount_minor: i64) -> Result<Line, BankError> {
    let (booked_day, booked_at_us) =
        date(entry.need("BookgDt")?)?.ok_or(BankError::Missing { line: entry.line, what: "BookgDt" })?;
    let value_day = match entry.child("ValDt")? {
        Some(value) => date(value)?.map(|(day, _)| day),
        None => None,
    };
    let reversal = entry.child("RvslInd")?.is_some_and(|flag| matches!(flag.text.as_str(), "true" | "1"));
    let line = entry.line;
    Ok(Line {
        line,
        bank_ref: kept(&entry.text_at(&["AcctSvcrRef"])?, line, "AcctSvcrRef")?,
        booked_day,
        booked_at_us,
        value_day,
        direction: direction(entry)?,
        kind: if reversal { LineKind::Reversal } else { LineKind::Plain },
        amount_minor,
        balance_minor: None,
        party_name: String::new(),
        party_account: String::new(),
        party_bank: String::new(),
        remark: kept(&entry.text_at(&["AddtlNtryInf"])?, line, "AddtlNtryInf")?,
        end_to_end_id: String::new(),
    })
}

fn with_detail(mut line: Line, detail: &Element) -> Result<Line, BankError> {
    let at = detail.line;
    if let Some(side) = detail.child("CdtDbtInd")? {
        let side = side_of(side)?;
        if side != line.direction {
            return Err(BankError::Field { line: at, what: "TxDtls/CdtDbtInd" });
        }
    }
    let reference = detail.text_at(&["Refs", "AcctSvcrRef"])?;
    if !reference.is_empty() {
        line.bank_ref = kept(&reference, at, "AcctSvcrRef")?;
    }
    let own = detail.text_at(&["Refs", "EndToEndId"])?;
    if own != NOT_PROVIDED {
        line.end_to_end_id = kept(&own, at, "EndToEndId")?;
    }
    let (party, account, agent) = match line.direction {
        Direction::Credit => ("Dbtr", "DbtrAcct", "DbtrAgt"),
        Direction::Debit => ("Cdtr", "CdtrAcct", "CdtrAgt"),
    };
    let name = detail.text_at(&["RltdPties", party, "Nm"])?;
    let newer = detail.text_at(&["RltdPties", party, "Pty", "Nm"])?;
    line.party_name = kept(if name.is_empty() { &newer } else { &name }, at, "Nm")?;
    let other = detail.text_at(&["RltdPties", account, "Id", "Othr", "Id"])?;
    let iban = detail.text_at(&["RltdPties", account, "Id", "IBAN"])?;
    line.party_account = kept(if other.is_empty() { &iban } else { &other }, at, "Acct")?;
    line.party_bank = kept(&detail.text_at(&["RltdAgts", agent, "FinInstnId", "Nm"])?, at, "Agt")?;
    line.remark = remark(&line.remark, detail)?;
    if detail.child("RtrInf")?.is_some() && line.kind == LineKind::Plain {
        line.kind = LineKind::Returned;
    }
    Ok(line)
}

fn remark(before: &str, detail: &Element) -> Result<String, BankError> {
    let mut texts: Vec<&str> = Vec::new();
    for information in detail.all("RmtInf") {
        texts.extend(information.all("Ustrd").map(|text| text.text.as_str()));
    }
    if let Some(more) = detail.child("AddtlTxInf")? {
        texts.push(&more.text);
    }
    texts.push(before);
    texts.retain(|text| !text.is_empty());
    kept(&texts.join(" "), detail.line, "remark")
}

fn detail_amount(detail: &Element, statement: &Statement) -> Result<Option<i64>, BankError> {
    let older = detail.at(&["AmtDtls", "TxAmt", "Amt"])?;
    let Some(amount) = detail.child("Amt")?.or(older) else { return Ok(None) };
    if currency_of(&amount.ccy) != Some(statement.currency) {
        return Err(BankError::Currency { line: amount.line });
    }
    positive(amount, "TxDtls/Amt").map(Some)
}

fn direction(element: &Element) -> Result<Direction, BankError> {
    side_of(element.need("CdtDbtInd")?)
}

fn side_of(element: &Element) -> Result<Direction, BankError> {
    match element.text.as_str() {
        "CRDT" => Ok(Direction::Credit),
        "DBIT" => Ok(Direction::Debit),
        _ => Err(BankError::Field { line: element.line, what: "CdtDbtInd" }),
    }
}

fn positive(element: &Element, what: &'static str) -> Result<i64, BankError> {
    let minor = unsigned(element, what)?;
    if minor > 0 { Ok(minor) } else { Err(BankError::Field { line: element.line, what }) }
}

pub(super) fn unsigned(element: &Element, what: &'static str) -> Result<i64, BankError> {
    let line = element.line;
    parse_unsigned(&element.text, NumberStyle::POINT).map_err(|error| match error {
        AmountError::Malformed | AmountError::TooLarge => BankError::Field { line, what },
        AmountError::Fraction => BankError::Fraction { line, what },
    })
}

/// A `Dt` or a `DtTm` with or without offset (none is Beijing time).
fn date(element: &Element) -> Result<Option<(i64, Option<i64>)>, BankError> {
    let wrong = BankError::Field { line: element.line, what: "date" };
    if let Some(day) = element.child("Dt")? {
        return iso_day(&day.text).map(|day| Some((day, None))).ok_or(wrong);
    }
    let Some(time) = element.child("DtTm")? else { return Ok(None) };
    let at_us = iso_moment(&time.text).ok_or(wrong)?;
    Ok(Some((super::date::beijing_day(at_us), Some(at_us))))
}

fn iso_day(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
    // XSD dates may carry a zone, which means nothing for a booking day.
    let zone = text.get(10..)?;
    let plain = zone.is_empty() || zone == "Z" || zone.starts_with(['+', '-']);
    if plain { day_of(date.year(), date.month(), date.day()) } else { None }
}

/// An ISO time in UTC microseconds.
pub(super) fn iso_moment(text: &str) -> Option<i64> {
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(stamp.as_microsecond());
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    let day = day_of(local.year(), local.month(), local.day())?;
    let seconds = i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
    Some(moment_us(day, seconds * 1_000_000))
}

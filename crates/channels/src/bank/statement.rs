//! A statement file of one bank account as lines that the domain understands.

use super::BankAccount;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tk_domain::transfer::{Flow, LineNature};
use tk_formats::bank::{BankError, Direction, Encoding, Line, LineKind, Statement, camt053, csv, mt940};
use tk_money::Currency;

/// The format of a statement file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// CSV by the account's mapping.
    Csv,
    /// ISO 20022 camt.053.
    Camt053,
    /// SWIFT MT940.
    Mt940,
}

impl Format {
    /// Reads the word of a request.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "camt053" => Some(Self::Camt053),
            "mt940" => Some(Self::Mt940),
            _ => None,
        }
    }

    /// The word in addresses and settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Camt053 => "camt053",
            Self::Mt940 => "mt940",
        }
    }
}

/// Why a statement file was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It cannot be read, or its sums do not agree.
    #[error(transparent)]
    File(#[from] BankError),
    /// It is about another account.
    #[error("the file is about another account")]
    OtherAccount,
    /// Lines that are equal in all they say come under one number, and no balance proves that they are two.
    #[error("the row of {bank_ref} is there twice")]
    DoubledRow {
        /// The bank's number.
        bank_ref: String,
    },
    /// The channel account has no usable settings of a bank account.
    #[error("the channel account is no bank account")]
    NoBankAccount,
}

/// One line as the bank tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whether money came or went.
    pub flow: Flow,
    /// Whether it stands for itself.
    pub nature: LineNature,
    /// Minor units, above zero.
    pub amount_minor: i64,
    /// The bank's day, days since 1970-01-01.
    pub booked_day: i64,
    /// The bank's time, Unix microseconds.
    pub booked_at_us: Option<i64>,
    /// The bank's own number.
    pub bank_ref: String,
    /// The other side's name.
    pub party_name: String,
    /// The other side's account.
    pub party_account: String,
    /// The other side's bank.
    pub party_bank: String,
    /// The remark.
    pub remark: String,
    /// The number that the ordering party gave.
    pub end_to_end_id: String,
    /// How many lines of the file before it have the same content.
    pub ordinal: usize,
}

/// All lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldStatement {
    /// The lines' currency.
    pub currency: Currency,
    /// The balance before the first line, minor units, where the file says and its parts follow on each other.
    pub opening_minor: Option<i64>,
    /// The balance after the last line, minor units, likewise.
    pub closing_minor: Option<i64>,
    /// The lines in the order of the file.
    pub lines: Vec<Told>,
}

impl Told {
    /// What identifies a line within its account and day: the bank's number and amount where it has a number, else
    /// all it says; and which one it is of several that are the same.
    #[must_use]
    ///
    /// `before` is how many lines of the same content the day had before this file began.
    pub fn content(&self, before: usize) -> Vec<u8> {
        let mut content = self.naked_content();
        content.extend(format!("\0{}", self.ordinal.saturating_add(before)).into_bytes());
        content
    }

    /// The same without which of several it is.
    #[must_use]
    pub fn naked_content(&self) -> Vec<u8> {
        let text = if self.bank_ref.is_empty() {
            let at = self.booked_at_us.unwrap_or_default();
            let parts = [&self.party_account, &self.party_name, &self.remark, &self.end_to_end_id];
            format!("line\0{at}\0{}", parts.map(String::as_str).join("\0"))
        } else {
            format!("ref\0{}", self.bank_ref)
        };
        format!("{}\0{}\0{text}", self.flow.word(), self.amount_minor).into_bytes()
    }
}

/// Reads a statement file of this account; nothing of a file that is wrong anywhere.
pub fn read(settings: &str, format: Format, bytes: &[u8]) -> Result<ToldStatement, StatementError> {
    let account = BankAccount::of_settings(settings).map_err(|_| StatementError::NoBankAccount)?;
    read_for(&account, format, bytes)
}

/// The same with the settings read.
pub(super) fn read_for(
    account: &BankAccount,
    format: Format,
    bytes: &[u8],
) -> Result<ToldStatement, StatementError> {
    let statements = match format {
        Format::Csv => {
            let mapping = account.mapping().ok_or(StatementError::NoBankAccount)?;
            vec![csv::read_statement(bytes, &mapping)?]
        }
        Format::Camt053 => camt053::read_statements(bytes)?,
        Format::Mt940 => mt940::read_statements(bytes, Encoding::Auto)?,
    };
    let mut told = ToldStatement {
        currency: Currency::Cny,
        opening_minor: statements.first().and_then(|first| first.opening_minor),
        closing_minor: statements.last().and_then(|last| last.closing_minor),
        lines: Vec::new(),
    };
    let follows = |pair: &[Statement]| match pair {
        [before, after] => before.closing_minor.is_some() && before.closing_minor == after.opening_minor,
        _ => true,
    };
    if !statements.windows(2).all(follows) {
        told.opening_minor = None;
        told.closing_minor = None;
    }
    for statement in &statements {
        check_account(statement, account)?;
        told.currency = statement.currency;
        told.lines.extend(statement.lines.iter().map(line));
    }
    if statements.iter().any(|statement| statement.currency != told.currency) {
        return Err(BankError::Currency { line: 1 }.into());
    }
    count_same(&mut told.lines);
    check_doubled(&told)?;
    Ok(told)
}

/// Balances prove that equal lines are two only if they would not agree without them: doubles that flow both ways may
/// come to nothing. Without balances, lines without numbers are believed; see [`super::follow`].
fn check_doubled(told: &ToldStatement) -> Result<(), StatementError> {
    let balanced = told.opening_minor.is_some() && told.closing_minor.is_some();
    let again = || told.lines.iter().filter(|line| line.ordinal > 0);
    let one_way =
        again().all(|line| line.flow == Flow::Credit) || again().all(|line| line.flow == Flow::Debit);
    let unproven = |line: &&Told| {
        if line.bank_ref.is_empty() { balanced && !one_way } else { !(balanced && one_way) }
    };
    match again().find(unproven) {
        Some(twice) if twice.bank_ref.is_empty() => {
            Err(StatementError::DoubledRow { bank_ref: "no number".to_owned() })
        }
        Some(twice) => Err(StatementError::DoubledRow { bank_ref: twice.bank_ref.clone() }),
        None => Ok(()),
    }
}

/// A file that names an account must name this one.
fn check_account(statement: &Statement, account: &BankAccount) -> Result<(), StatementError> {
    let named = statement.account.trim();
    if named.is_empty() || named == account.account_no { Ok(()) } else { Err(StatementError::OtherAccount) }
}

fn count_same(lines: &mut [Told]) {
    let mut seen: BTreeMap<(i64, Vec<u8>), usize> = BTreeMap::new();
    for line in lines {
        let times = seen.entry((line.booked_day, line.naked_content())).or_default();
        line.ordinal = *times;
        *times += 1;
    }
}

fn line(line: &Line) -> Told {
    Told {
        flow: match line.direction {
            Direction::Credit => Flow::Credit,
            Direction::Debit => Flow::Debit,
        },
        nature: nature(line),
        amount_minor: line.amount_minor,
        booked_day: line.booked_day,
        booked_at_us: line.booked_at_us,
        bank_ref: line.bank_ref.clone(),
        party_name: line.party_name.clone(),
        party_account: line.party_account.clone(),
        party_bank: line.party_bank.clone(),
        remark: line.remark.clone(),
        end_to_end_id: line.end_to_end_id.clone(),
        ordinal: 0,
    }
}

/// What banks write into the remark of a line by which they take an earlier one back.
const REVERSAL_WORDS: [&str; 5] = ["冲正", "冲账", "抹账", "红冲", "错账"];
/// What they write where a payment came back.
const RETURNED_WORDS: [&str; 3] = ["退汇", "退票", "来账退回"];

/// Most CSV statements have no column for it; the words of the remark are all that tells.
fn nature(line: &Line) -> LineNature {
    let says = |words: &[&str]| words.iter().any(|word| line.remark.contains(word));
    match (line.kind, line.direction) {
        (LineKind::Reversal, _) => LineNature::Reversal,
        (LineKind::Returned, _) => LineNature::Returned,
        (LineKind::Plain, Direction::Debit) if says(&REVERSAL_WORDS) => LineNature::Reversal,
        (LineKind::Plain, Direction::Credit) if says(&RETURNED_WORDS) => LineNature::Returned,
        (LineKind::Plain, Direction::Credit | Direction::Debit) => LineNature::Plain,
    }
}

//! What every statement says, whatever its format.

use tk_money::Currency;

use super::{BankError, LINES_MAX, TEXT_MAX_CHARS};

/// Whether money came or went, as the account's owner sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Money came in 贷.
    Credit,
    /// Money went out 借.
    Debit,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Credit => Self::Debit,
            Self::Debit => Self::Credit,
        }
    }
}

/// Whether a line stands for itself or takes an earlier one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineKind {
    /// It stands for itself.
    Plain,
    /// The bank takes an earlier line back 冲正 (`RvslInd`, `RC`, `RD`, a negative amount).
    Reversal,
    /// A payment that came back 退汇 (`RtrInf`).
    Returned,
}

/// One booked movement of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where in the file, from 1.
    pub line: usize,
    /// The bank's own number; empty where the file has none.
    pub bank_ref: String,
    /// The day the bank booked it, days since 1970-01-01.
    pub booked_day: i64,
    /// When exactly, UTC microseconds, where the file says.
    pub booked_at_us: Option<i64>,
    /// The day from which it bears interest.
    pub value_day: Option<i64>,
    /// Whether money came or went.
    pub direction: Direction,
    /// Whether it takes an earlier line back.
    pub kind: LineKind,
    /// How much, minor units, above zero.
    pub amount_minor: i64,
    /// The balance after it, minor units, where the file says.
    pub balance_minor: Option<i64>,
    /// The other side's name.
    pub party_name: String,
    /// The other side's account.
    pub party_account: String,
    /// The other side's bank.
    pub party_bank: String,
    /// All texts the payer or the bank wrote, joined by a space.
    pub remark: String,
    /// The number that the ordering party gave the payment; empty where there is none.
    pub end_to_end_id: String,
}

impl Line {
    /// The change of the balance, minor units.
    #[must_use]
    pub const fn signed_minor(&self) -> i64 {
        match self.direction {
            Direction::Credit => self.amount_minor,
            Direction::Debit => -self.amount_minor,
        }
    }
}

/// The booked lines of one account for one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The account, as the file writes it; empty where it does not say.
    pub account: String,
    /// The bank's identifier of this statement; empty where it has none.
    pub id: String,
    /// The bank's running number of statements.
    pub sequence: Option<u32>,
    /// The account's currency.
    pub currency: Currency,
    /// The balance before the first line, minor units.
    pub opening_minor: Option<i64>,
    /// The balance after the last line, minor units.
    pub closing_minor: Option<i64>,
    /// Entries announced but not booked: they are no money and no lines.
    pub pending_count: usize,
    /// The lines in the order of the file.
    pub lines: Vec<Line>,
}

impl Statement {
    /// Refuses a statement whose opening balance and lines do not give its closing balance.
    pub(super) fn check_balance(&self, line: usize) -> Result<(), BankError> {
        let (Some(opening), Some(found_minor)) = (self.opening_minor, self.closing_minor) else {
            return Ok(());
        };
        let expected_minor = self
            .lines
            .iter()
            .try_fold(opening, |sum, line| sum.checked_add(line.signed_minor()))
            .ok_or(BankError::Overflow)?;
        if expected_minor == found_minor {
            Ok(())
        } else {
            Err(BankError::BalanceMismatch { line, expected_minor, found_minor })
        }
    }

    /// Adds a line within the limit.
    pub(super) fn push(&mut self, line: Line) -> Result<(), BankError> {
        if self.lines.len() >= LINES_MAX {
            return Err(BankError::Limit { line: line.line, what: "lines" });
        }
        self.lines.push(line);
        Ok(())
    }
}

/// The currency that a code or a Chinese name stands for.
pub(super) fn currency_of(text: &str) -> Option<Currency> {
    match text {
        "CNY" | "RMB" | "156" | "01" | "人民币" | "人民币元" => Some(Currency::Cny),
        "HKD" | "港币" | "港元" => Some(Currency::Hkd),
        "USD" | "美元" => Some(Currency::Usd),
        _ => None,
    }
}

/// The text without surrounding blanks, if it is within the limit.
pub(super) fn kept(text: &str, line: usize, what: &'static str) -> Result<String, BankError> {
    let text = text.trim();
    if text.len() > TEXT_MAX_CHARS && text.chars().count() > TEXT_MAX_CHARS {
        return Err(BankError::Limit { line, what });
    }
    Ok(text.to_owned())
}

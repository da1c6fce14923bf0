//! How one bank's export is laid out, as data.

use serde::{Deserialize, Serialize};
use tk_money::Currency;

use crate::bank::amount::NumberStyle;
use crate::bank::date::{usable_date, usable_time};
use crate::bank::{BankError, Direction, Encoding};

/// The most names that one list of a mapping may have.
const NAMES_MAX: usize = 40;
/// The longest name, in characters.
const NAME_MAX_CHARS: usize = 80;

/// The names a column may have in the header, of which one at most may be there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(pub Vec<String>);

/// How one bank's export is laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The character set.
    #[serde(default)]
    pub encoding: Encoding,
    /// Between cells.
    #[serde(default = "comma")]
    pub separator: char,
    /// The currency of every amount.
    #[serde(default = "cny")]
    pub currency: Currency,
    /// How numbers are written.
    #[serde(default = "grouped")]
    pub numbers: NumberStyle,
    /// Where the account's number is.
    #[serde(default)]
    pub account: Account,
    /// The day booked, with or without the time.
    pub date: DateColumn,
    /// The time of day, where it has a column of its own.
    #[serde(default)]
    pub time: Option<TimeColumn>,
    /// The amount and whether money came or went.
    pub amounts: Amounts,
    /// The balance after the line.
    #[serde(default)]
    pub balance: Names,
    /// Whether balances must follow from each other.
    #[serde(default)]
    pub balances: Balances,
    /// The bank's own number.
    #[serde(default)]
    pub bank_ref: Names,
    /// The other side's name.
    #[serde(default)]
    pub party_name: Names,
    /// The other side's account.
    #[serde(default)]
    pub party_account: Names,
    /// The other side's bank.
    #[serde(default)]
    pub party_bank: Names,
    /// Columns whose texts together are the remark; all that are there are taken.
    #[serde(default)]
    pub remarks: Names,
    /// A currency column; a row of another currency is refused.
    #[serde(default)]
    pub currency_column: Names,
    /// A row whose first filled cell begins with one of these ends the table.
    #[serde(default)]
    pub footer_marks: Names,
    /// Totals in the footer that must be there and agree.
    #[serde(default)]
    pub footer_totals: Vec<FooterTotal>,
}

/// Where the number of the account is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Account {
    /// The file does not say it in full.
    #[default]
    Absent,
    /// In the cell after this one, above the header.
    After(String),
    /// In a column.
    Column(Names),
}

/// The day booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateColumn {
    /// Its names.
    pub names: Names,
    /// Patterns of `y M d H m s`, tried in order.
    pub patterns: Vec<String>,
}

/// The time of day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeColumn {
    /// Its names.
    pub names: Names,
    /// Patterns of `H m s`, tried in order.
    pub patterns: Vec<String>,
}

/// How amounts say whether money came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Amounts {
    /// Two columns, of which one is empty or zero.
    Pair {
        /// Money in 贷方.
        credit: Names,
        /// Money out 借方.
        debit: Names,
    },
    /// One column, negative where money went out.
    Signed {
        /// The amount.
        amount: Names,
    },
    /// One column and a word beside it.
    Flagged {
        /// The amount.
        amount: Names,
        /// The word's column.
        flag: Names,
        /// Words of money in.
        credit_words: Names,
        /// Words of money out.
        debit_words: Names,
    },
}

/// Whether balances are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balances {
    /// They are only kept.
    #[default]
    Kept,
    /// Each must follow from the one before it.
    Running,
}

/// A footer such as `# 收入合计: 1 笔，共 88.88 元`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FooterTotal {
    /// What the footer line contains.
    pub label: String,
    /// Which lines it sums.
    pub side: Side,
}

/// A side of a footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Money in.
    Credit,
    /// Money out.
    Debit,
}

impl Side {
    pub(super) const fn direction(self) -> Direction {
        match self {
            Self::Credit => Direction::Credit,
            Self::Debit => Direction::Debit,
        }
    }
}

impl Mapping {
    /// Refuses a mapping that cannot read anything or reads the same column twice as different amounts.
    pub fn check(&self) -> Result<(), BankError> {
        let separator = self.separator;
        if !matches!(separator, ',' | ';' | '\t' | '|' | '^') {
            return Err(BankError::Mapping("separator"));
        }
        let NumberStyle { decimal, thousands } = self.numbers;
        if !matches!(decimal, '.' | ',')
            || !matches!(thousands, None | Some(',' | '.' | ' ' | '\''))
            || thousands == Some(decimal)
        {
            return Err(BankError::Mapping("numbers"));
        }
        let dates = !self.date.patterns.is_empty() && self.date.patterns.iter().all(|text| usable_date(text));
        if !dates || self.date.patterns.len() > NAMES_MAX || self.date.names.0.is_empty() {
            return Err(BankError::Mapping("date"));
        }
        let times = self.time.as_ref().is_none_or(|time| {
            let usable = time.patterns.iter().all(|text| usable_time(text));
            usable && !time.patterns.is_empty() && time.patterns.len() <= NAMES_MAX
        });
        if !times {
            return Err(BankError::Mapping("time"));
        }
        if self.balances == Balances::Running && self.balance.0.is_empty() {
            return Err(BankError::Mapping("balances"));
        }
        self.check_amounts()?;
        self.check_names()
    }

    fn check_amounts(&self) -> Result<(), BankError> {
        let usable = match &self.amounts {
            Amounts::Pair { credit, debit } => {
                !credit.0.is_empty()
                    && !debit.0.is_empty()
                    && credit.0.iter().all(|name| !debit.0.contains(name))
            }
            Amounts::Signed { amount } => !amount.0.is_empty(),
            Amounts::Flagged { amount, flag, credit_words, debit_words } => {
                ![amount, flag, credit_words, debit_words].iter().any(|names| names.0.is_empty())
                    && credit_words.0.iter().all(|word| !debit_words.0.contains(word))
            }
        };
        if usable { Ok(()) } else { Err(BankError::Mapping("amounts")) }
    }

    fn check_names(&self) -> Result<(), BankError> {
        let short = |text: &String| !text.trim().is_empty() && text.chars().count() <= NAME_MAX_CHARS;
        let lists = [
            &self.date.names,
            &self.balance,
            &self.bank_ref,
            &self.party_name,
            &self.party_account,
            &self.party_bank,
            &self.remarks,
            &self.currency_column,
            &self.footer_marks,
        ];
        let labels = self.footer_totals.iter().map(|total| &total.label);
        let fits = lists.iter().all(|names| names.0.len() <= NAMES_MAX)
            && lists.iter().flat_map(|names| &names.0).chain(labels).all(short)
            && self.footer_totals.len() <= 8;
        if fits { Ok(()) } else { Err(BankError::Mapping("names")) }
    }
}

const fn comma() -> char {
    ','
}

const fn cny() -> Currency {
    Currency::Cny
}

const fn grouped() -> NumberStyle {
    NumberStyle::POINT_GROUPED
}

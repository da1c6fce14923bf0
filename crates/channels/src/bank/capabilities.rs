//! What a direct link can do, as data.

use super::Format;
use tk_domain::bank_link::StatementKind;
use tk_money::Currency;

/// Everything known about direct links before a contract is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkCapabilities {
    /// Currencies of its accounts.
    pub currencies: &'static [Currency],
    /// The statements that are taken.
    pub statements: &'static [StatementTerms],
    /// The orders that banks take, and how far this build goes with them.
    pub orders: &'static [OrderTerms],
}

/// A statement format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementTerms {
    /// The format.
    pub format: Format,
    /// Of which reach.
    pub kinds: &'static [StatementKind],
    /// Whether a file itself shows that a line is missing or doubled.
    pub proves: Proves,
    /// Where that is documented.
    pub doc: &'static str,
}

/// What shows that no line is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proves {
    /// The balances before and after the lines.
    Balances,
    /// The balance after each line, where the mapping has that column.
    RunningBalance,
}

/// An order to a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTerms {
    /// What it does.
    pub purpose: Purpose,
    /// The ISO 20022 message.
    pub message: &'static str,
    /// How far this build goes.
    pub ready: Ready,
    /// Where that is documented.
    pub doc: &'static str,
}

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Money leaves.
    Payout,
    /// What became of orders.
    Status,
    /// Money is taken from a payer who allowed it.
    Debit,
}

/// How far this build goes with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// It is written or read; nothing sends it yet.
    Format,
    /// Only its name is known.
    Name,
}

/// What direct links can do.
pub const CAPABILITIES: LinkCapabilities = LinkCapabilities {
    currencies: &[Currency::Cny, Currency::Hkd, Currency::Usd],
    statements: &[
        statement(Format::Camt053, Proves::Balances, "ISO 20022 camt.053.001.02 to .13"),
        statement(Format::Mt940, Proves::Balances, "SWIFT MT940"),
        statement(Format::Csv, Proves::RunningBalance, "the bank's own export, by a mapping"),
    ],
    orders: &[
        order(Purpose::Payout, "pain.001", Ready::Format),
        order(Purpose::Status, "pain.002", Ready::Format),
        order(Purpose::Debit, "pain.008", Ready::Name),
    ],
};

const fn statement(format: Format, proves: Proves, doc: &'static str) -> StatementTerms {
    StatementTerms { format, kinds: &[StatementKind::Intraday, StatementKind::Final], proves, doc }
}

const fn order(purpose: Purpose, message: &'static str, ready: Ready) -> OrderTerms {
    OrderTerms { purpose, message, ready, doc: "ISO 20022" }
}

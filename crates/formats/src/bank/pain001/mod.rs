//! pain.001 credit transfers, written in versions 03 and 09 and read back (bankfiles.md §1).

mod check;
mod read;
mod write;

pub use read::read_initiation;
pub use write::write_initiation;

use tk_money::Currency;

/// The most transfers in one message.
pub const TRANSFERS_MAX: usize = 50_000;

/// The version that a bank takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `pain.001.001.03`, which most banks take.
    V03,
    /// `pain.001.001.09`.
    V09,
}

impl Version {
    /// The message's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V03 => "pain.001.001.03",
            Self::V09 => "pain.001.001.09",
        }
    }
}

/// How soon the bank is to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// `NORM`
    Normal,
    /// `HIGH`
    High,
}

/// How the debit is shown on the debtor's statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booking {
    /// One line for each transfer.
    Single,
    /// One line for the batch.
    Batch,
}

/// A message of one initiating party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiation {
    /// Never used twice; the bank refuses a repeated one.
    pub message_id: String,
    /// When it was made, UTC microseconds.
    pub created_at_us: i64,
    /// Who sends it.
    pub initiator: String,
    /// Payments by debtor account and day.
    pub batches: Vec<Batch>,
}

/// Transfers from one account on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its number.
    pub id: String,
    /// How soon.
    pub priority: Priority,
    /// How it is booked.
    pub booking: Booking,
    /// On which day, days since 1970-01-01.
    pub execution_day: i64,
    /// Whose account pays.
    pub debtor_name: String,
    /// Which account pays.
    pub debtor_account: String,
    /// The account's currency.
    pub currency: Currency,
    /// The bank's BIC.
    pub debtor_bic: String,
    /// The transfers.
    pub transfers: Vec<Transfer>,
}

/// One payment to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Ours, for the bank alone.
    pub instruction_id: String,
    /// Ours, which travels to the payee's statement.
    pub end_to_end_id: String,
    /// How much, minor units, above zero.
    pub amount_minor: i64,
    /// The payee's name.
    pub creditor_name: String,
    /// The payee's account.
    pub creditor_account: String,
    /// The BIC of the payee's bank.
    pub creditor_bic: Option<String>,
    /// The 12 digits of the payee's bank in CNAPS 联行号.
    pub cnaps: Option<String>,
    /// What the payee is told.
    pub remittance: String,
}

impl Initiation {
    /// How many transfers there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.batches.iter().map(|batch| batch.transfers.len()).sum()
    }

    /// The sum of all transfers, minor units; none if it does not fit.
    #[must_use]
    pub fn sum_minor(&self) -> Option<i64> {
        self.batches.iter().try_fold(0_i64, |sum, batch| sum.checked_add(batch.sum_minor()?))
    }
}

impl Batch {
    /// The sum of the transfers, minor units; none if it does not fit.
    #[must_use]
    pub fn sum_minor(&self) -> Option<i64> {
        self.transfers.iter().try_fold(0_i64, |sum, transfer| sum.checked_add(transfer.amount_minor))
    }
}

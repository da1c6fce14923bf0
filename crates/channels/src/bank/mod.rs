//! Bank accounts: what a statement file tells, whatever its format.

mod account;
mod statement;

pub use account::{BankAccount, BankAccountError};
pub use statement::{Format, StatementError, Told, ToldStatement, read};
pub use tk_formats::bank::BankError;

//! Bank accounts: what a statement file tells, whatever its format, and the direct link 银企直连 by which files come.
//!
//! Asking is [`call`], reading what came is [`report`]: both pure, and all that the simulation uses. [`adapter`] and
//! [`folder`] fetch the bytes.

mod account;
pub mod adapter;
pub mod call;
pub mod capabilities;
pub mod folder;
pub mod follow;
mod link;
pub(crate) mod question;
pub mod report;
mod statement;

pub use account::{BankAccount, BankAccountError};
pub use link::{DirectLink, FileRoot, Link, LinkRefused, SECRET_FIELDS};
pub use statement::{Format, StatementError, Told, ToldStatement, read};
pub use tk_formats::bank::BankError;

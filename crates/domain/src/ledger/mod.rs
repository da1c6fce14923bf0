//! The books: accounts, double entries, holds. Balances are credit-positive, so all of them sum to zero.

mod account;
mod entry;
mod hold;

pub use account::{Account, AccountKind, AccountRef, Owner};
pub use entry::{Entry, EntryKind, EntryLine, Side, Unbalanced};
pub use hold::{Hold, HoldStatus};

//! The books: accounts, double entries, holds. Balances are credit-positive, so all of them sum to zero.

mod account;
mod chain;
mod entry;
mod hold;

pub use account::{Account, AccountKind, AccountRef, Owner};
pub use chain::{EntryLink, LinkLine};
pub use entry::{Entry, EntryKind, EntryLine, Side, Unbalanced};
pub use hold::{Hold, HoldStatus};

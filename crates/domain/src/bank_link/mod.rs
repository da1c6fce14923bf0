//! Bank direct link 银企直连: when a bank account's statement is asked for next, and what came of asking.
//!
//! The row is the timer: whoever claims it asks, and any process may die while it does. What the bank tells becomes
//! lines by the same command as an imported file; this only notes how far the statements have been taken.

mod ask_now;
mod keep;
mod note;
mod rows;
mod view;

pub use ask_now::AskBankNow;
pub(crate) use keep::{keep, want_link};
pub use note::{NotePull, PullOutcome};
pub use rows::{Asking, BankLink, LinkRoad, LinkStatus, PullTrouble, StatementKind, file_hash};
pub use view::BankLinkView;

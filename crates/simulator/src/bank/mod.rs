//! A bank with accounts of its own truth: what payers transfer, what it takes back and sends back, and the statement
//! files it hands out, with a bank's habits.
//!
//! Written from what banks' files look like, not from our reader of them; over HTTP in [`http`].

mod books;
pub mod http;
mod journal;
mod remark;
mod spoil;
mod statement;
#[cfg(test)]
mod tests;

pub use books::{Bank, BankRefusal, Booking, Habits, Nature, Payer};
pub use journal::BankEvent;
pub use remark::{Slip, mistyped};
pub use spoil::{Spoiled, spoil};
pub(crate) use statement::day_of_us;
pub use statement::{FileFormat, statement};

//! Cheques: received, presented, and money only when cleared.
//!
//! ```text
//! received → presented → cleared | bounced;  received → withdrawn
//! presented → pending_approval → cleared | presented | bounced        (no line of the bank shows the money yet)
//! ```
//! What the bank says about a cheque reaches the payment as a report like any other: cleared is paid, bounced is failed.

mod advance;
mod clear;
mod postings;
mod receive;
mod rows;
mod take_back;
mod view;

pub use advance::{AdvanceCheque, ChequeStep};
pub use clear::{AskClearing, ClearCheque, DecideClearing};
pub use receive::{ChequeReceived, ReceiveCheque};
pub use rows::{Cheque, ChequeStatus, VALID_DAYS};
pub use view::ChequeView;

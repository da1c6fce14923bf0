//! Bank transfers: codes that payers write, lines of bank accounts, and which line pays which order.
//!
//! A line is booked once, when it becomes known: into suspense. Matching moves its money to the merchant of the order
//! it pays; the match that completes an order makes the payment's one collection. What fits nothing stays in
//! suspense until a person matches it or gives it back.

mod approve;
mod await_order;
mod borne;
pub mod code;
mod desk_rows;
mod give_back;
mod import;
mod look;
pub mod matching;
mod postings;
mod reversal;
mod rows;
mod sent;
mod settle;
mod slip;
mod statement;
#[cfg(test)]
mod tests;
mod told_days;
mod undo;
mod view;

pub use approve::{DecideBankLine, Verdict};
pub use await_order::ExpectedPayer;
pub(crate) use await_order::{Part, begin, end, incomplete, want_codes};
pub(crate) use borne::{Bearing, Paid, TakenBack, matter as reversed_matter, want_bearing};
pub use code::RemittanceCode;
pub use desk_rows::{BankStatement, ReturnState, TransferReturn};
pub use give_back::{AskReturn, DecideReturn, GivenBack, RefundRows};
pub use import::{LINES_MAX, LinesTaken, TakeBankLines, TellLine};
pub use look::{Doubts, only_credit, only_pairs, shows_slip};
pub use matching::{BlindIndex, Certainty, Proposal, Reason};
pub use reversal::{LinkReversal, MatchRows, REVERSAL_DAYS, may_reverse};
pub use rows::{
    BankLine, Flow, LineLink, LineNature, LineSource, LineStatus, MatchStatus, OrderStatus, ReturnStatus,
    TransferMatch, TransferOrder, index_text,
};
pub use sent::ProveReturn;
pub use settle::{MatchTransfers, Matched, Misfit, PAIRS_MAX, Pair};
pub use slip::{FlagSlip, ProveSlip, SLIP_DAYS, UNPROVEN_DAYS, may_be_slip};
pub use statement::TellStatement;
pub use told_days::{ProveDays, ToldDays};
pub use undo::UndoMatch;
pub use view::{BankLineView, TransferMatchView, TransferReturnView};

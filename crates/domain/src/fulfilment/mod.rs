//! Pay before issue 见费出单: when money counts as received for issuing, and what the order system reports back.
//!
//! ```text
//! awaiting → announced → issued → surrendered;  awaiting | announced → cancelled
//! ```
//! Where a payment is made of items, each may have a policy of its own: then reports name the item, the row stands issued
//! from the first policy until the last one has ended, and only refunds of what no policy stands for are made.
//! A policy and a refund of its money never stand together: a refund held before the issue is told to the order system
//! so that it stops, and an issue reported after that withdraws what was not sent and calls a person for the rest.

mod announce;
mod by_item;
mod report;
mod rows;
mod view;

pub use announce::ConfirmMoney;
pub(crate) use announce::{announce, begin, stop};
pub use report::{OpenRefund, ReportFulfilment};
pub use rows::{Fulfilment, FulfilmentStatus, ItemFulfilment, Reported};
pub use view::{FulfilmentView, ItemFulfilmentView};

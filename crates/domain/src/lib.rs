//! Pure decisions about payments, refunds and books.
//!
//! Nothing here knows a database, a clock, randomness, HTTP or a log. A [`command::Command`] names the rows
//! it has to see, decides over a [`snapshot::Snapshot`] of them, and answers a [`decision::Decision`] or a
//! [`refusal::Refusal`].
#![deny(clippy::float_arithmetic, clippy::as_conversions, clippy::arithmetic_side_effects)]

pub mod access;
pub mod agreement;
pub mod ask;
pub mod audit;
pub mod bank_link;
pub mod channel_account;
pub mod cheque;
pub mod command;
pub mod counter;
pub mod decision;
pub mod exception;
pub mod fulfilment;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod instalment;
pub mod instruction;
pub mod key;
pub mod ledger;
pub mod merchant;
pub mod moment;
pub mod operating_profile;
pub mod partner;
pub mod payment;
mod person;
pub mod prepayment;
pub mod product;
pub mod refund;
pub mod refusal;
pub mod report;
pub mod routing;
pub mod security;
pub mod snapshot;
pub mod split;
pub mod transfer;
#[cfg(test)]
mod trial;
pub mod view;
pub mod webhook;
mod words;

//! The people: order systems, payers, attackers.

mod attacker;
mod cards;
mod client;
mod deposits;
mod payer;
mod persons;
mod refunds;
mod repeat;
mod splits;

pub(crate) use attacker::Attack;
pub(crate) use cards::CardStep;
pub(crate) use client::{Ask, Order, code_prefix};
pub(crate) use payer::PayerAct;
pub(crate) use refunds::RefundPlan;

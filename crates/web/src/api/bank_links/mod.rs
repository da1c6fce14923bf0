//! Direct links of bank accounts: how far their statements were taken, and what is wrong.

pub mod get;
pub mod list;
pub mod questions;

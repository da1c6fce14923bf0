//! Bank transfers: codes that payers write, lines of bank accounts, and which line pays which order.

pub mod code;
pub mod matching;
#[cfg(test)]
mod tests;

pub use code::RemittanceCode;

//! Bank files: statements as CSV, camt.053 and MT940, and the payment orders pain.001 with their answers pain.002.
//!
//! Every reader takes the whole file, checks its sums and balances, and gives nothing at all where something is
//! wrong (bankfiles.md §1–5).

pub mod amount;
pub mod camt053;
pub mod csv;
mod date;
mod encoding;
mod error;
pub mod mt940;
pub mod pain001;
pub mod pain002;
mod statement;
mod xml;

pub use encoding::{Encoding, decode_text};
pub use error::BankError;
pub use statement::{Direction, Line, LineKind, Statement};

/// The largest file read, in bytes.
pub const FILE_MAX_BYTES: usize = 50 * 1024 * 1024;
/// The most lines one statement may have.
pub const LINES_MAX: usize = 500_000;
/// The longest text field kept, in characters.
pub const TEXT_MAX_CHARS: usize = 512;

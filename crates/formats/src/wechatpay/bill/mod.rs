//! Bills: the gzip around them, their hash, and the sheets of trades and of movements (wechatpay.md §8).

pub mod fund;
mod gzip;
mod sheet;
pub mod trade;
mod trade_row;

pub use fund::{FundBill, FundRow};
pub use gzip::{Limits, check_sha1, gunzip, gzip, sha1_hex};
pub use trade::{TradeBill, TradeSheet};
pub use trade_row::{RefundCells, TradeRow, TradeRowState};

/// Why a bill is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BillError {
    /// More bytes than are taken.
    #[error("the bill is over the limit of {0}")]
    TooLarge(&'static str),
    /// The gzip is cut short, changed or followed by other bytes.
    #[error("the archive is damaged")]
    Damaged,
    /// The content has another hash than was announced.
    #[error("the bill's hash is not the one announced")]
    HashMismatch,
    /// The bytes are no UTF-8.
    #[error("the bill is not UTF-8")]
    NotText,
    /// A column that is needed is not in the header, or one is there twice.
    #[error("column {0} is missing or doubled")]
    Column(&'static str),
    /// A line that is neither a row nor the summary where one is expected.
    #[error("line {0} has another form than a bill's")]
    Line(usize),
    /// A cell does not hold what its column does.
    #[error("line {line}: {column} cannot be read")]
    Cell {
        /// Counted from 1.
        line: usize,
        /// The column.
        column: &'static str,
    },
    /// The summary is missing: the file is cut short.
    #[error("the bill has no summary")]
    SummaryMissing,
    /// The rows do not add up to the summary.
    #[error("the rows do not add up to {0}")]
    SummaryMismatch(&'static str),
    /// A sum does not fit 64 bits of fen.
    #[error("a sum is too large")]
    Overflow,
    /// A value cannot be written.
    #[error("{0} cannot be written")]
    Unwritable(&'static str),
}

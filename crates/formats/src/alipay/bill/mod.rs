//! Daily bills: a ZIP with a detail file and a summary file, both GBK text (alipay.md §9).

pub mod fund;
mod sheet;
mod sheet_writer;
pub mod trade;
mod trade_row;

pub use fund::{FundBill, FundRow};
pub use sheet::BillHead;
pub use trade::{TradeBill, TradeKind, TradeRow};

pub use crate::archive::{Entry, Limits, read_archive, write_archive};

use crate::archive::ArchiveError;
use crate::charset::CharsetError;

/// The most rows one bill may have.
pub const ROWS_MAX: usize = 5_000_000;
/// The longest line read, in bytes.
pub const LINE_MAX_BYTES: usize = 16 * 1024;
/// The most columns read.
pub const COLUMNS_MAX: usize = 64;

/// Why a bill was refused or could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BillError {
    /// The archive itself is refused.
    #[error("bill {0}")]
    Archive(#[from] ArchiveError),
    /// The archive does not hold exactly one file of this kind.
    #[error("bill archive does not hold exactly one {0} file")]
    EntryMissing(&'static str),
    /// The first line names another kind of file.
    #[error("bill file is not {0}")]
    WrongKind(&'static str),
    /// A line is not valid GBK.
    #[error("line {line} is not valid GBK")]
    Malformed {
        /// Line number, from 1.
        line: usize,
    },
    /// A line, the columns or the rows are over a limit.
    #[error("line {line} is over the limit on {what}")]
    Limit {
        /// Line number, from 1.
        line: usize,
        /// What is too long or too many.
        what: &'static str,
    },
    /// A column the bill needs is missing or there twice.
    #[error("column {0} is missing or repeated")]
    Column(&'static str),
    /// A row has another number of cells than the header.
    #[error("line {line} has a different number of cells than the header")]
    CellCount {
        /// Line number, from 1.
        line: usize,
    },
    /// A cell cannot be read.
    #[error("line {line}, column {column} cannot be read")]
    Cell {
        /// Line number, from 1.
        line: usize,
        /// Column name.
        column: &'static str,
    },
    /// The closing lines are missing: the file was cut off.
    #[error("bill file is cut off: {0} is missing")]
    Truncated(&'static str),
    /// Rows follow after the closing lines.
    #[error("line {line} follows after the end of the list")]
    AfterEnd {
        /// Line number, from 1.
        line: usize,
    },
    /// A footer does not agree with the rows.
    #[error("footer {0} does not agree with the rows")]
    FooterMismatch(&'static str),
    /// The summary file does not agree with the rows.
    #[error("summary column {0} does not agree with the rows")]
    SummaryMismatch(&'static str),
    /// A sum does not fit 64 bits of fen.
    #[error("a sum of the bill is too large")]
    Overflow,
    /// A text to write does not fit the format.
    #[error("bill text does not fit the file: {0}")]
    Unwritable(&'static str),
    /// A text to write does not fit GBK.
    #[error(transparent)]
    Charset(#[from] CharsetError),
}

//! Settlement files: a ZIP with ZM (trades), ZME (errors) and a text summary, all GBK (unionpay.md §9).

mod columns;
mod errors;
mod file;
mod record;
mod trades;

pub use errors::ErrorRow;
pub use file::{SettlementFile, file_content, from_content, read_zip, write_zip};
pub use record::{Cells, Signed};
pub use trades::{Totals, TradeRow};

use crate::archive::ArchiveError;

/// The most records of one file.
pub const ROWS_MAX: usize = 2_000_000;

/// Why a settlement file was refused or could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    /// The file content around the archive is refused.
    #[error(transparent)]
    Content(#[from] super::content::ContentError),
    /// The archive is refused.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The archive does not hold exactly one file of this kind.
    #[error("archive does not hold exactly one {0} file")]
    EntryMissing(&'static str),
    /// The file's name is of another merchant or day than another file's.
    #[error("files of the archive name different merchants or days")]
    NamesDiffer,
    /// There are too many records.
    #[error("file has more than {ROWS_MAX} records")]
    TooMany,
    /// A record is not as long as its layout.
    #[error("record {line} has not the length of its layout")]
    Length {
        /// Record number, from 1.
        line: usize,
    },
    /// Where a separator belongs stands something else.
    #[error("record {line} has no separator before {column}")]
    Separator {
        /// Record number, from 1.
        line: usize,
        /// Column after it.
        column: &'static str,
    },
    /// A column cannot be read.
    #[error("record {line}, column {column} cannot be read")]
    Cell {
        /// Record number, from 1.
        line: usize,
        /// Column name.
        column: &'static str,
    },
    /// A record is of another merchant than the file.
    #[error("record {line} is of another merchant")]
    MerchantForeign {
        /// Record number, from 1.
        line: usize,
    },
    /// The last record is not ended: the file was cut off.
    #[error("file is cut off")]
    Truncated,
    /// The summary is not GBK.
    #[error("summary is not valid GBK")]
    Summary,
    /// A sum does not fit 64 bits of fen.
    #[error("a sum is too large")]
    Overflow,
    /// A text to write does not fit its column.
    #[error("text does not fit column {0}")]
    Unwritable(&'static str),
}

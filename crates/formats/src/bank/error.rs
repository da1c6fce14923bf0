//! Why a bank file was refused.

/// Why a bank file was refused; `line` counts from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    /// The file is larger than [`super::FILE_MAX_BYTES`].
    #[error("file is too large")]
    TooLarge,
    /// The bytes are not text: control characters, a program, an archive.
    #[error("line {line}: file is not text")]
    NotText {
        /// The line.
        line: usize,
    },
    /// The bytes are not valid in the encoding declared.
    #[error("line {line} is not valid in the declared encoding")]
    Charset {
        /// The line.
        line: usize,
    },
    /// The encoding declared is none of those read.
    #[error("encoding is not supported")]
    CharsetUnknown,
    /// The XML has a document type declaration.
    #[error("XML with a document type declaration is refused")]
    DtdForbidden,
    /// The XML uses what bank messages never need: entities, processing instructions.
    #[error("line {line}: XML with {what} is refused")]
    XmlForbidden {
        /// The line.
        line: usize,
        /// What.
        what: &'static str,
    },
    /// The XML or the structure around the fields cannot be read.
    #[error("line {line} is malformed")]
    Malformed {
        /// The line.
        line: usize,
    },
    /// The file is of another kind or version.
    #[error("file is not {0}")]
    WrongKind(&'static str),
    /// The file is about another account.
    #[error("file is about another account")]
    WrongAccount,
    /// Something is too long or too many.
    #[error("line {line} is over the limit on {what}")]
    Limit {
        /// The line.
        line: usize,
        /// What is too long or too many.
        what: &'static str,
    },
    /// A field is missing.
    #[error("line {line}: {what} is missing")]
    Missing {
        /// The line.
        line: usize,
        /// The field.
        what: &'static str,
    },
    /// A field that may be there once is there twice.
    #[error("line {line}: {what} is repeated")]
    Repeated {
        /// The line.
        line: usize,
        /// The field.
        what: &'static str,
    },
    /// A field cannot be read.
    #[error("line {line}: {what} cannot be read")]
    Field {
        /// The line.
        line: usize,
        /// The field.
        what: &'static str,
    },
    /// An amount has fractions of the minor unit.
    #[error("line {line}: {what} has fractions of a fen")]
    Fraction {
        /// The line.
        line: usize,
        /// The field.
        what: &'static str,
    },
    /// A row has another number of cells than the header.
    #[error("line {line} has a different number of cells than the header")]
    CellCount {
        /// The line.
        line: usize,
    },
    /// The currency is not known, or not that of the statement.
    #[error("line {line}: currency is unknown or differs")]
    Currency {
        /// The line.
        line: usize,
    },
    /// Opening balance and lines do not give the closing balance, or a line its balance.
    #[error("line {line}: balance is {found_minor} where {expected_minor} follows from the lines")]
    BalanceMismatch {
        /// The line.
        line: usize,
        /// What the lines give.
        expected_minor: i64,
        /// What the file says.
        found_minor: i64,
    },
    /// A total of the file does not agree with its rows.
    #[error("total {0} does not agree with the rows")]
    TotalMismatch(&'static str),
    /// The file ends before it is complete.
    #[error("file is cut off: {0} is missing")]
    Truncated(&'static str),
    /// Something follows after the end.
    #[error("line {line} follows after the end")]
    AfterEnd {
        /// The line.
        line: usize,
    },
    /// A mapping cannot be used.
    #[error("mapping is not usable: {0}")]
    Mapping(&'static str),
    /// A sum does not fit 64 bits.
    #[error("a sum is too large")]
    Overflow,
    /// A text to write does not fit the format.
    #[error("{0} does not fit the format")]
    Unwritable(&'static str),
}

//! How storage says no: to callers, and inside.

use crate::record::{Arrival, Table};
use crate::value::Unreadable;
use tk_domain::refusal::Refusal;
use tokio_postgres::error::SqlState;

/// Why a command or a read has no answer; nothing of a failed command was committed,
/// except that the outcome of an [`Failure::Unavailable`] commit may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The decision said no.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The tenant's queue is full; try again after some seconds.
    #[error("overloaded, try again after {retry_after_s} s")]
    Overloaded {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// The database is gone or full, or shutting down.
    #[error("storage unavailable: {0}")]
    Unavailable(String),
    /// A defect; logged once under this name, without which nothing of it is shown.
    #[error("fault {0}")]
    Fault(String),
}

/// What went wrong at the database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// Another writer changed what was read, or stands in the way: run again.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The connection is gone.
    #[error("database gone: {0}")]
    Gone(String),
    /// No space, or the disk fails.
    #[error("storage full or failing: {0}")]
    Full(String),
    /// Anything else: a defect of ours or of the database.
    #[error("{0}")]
    Other(String),
}

impl DbError {
    /// A row that is no longer as it was read.
    pub fn changed(table: &Table) -> Self {
        Self::Conflict(format!("a row of {} was changed meanwhile", table.name))
    }

    /// What went wrong writing rows: a key that is taken is a conflict where rows of another writer may have it.
    pub fn of_write<E: UniqueViolation + Into<Self>>(error: E, table: &Table) -> Self {
        if table.arrival == Arrival::Contended && error.is_unique_violation() {
            return Self::Conflict(format!("a key of {} was taken meanwhile", table.name));
        }
        error.into()
    }
}

/// An error that may say that a unique key is taken.
pub trait UniqueViolation {
    /// Whether it says so.
    fn is_unique_violation(&self) -> bool;
}

impl UniqueViolation for rusqlite::Error {
    fn is_unique_violation(&self) -> bool {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        let code = self.sqlite_error().map(|error| error.extended_code);
        code.is_some_and(|code| [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE].contains(&code))
    }
}

impl UniqueViolation for tokio_postgres::Error {
    fn is_unique_violation(&self) -> bool {
        self.code() == Some(&SqlState::UNIQUE_VIOLATION)
    }
}

impl From<Unreadable> for DbError {
    fn from(error: Unreadable) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Conflict(text),
            Some(Code::DiskFull | Code::SystemIoFailure | Code::CannotOpen | Code::ReadOnly) => {
                Self::Full(text)
            }
            _ => Self::Other(text),
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            let text = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
            let encoding = text.starts_with("error serializing") || text.starts_with("error deserializing");
            return if encoding { Self::Other(text) } else { Self::Gone(text) };
        };
        let text = format!("{} ({})", db.message(), db.code().code());
        match db.code().code() {
            "40001" | "40P01" | "55P03" => Self::Conflict(text),
            "53100" | "58030" => Self::Full(text),
            // Terminated, shutting down, starting up, connections refused, or a server that only reads since a
            // failover: another connection may be to the one that writes.
            code if code.starts_with("57P") || code.starts_with("08") => Self::Gone(text),
            "53300" | "25006" => Self::Gone(text),
            _ => Self::Other(text),
        }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict(text) | DbError::Gone(text) | DbError::Full(text) => Self::Unavailable(text),
            DbError::Other(text) => {
                tracing::error!(error = %text, "storage fault");
                Self::Fault("storage".to_owned())
            }
        }
    }
}

/// Why a store does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on the data directory.
    #[error("{0}")]
    Locked(String),
    /// The schema is older or newer than this program, or was changed by other hands.
    #[error("schema: {0}")]
    Schema(String),
    /// The role may do more than a server's role may.
    #[error("role: {0}")]
    Role(String),
    /// The directory or file cannot be used.
    #[error("data directory: {0}")]
    Directory(#[from] std::io::Error),
    /// The database says no.
    #[error("database: {0}")]
    Database(#[from] DbError),
}

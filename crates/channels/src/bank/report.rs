//! What an answer proves: a statement that may be taken as a whole, or why none of it may.

use super::call::Answer;
use super::statement::read_for;
use super::{BankError, Link, StatementError, ToldStatement};
use tk_domain::bank_link::{Asking, PullTrouble, StatementKind, file_hash};

/// A statement that may be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// What it tells.
    pub statement: ToldStatement,
    /// The file's hash, hexadecimal.
    pub hash: String,
}

/// Why nothing may be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{trouble}: {detail}")]
pub struct NothingBrought {
    /// What is wrong.
    pub trouble: PullTrouble,
    /// The same in words, without personal data.
    pub detail: String,
}

fn nothing(trouble: PullTrouble, detail: impl Into<String>) -> NothingBrought {
    NothingBrought { trouble, detail: detail.into() }
}

/// Verifies and reads an answer; `asking` is the day asked for, where one was.
pub fn of_answer(link: &Link, asking: Option<Asking>, answer: &Answer) -> Result<Brought, NothingBrought> {
    let (bytes, signature) = match answer {
        Answer::File { bytes, signature } => (bytes, signature),
        Answer::None { trouble, detail } => return Err(nothing(*trouble, detail.clone())),
    };
    match (&link.key, signature) {
        (None, _) => {}
        (Some(_), None) => return Err(nothing(PullTrouble::Forged, "the file is not signed")),
        (Some(key), Some(signature)) => key
            .verify(bytes, signature.trim())
            .map_err(|error| nothing(PullTrouble::Forged, error.to_string()))?,
    }
    let statement = read_for(&link.account, link.terms.format, bytes).map_err(|error| refused(&error))?;
    let last_day = statement.lines.iter().map(|line| line.booked_day).max();
    if let (Some(asking), Some(last_day)) = (asking, last_day) {
        check_day(asking, last_day)?;
    }
    Ok(Brought { statement, hash: file_hash(bytes) })
}

/// A day on which nothing was booked has a file without lines: a final one that only tells of days before it is another
/// day's, and taking it would end the questions about this one.
fn check_day(asking: Asking, last_day: i64) -> Result<(), NothingBrought> {
    if last_day > asking.day {
        return Err(nothing(PullTrouble::OtherDay, "the file tells of days after the one asked for"));
    }
    if asking.kind == StatementKind::Final && last_day < asking.day {
        return Err(nothing(PullTrouble::OtherDay, "the file tells only of days before the one asked for"));
    }
    Ok(())
}

fn refused(error: &StatementError) -> NothingBrought {
    let trouble = match error {
        StatementError::File(BankError::TooLarge) => PullTrouble::TooLarge,
        StatementError::OtherAccount | StatementError::File(BankError::WrongAccount) => {
            PullTrouble::OtherAccount
        }
        StatementError::NoBankAccount => PullTrouble::Misconfigured,
        StatementError::DoubledRow { .. } | StatementError::File(_) => PullTrouble::Unreadable,
    };
    nothing(trouble, error.to_string())
}

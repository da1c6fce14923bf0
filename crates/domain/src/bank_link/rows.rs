//! The row of a direct link and its words.

use crate::id::{ChannelAccountId, TenantId};
use crate::moment::{DAY_US, HOUR_US, shanghai_day};
use crate::words::words;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

words! {
    /// Whether statements are asked for.
    LinkStatus {
        /// They are.
        Active = "active",
        /// The contract has no direct link any more, or is switched off.
        Stopped = "stopped",
    }
}

words! {
    /// How statements reach us.
    LinkRoad {
        /// They are asked for by HTTPS.
        Https = "https",
        /// They are put into a folder.
        Folder = "folder",
    }
}

words! {
    /// How much of its day a statement tells.
    StatementKind {
        /// What was booked so far; the day may bring more.
        Intraday = "intraday",
        /// The whole day.
        Final = "final",
    }
}

words! {
    /// Why asking brought no statement.
    PullTrouble {
        /// No answer, an answer that was cut off, or an error of the bank.
        Unreachable = "unreachable",
        /// The bank does not know us.
        TurnedAway = "turned_away",
        /// Settings or secrets cannot be used.
        Misconfigured = "misconfigured",
        /// The bank has no final statement of the day yet.
        NotYet = "not_yet",
        /// The file cannot be read, or its sums do not agree.
        Unreadable = "unreadable",
        /// The file is larger than any that is taken.
        TooLarge = "too_large",
        /// The file is about another account.
        OtherAccount = "other_account",
        /// The file tells of days after the one asked for.
        OtherDay = "other_day",
        /// The file lacks the bank's signature or has another, or whoever answered has no certificate that is believed.
        Forged = "forged",
        /// The statement does not begin where the one before it ended.
        Gap = "gap",
        /// It came, and our own storage could not take it then.
        NotStored = "not_stored",
    }
}

impl PullTrouble {
    /// Whether a file came and was refused, so that a person is told at once.
    #[must_use]
    pub const fn refuses_file(self) -> bool {
        match self {
            Self::Unreadable
            | Self::TooLarge
            | Self::OtherAccount
            | Self::OtherDay
            | Self::Forged
            | Self::Gap => true,
            Self::Unreachable | Self::TurnedAway | Self::Misconfigured | Self::NotYet | Self::NotStored => {
                false
            }
        }
    }
}

/// Which statement is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// The bank's day, days since 1970-01-01.
    pub day: i64,
    /// How much of it.
    pub kind: StatementKind,
}

/// The hash by which a file is known again, hexadecimal.
#[must_use]
pub fn file_hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The direct link of one bank account; it shares the channel account's identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankLink {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The bank account.
    pub id: ChannelAccountId,
    /// Whether statements are asked for.
    pub status: LinkStatus,
    /// How they reach us.
    pub road: LinkRoad,
    /// The person who is told when something is wrong.
    pub keeper: String,
    /// How long between two questions, microseconds.
    pub every_us: i64,
    /// How long after a day's end its final statement is asked for, microseconds.
    pub final_after_us: i64,
    /// The last day whose final statement was taken, days since 1970-01-01.
    pub final_day: i64,
    /// The day whose statement did not follow on the one before it; that one is asked for again.
    pub gap_day: Option<i64>,
    /// When the bank is asked next, Unix microseconds.
    pub due_at_us: i64,
    /// Until when a worker has it, Unix microseconds; saves work only.
    pub lease_until_us: i64,
    /// Times claimed.
    pub tries: i64,
    /// Times in a row that nothing came of asking.
    pub failures: i64,
    /// When the bank was last heard, Unix microseconds; at first when the link was made.
    pub heard_at_us: i64,
    /// What is wrong.
    pub trouble: Option<PullTrouble>,
    /// The same in words, without personal data.
    pub trouble_detail: Option<String>,
    /// The hash of the file taken last, hexadecimal: the same file again needs no work.
    pub last_hash: Option<String>,
    /// Sequence of the last event about it.
    pub event_seq: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl BankLink {
    /// The statement to be asked for now: each day in turn, final as soon as it can be and so far as it goes before
    /// that. Nothing where the next day has not begun.
    #[must_use]
    pub fn asking(&self, now_us: i64) -> Option<Asking> {
        let day = self.final_day.saturating_add(1);
        let ends_us =
            day.saturating_add(1).saturating_mul(DAY_US).saturating_sub(8_i64.saturating_mul(HOUR_US));
        let over = now_us >= ends_us.saturating_add(self.final_after_us);
        let kind = if over { StatementKind::Final } else { StatementKind::Intraday };
        (day <= shanghai_day(now_us)).then_some(Asking { day, kind })
    }

    /// Whether it still asks for this day, so that lines of it may come before the statement that tells of them.
    #[must_use]
    pub fn may_bring_more_of(&self, day: i64) -> bool {
        self.status == LinkStatus::Active && day > self.final_day
    }
}

//! How a statement follows on those taken before: which of its equal lines are new, and whether anything is missing.

use super::{Told, ToldStatement};
use serde_json::json;
use std::collections::BTreeMap;
use tk_domain::id::{BankLineId, ChannelAccountId, StatementId, TenantId, TypedId};
use tk_domain::transfer::{BankLine, BankStatement, TellStatement};

/// How many days before a statement its neighbours are looked for.
const NEIGHBOUR_DAYS: i64 = 40;
/// The most contents of lines without numbers that one statement's last day is remembered by.
const EQUAL_MAX: usize = 20_000;

/// Whose statement it is.
type Whose = (TenantId, ChannelAccountId);

/// Where a statement begins among its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// With the first line of its first day: it may tell anew, and better, what an earlier one of that day told.
    Anew,
    /// Perhaps within its first day, after an earlier one of that day.
    Onward,
}

/// Where a statement does not follow on the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The closing balance of the one before, minor units.
    pub ended_minor: i64,
    /// Its last day, days since 1970-01-01.
    pub ended_day: i64,
    /// The opening balance of this one, minor units.
    pub begins_minor: i64,
}

/// What is known of a statement's neighbours.
#[derive(Debug)]
pub struct Follow {
    whose: Whose,
    neighbours: Vec<BankStatement>,
    reach: Reach,
    first_day: i64,
    last_day: i64,
    /// How many lines of each content the first day had before this statement began.
    equal_before: BTreeMap<String, usize>,
}

/// The first and last day of a statement's neighbours, days since 1970-01-01; nothing where it has no lines.
#[must_use]
pub fn neighbour_days(statement: &ToldStatement) -> Option<(i64, i64)> {
    let days = || statement.lines.iter().map(|line| line.booked_day);
    Some((days().min()?.saturating_sub(NEIGHBOUR_DAYS), days().max()?.saturating_add(NEIGHBOUR_DAYS)))
}

impl Follow {
    /// A statement among its neighbours, those that reach into [`neighbour_days`].
    #[must_use]
    pub fn among(
        mut neighbours: Vec<BankStatement>,
        whose: Whose,
        statement: &ToldStatement,
        reach: Reach,
    ) -> Self {
        neighbours.sort_by_key(|row| (row.last_day, row.created_at_us, row.id));
        let days = || statement.lines.iter().map(|line| line.booked_day);
        let (first_day, last_day) = (days().min().unwrap_or_default(), days().max().unwrap_or_default());
        let mut follow =
            Self { whose, neighbours, reach, first_day, last_day, equal_before: BTreeMap::new() };
        if !statement.lines.is_empty() {
            follow.equal_before = follow.of_the_same_day(statement.opening_minor).unwrap_or_default();
        }
        follow
    }

    /// What an earlier statement of the same day left behind, if this one begins with the balance that it closed with.
    /// One that begins where the other began tells of the same lines again.
    fn of_the_same_day(&self, opening_minor: Option<i64>) -> Option<BTreeMap<String, usize>> {
        let opening = opening_minor?;
        let before = self.neighbours.iter().rev().find(|row| {
            row.last_day == self.first_day
                && row.closing_minor == Some(opening)
                && row.opening_minor != Some(opening)
        })?;
        serde_json::from_str(&before.equal_lines).ok()
    }

    /// How many lines of the same content the line's day had before its statement began.
    #[must_use]
    pub fn before(&self, told: &Told) -> usize {
        if told.booked_day != self.first_day || !told.bank_ref.is_empty() || self.equal_before.is_empty() {
            return 0;
        }
        self.equal_before.get(&self.name(told)).copied().unwrap_or(0)
    }

    /// The statement as a whole; none where it has no lines.
    #[must_use]
    pub fn tell(&self, statement: &ToldStatement, lines: &[BankLineId]) -> Option<TellStatement> {
        lines.first()?;
        let balances = format!("{:?} {:?}", statement.opening_minor, statement.closing_minor);
        let account = self.whose.1.id128().0;
        let ids: Vec<[u8; 16]> = lines.iter().map(|line| line.id128().0).collect();
        let mut parts: Vec<&[u8]> = vec![&account, balances.as_bytes()];
        parts.extend(ids.iter().map(<[u8; 16]>::as_slice));
        Some(TellStatement {
            id: BankStatement::id_of(self.whose.0, &parts),
            first_day: self.first_day,
            last_day: self.last_day,
            opening_minor: statement.opening_minor,
            closing_minor: statement.closing_minor,
            lines_count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
            equal_lines: json!(self.equal_lines(statement)).to_string(),
            gap_after_minor: self.before_gap(statement.opening_minor).and_then(|row| row.closing_minor),
            fills: self.fills(statement.closing_minor),
        })
    }

    /// Where the statement before this one ended and this one begins, if those differ.
    #[must_use]
    pub fn broken(&self, opening_minor: Option<i64>) -> Option<Break> {
        let (before, begins_minor) = (self.before_gap(opening_minor)?, opening_minor?);
        Some(Break { ended_minor: before.closing_minor?, ended_day: before.last_day, begins_minor })
    }

    /// How many equal lines without numbers the last day has, those before this statement included.
    fn equal_lines(&self, statement: &ToldStatement) -> BTreeMap<String, usize> {
        let one_day = self.first_day == self.last_day;
        let mut equal = if one_day { self.equal_before.clone() } else { BTreeMap::new() };
        let of_last_day = |told: &&Told| told.booked_day == self.last_day && told.bank_ref.is_empty();
        for told in statement.lines.iter().filter(of_last_day) {
            if equal.len() >= EQUAL_MAX {
                return BTreeMap::new();
            }
            *equal.entry(self.name(told)).or_default() += 1;
        }
        equal
    }

    /// The statement before this one, if this one does not begin with its closing balance and does not overlap it.
    fn before_gap(&self, opening_minor: Option<i64>) -> Option<&BankStatement> {
        let opening = opening_minor?;
        let told = |row: &&BankStatement| row.closing_minor.is_some() && row.first_day <= self.first_day;
        let before = || self.neighbours.iter().filter(told);
        // Balances come back: only the nearest day before, or a statement that reaches into these days, tells where this
        // one has to begin.
        let nearest_day = before().map(|row| row.last_day).filter(|day| *day < self.first_day).max();
        let known = before().any(|row| {
            let overlaps = row.last_day >= self.first_day;
            let follows = overlaps || Some(row.last_day) == nearest_day;
            follows && row.closing_minor == Some(opening) || overlaps && row.opening_minor == Some(opening)
        });
        let of_this_day = |row: &BankStatement| {
            row.first_day == row.last_day && row.last_day == self.first_day && self.first_day == self.last_day
        };
        let replaced = |row: &&BankStatement| self.reach == Reach::Anew && of_this_day(row);
        let last = before().rev().find(|row| !replaced(row)).filter(|_| !known)?;
        let one_day = last.first_day == last.last_day && last.last_day == self.first_day;
        let apart = last.last_day < self.first_day || one_day;
        apart.then_some(last)
    }

    /// The later statement that begins with the balance that this one closes with.
    fn fills(&self, closing_minor: Option<i64>) -> Option<StatementId> {
        let closing = closing_minor?;
        let follows =
            |row: &&BankStatement| row.first_day >= self.last_day && row.opening_minor == Some(closing);
        self.neighbours.iter().find(follows).map(|row| row.id)
    }

    /// Names the content of a line within its account and day.
    fn name(&self, told: &Told) -> String {
        let (tenant, account) = self.whose;
        BankLine::id_of(tenant, account, told.booked_day, &told.naked_content()).to_string()
    }
}

//! How a statement follows on those taken before: which of its equal lines are new, and whether anything is missing.

use super::{Told, ToldStatement};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tk_domain::id::{BankLineId, ChannelAccountId, StatementId, TenantId, TypedId};
use tk_domain::transfer::{BankLine, BankStatement, TellStatement};

/// How many days before a statement its neighbours are looked for.
const NEIGHBOUR_DAYS: i64 = 40;
/// The most contents of lines without numbers that one statement's last day is remembered by.
const EQUAL_MAX: usize = 20_000;
/// The most earlier parts of its first day that a statement told again is tried after.
const PARTS_MAX: usize = 50;

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
    /// Balances do not say whether it tells its first day again or goes on with it.
    unclear: bool,
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
        let mut follow = Self {
            whose,
            neighbours,
            reach,
            first_day,
            last_day,
            equal_before: BTreeMap::new(),
            unclear: false,
        };
        if !statement.lines.is_empty() {
            follow.place_in_the_day(statement);
        }
        follow
    }

    /// Which equal lines its first day had before it. A statement that was taken before counts as it did then. One that
    /// begins with the balance that an earlier one of the day closed with goes on; one that begins where the day, or an
    /// earlier one of it, began tells of the same lines again. Where a balance came back within the day both are true:
    /// its equal lines are taken for the same, and a person is told.
    fn place_in_the_day(&mut self, statement: &ToldStatement) {
        if let Some(as_before) = self.told_before(statement) {
            self.equal_before = as_before;
            self.unclear = self.comes_back(statement);
            return;
        }
        let Some(opening) = statement.opening_minor else { return };
        let goes_on = self.of_first_day().rev().find(|row| row.closing_minor == Some(opening));
        let begins_again =
            |row: &BankStatement| row.first_day == self.first_day && row.opening_minor == Some(opening);
        let again = self.neighbours.iter().any(begins_again);
        match (goes_on, again) {
            (Some(_), true) => self.unclear = true,
            (Some(before), false) => self.equal_before = equal_lines_of(before),
            (None, _) => {}
        }
    }

    /// Whether others of the day lead from its closing balance to its opening one: the same could have happened again.
    fn comes_back(&self, statement: &ToldStatement) -> bool {
        let (Some(opening), Some(closing)) = (statement.opening_minor, statement.closing_minor) else {
            return false;
        };
        // One that closes where it opened leads nowhere by itself; another has to have moved the balance between.
        let moves = |row: &&BankStatement| row.opening_minor != row.closing_minor;
        let (mut from, mut reached) = (BTreeSet::from([closing]), BTreeSet::new());
        for _ in 0..PARTS_MAX {
            let on = self.of_first_day().filter(moves);
            let on = on.filter(|row| row.opening_minor.is_some_and(|at| from.contains(&at)));
            let next: BTreeSet<i64> = on.filter_map(|row| row.closing_minor).collect();
            if next.is_subset(&reached) {
                break;
            }
            from.extend(&next);
            reached.extend(next);
        }
        reached.contains(&opening)
    }

    /// The statements before this one that end on its first day.
    fn of_first_day(&self) -> impl DoubleEndedIterator<Item = &BankStatement> {
        self.neighbours.iter().filter(|row| row.last_day == self.first_day)
    }

    /// How many equal lines were before it when the very same statement was taken; none if it never was.
    fn told_before(&self, statement: &ToldStatement) -> Option<BTreeMap<String, usize>> {
        let count = i64::try_from(statement.lines.len()).unwrap_or(i64::MAX);
        let alike = |row: &&BankStatement| {
            (row.first_day, row.last_day, row.lines_count) == (self.first_day, self.last_day, count)
                && (row.opening_minor, row.closing_minor)
                    == (statement.opening_minor, statement.closing_minor)
        };
        let alike: Vec<StatementId> = self.neighbours.iter().filter(alike).map(|row| row.id).collect();
        if alike.is_empty() {
            return None;
        }
        let left = self.of_first_day().rev().take(PARTS_MAX).map(equal_lines_of);
        std::iter::once(BTreeMap::new()).chain(left).find(|before| {
            let ids: Vec<BankLineId> =
                statement.lines.iter().map(|told| self.line_id(told, before)).collect();
            alike.contains(&self.id_of(statement, &ids))
        })
    }

    fn line_id(&self, told: &Told, equal_before: &BTreeMap<String, usize>) -> BankLineId {
        let before = self.count_before(told, equal_before);
        BankLine::id_of(self.whose.0, self.whose.1, told.booked_day, &told.content(before))
    }

    /// How many lines of the same content the line's day had before its statement began.
    #[must_use]
    pub fn before(&self, told: &Told) -> usize {
        self.count_before(told, &self.equal_before)
    }

    fn count_before(&self, told: &Told, equal_before: &BTreeMap<String, usize>) -> usize {
        if told.booked_day != self.first_day || !told.bank_ref.is_empty() || equal_before.is_empty() {
            return 0;
        }
        equal_before.get(&self.name(told)).copied().unwrap_or(0)
    }

    fn id_of(&self, statement: &ToldStatement, lines: &[BankLineId]) -> StatementId {
        let balances = format!("{:?} {:?}", statement.opening_minor, statement.closing_minor);
        let account = self.whose.1.id128().0;
        let ids: Vec<[u8; 16]> = lines.iter().map(|line| line.id128().0).collect();
        let mut parts: Vec<&[u8]> = vec![&account, balances.as_bytes()];
        parts.extend(ids.iter().map(<[u8; 16]>::as_slice));
        BankStatement::id_of(self.whose.0, &parts)
    }

    /// The statement as a whole; none where it has no lines.
    #[must_use]
    pub fn tell(&self, statement: &ToldStatement, lines: &[BankLineId]) -> Option<TellStatement> {
        lines.first()?;
        Some(TellStatement {
            id: self.id_of(statement, lines),
            first_day: self.first_day,
            last_day: self.last_day,
            opening_minor: statement.opening_minor,
            closing_minor: statement.closing_minor,
            lines_count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
            equal_lines: json!(self.equal_lines(statement)).to_string(),
            unclear: self.unclear,
            gap_after_minor: self.before_gap(statement.opening_minor).and_then(|row| row.closing_minor),
            fills: self.fills(statement.closing_minor),
            ends: true,
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

/// How many lines of each content a statement left its last day with.
fn equal_lines_of(row: &BankStatement) -> BTreeMap<String, usize> {
    serde_json::from_str(&row.equal_lines).unwrap_or_default()
}

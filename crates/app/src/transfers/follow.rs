//! How a statement follows on those taken before: which of its equal lines are new, and whether anything is missing.

use super::Bring;
use crate::{App, Failure};
use serde_json::json;
use std::collections::BTreeMap;
use tk_channels::bank::{Told, ToldStatement};
use tk_domain::id::{BankLineId, StatementId, TypedId};
use tk_domain::transfer::{BankLine, BankStatement, TellStatement};

/// How many days before a statement its neighbours are looked for.
const NEIGHBOUR_DAYS: i64 = 40;
/// The most contents of lines without numbers that one statement's last day is remembered by.
const EQUAL_MAX: usize = 20_000;

/// What is known of a statement's neighbours.
#[derive(Debug, Default)]
pub(crate) struct Follow {
    neighbours: Vec<BankStatement>,
    first_day: i64,
    last_day: i64,
    /// How many lines of each content the first day had before this statement began.
    equal_before: BTreeMap<String, usize>,
}

impl App {
    /// Reads what a statement follows on.
    pub(crate) async fn follow(&self, bring: &Bring, statement: &ToldStatement) -> Result<Follow, Failure> {
        let days = || statement.lines.iter().map(|line| line.booked_day);
        let (Some(first_day), Some(last_day)) = (days().min(), days().max()) else {
            return Ok(Follow::default());
        };
        let span = (first_day.saturating_sub(NEIGHBOUR_DAYS), last_day.saturating_add(NEIGHBOUR_DAYS));
        let neighbours =
            self.reader().bank_statements(bring.tenant_id, bring.channel_account_id, span).await?;
        let mut follow = Follow { neighbours, first_day, last_day, equal_before: BTreeMap::new() };
        follow.equal_before = follow.of_the_same_day(statement.opening_minor).unwrap_or_default();
        Ok(follow)
    }
}

impl Follow {
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
    pub(super) fn before(&self, bring: &Bring, told: &Told) -> usize {
        if told.booked_day != self.first_day || !told.bank_ref.is_empty() || self.equal_before.is_empty() {
            return 0;
        }
        self.equal_before.get(&name(bring, told)).copied().unwrap_or(0)
    }

    /// The statement as a whole; none where it has no lines.
    pub(super) fn tell(
        &self,
        (bring, statement): (&Bring, &ToldStatement),
        lines: &[BankLineId],
    ) -> Option<TellStatement> {
        lines.first()?;
        let balances = format!("{:?} {:?}", statement.opening_minor, statement.closing_minor);
        let account = bring.channel_account_id.id128().0;
        let ids: Vec<[u8; 16]> = lines.iter().map(|line| line.id128().0).collect();
        let mut parts: Vec<&[u8]> = vec![&account, balances.as_bytes()];
        parts.extend(ids.iter().map(<[u8; 16]>::as_slice));
        Some(TellStatement {
            id: BankStatement::id_of(bring.tenant_id, &parts),
            first_day: self.first_day,
            last_day: self.last_day,
            opening_minor: statement.opening_minor,
            closing_minor: statement.closing_minor,
            lines_count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
            equal_lines: json!(self.equal_lines(bring, statement)).to_string(),
            gap_after_minor: self.gap(statement.opening_minor),
            fills: self.fills(statement.closing_minor),
        })
    }

    /// How many equal lines without numbers the last day has, those before this statement included.
    fn equal_lines(&self, bring: &Bring, statement: &ToldStatement) -> BTreeMap<String, usize> {
        let one_day = self.first_day == self.last_day;
        let mut equal = if one_day { self.equal_before.clone() } else { BTreeMap::new() };
        let of_last_day = |told: &&Told| told.booked_day == self.last_day && told.bank_ref.is_empty();
        for told in statement.lines.iter().filter(of_last_day) {
            if equal.len() >= EQUAL_MAX {
                return BTreeMap::new();
            }
            *equal.entry(name(bring, told)).or_default() += 1;
        }
        equal
    }

    /// The closing balance of the statement before, if this one does not begin with it and does not overlap it.
    fn gap(&self, opening_minor: Option<i64>) -> Option<i64> {
        let opening = opening_minor?;
        let told = |row: &&BankStatement| row.closing_minor.is_some() && row.first_day <= self.first_day;
        let before = || self.neighbours.iter().filter(told);
        let known =
            before().any(|row| row.closing_minor == Some(opening) || row.opening_minor == Some(opening));
        let last = before().next_back().filter(|_| !known)?;
        let one_day = last.first_day == last.last_day && last.last_day == self.first_day;
        let apart = last.last_day < self.first_day || one_day;
        last.closing_minor.filter(|_| apart)
    }

    /// Where this statement begins and the one before it ended, minor units, if those differ.
    pub(crate) fn broken(&self, opening_minor: Option<i64>) -> Option<(i64, i64)> {
        self.gap(opening_minor).zip(opening_minor)
    }

    /// The later statement that begins with the balance that this one closes with.
    fn fills(&self, closing_minor: Option<i64>) -> Option<StatementId> {
        let closing = closing_minor?;
        let follows =
            |row: &&BankStatement| row.first_day >= self.last_day && row.opening_minor == Some(closing);
        self.neighbours.iter().find(follows).map(|row| row.id)
    }
}

/// Names the content of a line within its account and day.
fn name(bring: &Bring, told: &Told) -> String {
    let (tenant, account) = (bring.tenant_id, bring.channel_account_id);
    BankLine::id_of(tenant, account, told.booked_day, &told.naked_content()).to_string()
}

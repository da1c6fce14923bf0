//! Whether the lines in the books make what the bank's statements say, day by day.

use crate::audit::{Act, Origin};
use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::{ChannelAccountId, ExceptionId, TenantId};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::BankStatement;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Days whose statements follow one another without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldDays {
    /// The first of them, days since 1970-01-01.
    pub first_day: i64,
    /// The last of them.
    pub last_day: i64,
    /// How many lines the statements tell of, each counted once.
    pub lines_count: i64,
    /// What those brought, the last balance less the first, minor units.
    pub brought_minor: i64,
}

impl ToldDays {
    /// The days around this one as far as statements join them; none where the statements leave open with which balance
    /// those days begin, or say different things. What is told again, in parts or as a whole, is counted once.
    #[must_use]
    pub fn around(statements: &[BankStatement], day: i64) -> Option<Self> {
        let (mut first_day, mut last_day) = (day, day);
        let mut joined: Vec<&BankStatement> = Vec::new();
        for _ in 0..=statements.len() {
            let reaches = |row: &&BankStatement| row.first_day <= last_day && row.last_day >= first_day;
            joined = statements.iter().filter(reaches).collect();
            let (first, last) = joined.iter().fold((first_day, last_day), |(first, last), row| {
                (first.min(row.first_day), last.max(row.last_day))
            });
            if (first, last) == (first_day, last_day) {
                break;
            }
            (first_day, last_day) = (first, last);
        }
        let steps = joined.iter().map(|row| Some((row.opening_minor?, row.closing_minor?, row.lines_count)));
        let steps: Vec<(i64, i64, i64)> = steps.collect::<Option<_>>()?;
        if let [(opening, closing, lines_count)] = *steps.as_slice() {
            let brought_minor = closing.checked_sub(opening)?;
            return Some(Self { first_day, last_day, lines_count, brought_minor });
        }
        let (begins, reached) = reached(&steps)?;
        let most = reached.values().copied().max()?;
        let mut furthest = reached.iter().filter(|(_, lines)| **lines == most);
        let (Some((ends, _)), None) = (furthest.next(), furthest.next()) else { return None };
        Some(Self { first_day, last_day, lines_count: most, brought_minor: ends.checked_sub(begins)? })
    }
}

/// From the one balance that no statement closes with: each balance that statements lead to one after the other, and the
/// most lines on the way there. A statement that tells of less of a day than another is the beginning of it.
fn reached(steps: &[(i64, i64, i64)]) -> Option<(i64, BTreeMap<i64, i64>)> {
    let closings: BTreeSet<i64> = steps.iter().map(|(_, closing, _)| *closing).collect();
    let openings: BTreeSet<i64> = steps.iter().map(|(opening, ..)| *opening).collect();
    let mut begins = openings.difference(&closings);
    let (Some(begins), None) = (begins.next().copied(), begins.next()) else { return None };
    let mut reached = BTreeMap::from([(begins, 0_i64)]);
    for _ in 0..=steps.len() {
        let before = reached.clone();
        for (opening, closing, lines) in steps {
            let Some(so_far) = reached.get(opening).copied() else { continue };
            let there = reached.entry(*closing).or_insert(0);
            *there = (*there).max(so_far.saturating_add(*lines));
        }
        if before == reached {
            return Some((begins, reached));
        }
    }
    // Balances that come back lead round in a circle.
    None
}

/// The most days whose matters one comparison looks at.
const DAYS_MAX: i64 = 100;

/// Compares what statements say with what is in the books, and tells a person where they differ.
#[derive(Debug, Clone)]
pub struct ProveDays {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// What its statements say.
    pub told: ToldDays,
    /// How many lines of those days are booked.
    pub booked_count: i64,
    /// Their sum, minor units.
    pub booked_minor: i64,
    /// The last of these days goes on: its lines may come before the statement that tells of them.
    pub goes_on: bool,
}

impl ProveDays {
    fn id_on(&self, day: i64) -> ExceptionId {
        let subject = format!("{}/days/{day}", self.channel_account_id);
        Exception::id_of(self.tenant_id, ExceptionKind::StatementOverlap, &subject)
    }

    /// The days that a matter may have been raised for before others joined them.
    fn days(&self) -> impl Iterator<Item = i64> {
        let first = self.told.first_day.max(self.told.last_day.saturating_sub(DAYS_MAX));
        first..=self.told.last_day
    }
}

impl Command for ProveDays {
    type Reply = ();

    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Posting
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        for day in self.days() {
            wants.add(Want::Exception(self.tenant_id, self.id_on(day)));
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        let mut changes = Changes::default();
        let told = (self.told.lines_count, self.told.brought_minor);
        if (self.booked_count, self.booked_minor) == told {
            for day in self.days() {
                let matter = (self.tenant_id, self.id_on(day));
                changes.put_some(Exception::settled(matter, snapshot, moment.now_us));
            }
            return Ok(Decision::new((), changes));
        }
        if self.goes_on && self.booked_count >= self.told.lines_count {
            return Ok(Decision::new((), changes));
        }
        let missing = self.told.brought_minor.saturating_sub(self.booked_minor);
        let detail = json!({
            "channel_account": self.channel_account_id, "first_day": self.told.first_day,
            "last_day": self.told.last_day, "statements_lines": self.told.lines_count,
            "booked_lines": self.booked_count, "statements_minor": self.told.brought_minor,
            "booked_minor": self.booked_minor,
        });
        let raised = Exception {
            tenant_id: self.tenant_id,
            id: self.id_on(self.told.last_day),
            kind: ExceptionKind::StatementOverlap,
            payment_id: None,
            attempt_id: None,
            refund_id: None,
            amount_minor: missing.saturating_abs(),
            detail: detail.to_string(),
            resolution: None,
            status: ExceptionStatus::Open,
            opened_at_us: moment.now_us,
            closed_at_us: None,
            version: 0,
        };
        if let Some(raised) = raised.unless_open(snapshot) {
            let origin = Origin::system();
            changes.audit((self.tenant_id, &origin), Act::ExceptionOpen, &raised.id, &detail, moment);
            changes.put(raised);
        }
        Ok(Decision::new((), changes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Id128, StatementId};

    fn statement(days: (i64, i64), ends: (Option<i64>, Option<i64>), lines_count: i64) -> BankStatement {
        BankStatement {
            tenant_id: TenantId::default(),
            id: StatementId(Id128::default()),
            channel_account_id: ChannelAccountId::default(),
            first_day: days.0,
            last_day: days.1,
            opening_minor: ends.0,
            closing_minor: ends.1,
            lines_count,
            equal_lines: "{}".to_owned(),
            made_by: "bank".to_owned(),
            created_at_us: 0,
            version: 1,
        }
    }

    #[test]
    fn parts_and_wholes_of_the_same_days_are_counted_once() {
        let one = statement((7, 7), (Some(100), Some(150)), 1);
        let two = statement((7, 7), (Some(150), Some(200)), 2);
        let told = |last_day, lines_count, brought_minor| {
            Some(ToldDays { first_day: 7, last_day, lines_count, brought_minor })
        };
        assert_eq!(ToldDays::around(&[one.clone(), two.clone()], 7), told(7, 3, 100));
        let whole = statement((7, 7), (Some(100), Some(200)), 3);
        assert_eq!(ToldDays::around(&[two.clone(), whole, one.clone()], 7), told(7, 3, 100), "told again");
        let more = statement((7, 7), (Some(100), Some(260)), 5);
        assert_eq!(
            ToldDays::around(&[one.clone(), more, two.clone()], 7),
            told(7, 5, 160),
            "and more of the day"
        );
        let late = statement((7, 8), (Some(200), Some(260)), 1);
        let next = statement((9, 9), (Some(260), Some(1)), 1);
        let joined = [one.clone(), two.clone(), late, next];
        assert_eq!(ToldDays::around(&joined, 7), told(8, 4, 160), "a late line joins its days");
        assert_eq!(ToldDays::around(&joined, 8), told(8, 4, 160));
        let emptied = statement((7, 7), (Some(0), Some(0)), 6);
        assert_eq!(ToldDays::around(&[emptied], 7), told(7, 6, 0), "an account that is emptied each night");
    }

    #[test]
    fn nothing_is_said_of_days_whose_statements_leave_something_open() {
        let one = statement((7, 7), (Some(100), Some(150)), 1);
        let torn = statement((7, 7), (Some(170), Some(200)), 1);
        assert_eq!(ToldDays::around(&[one.clone(), torn], 7), None, "what lies between is not known");
        assert_eq!(ToldDays::around(&[one.clone(), statement((7, 7), (None, None), 1)], 7), None);
        assert_eq!(ToldDays::around(std::slice::from_ref(&one), 8), None, "no statement tells of that day");
        let back = statement((7, 7), (Some(150), Some(100)), 1);
        assert_eq!(ToldDays::around(&[one.clone(), back], 7), None, "a circle begins nowhere");
        let before = statement((7, 7), (Some(90), Some(100)), 1);
        let round = statement((7, 7), (Some(150), Some(100)), 1);
        assert_eq!(ToldDays::around(&[before, one, round], 7), None, "nor does one on the way end");
    }
}

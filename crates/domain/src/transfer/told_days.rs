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
use std::collections::BTreeSet;

/// Days whose statements follow one another without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldDays {
    /// The first of them, days since 1970-01-01.
    pub first_day: i64,
    /// The last of them.
    pub last_day: i64,
    /// What they brought, the last balance less the first, minor units.
    pub brought_minor: i64,
}

impl ToldDays {
    /// The days around this one as far as statements join them; none where the statements leave open with which balance
    /// those days begin or end. Statements that tell of the same again, in parts or as a whole, change nothing.
    #[must_use]
    pub fn around(statements: &[BankStatement], day: i64) -> Option<Self> {
        let (mut first_day, mut last_day) = (day, day);
        let mut joined = Vec::new();
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
        let ends = joined.iter().map(|row| row.opening_minor.zip(row.closing_minor));
        let ends: Vec<(i64, i64)> = ends.collect::<Option<_>>()?;
        let opening: BTreeSet<i64> = ends.iter().map(|(opening, _)| *opening).collect();
        let closing: BTreeSet<i64> = ends.iter().map(|(_, closing)| *closing).collect();
        let only =
            |mut left: std::collections::btree_set::Difference<'_, i64>| match (left.next(), left.next()) {
                (Some(one), None) => Some(*one),
                _ => None,
            };
        let (begins, ends) = (only(opening.difference(&closing))?, only(closing.difference(&opening))?);
        Some(Self { first_day, last_day, brought_minor: ends.checked_sub(begins)? })
    }
}

/// Compares what statements say with what is in the books, and tells a person where they differ.
#[derive(Debug, Clone)]
pub struct ProveDays {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// What its statements say.
    pub told: ToldDays,
    /// The sum of the booked lines of those days, minor units.
    pub booked_minor: i64,
}

impl ProveDays {
    fn id(&self) -> ExceptionId {
        let subject = format!("{}/days/{}", self.channel_account_id, self.told.last_day);
        Exception::id_of(self.tenant_id, ExceptionKind::StatementOverlap, &subject)
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
        wants.add(Want::Exception(self.tenant_id, self.id()));
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        let mut changes = Changes::default();
        let missing = self.told.brought_minor.saturating_sub(self.booked_minor);
        if missing == 0 {
            let matter = (self.tenant_id, self.id());
            changes.put_some(Exception::settled(matter, snapshot, moment.now_us));
            return Ok(Decision::new((), changes));
        }
        let detail = json!({
            "channel_account": self.channel_account_id, "first_day": self.told.first_day,
            "last_day": self.told.last_day, "statements_minor": self.told.brought_minor,
            "booked_minor": self.booked_minor,
        });
        let raised = Exception {
            tenant_id: self.tenant_id,
            id: self.id(),
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

    fn statement(days: (i64, i64), ends: (Option<i64>, Option<i64>)) -> BankStatement {
        BankStatement {
            tenant_id: TenantId::default(),
            id: StatementId(Id128::default()),
            channel_account_id: ChannelAccountId::default(),
            first_day: days.0,
            last_day: days.1,
            opening_minor: ends.0,
            closing_minor: ends.1,
            lines_count: 1,
            equal_lines: "{}".to_owned(),
            made_by: "bank".to_owned(),
            created_at_us: 0,
            version: 1,
        }
    }

    #[test]
    fn parts_and_wholes_of_the_same_days_say_the_same() {
        let whole = |from, to| (Some(from), Some(to));
        let parts = [statement((7, 7), whole(100, 150)), statement((7, 7), whole(150, 200))];
        let told = Some(ToldDays { first_day: 7, last_day: 7, brought_minor: 100 });
        assert_eq!(ToldDays::around(&parts, 7), told);
        let [one, two] = parts;
        let again = [two.clone(), statement((7, 7), whole(100, 200)), one.clone()];
        assert_eq!(ToldDays::around(&again, 7), told, "in any order, and told again");
        let late =
            [one.clone(), two.clone(), statement((7, 8), whole(200, 260)), statement((9, 9), whole(260, 1))];
        let joined = Some(ToldDays { first_day: 7, last_day: 8, brought_minor: 160 });
        assert_eq!(ToldDays::around(&late, 7), joined, "a late line joins its days, another day stays apart");
        assert_eq!(ToldDays::around(&late, 8), joined);
        let torn = [one.clone(), statement((7, 7), whole(170, 200))];
        assert_eq!(ToldDays::around(&torn, 7), None, "what lies between is not known");
        assert_eq!(ToldDays::around(&[one, statement((7, 7), (None, None))], 7), None);
        assert_eq!(ToldDays::around(&[two], 8), None, "no statement tells of that day");
    }
}

//! A share that has ended, and of which the channel says the opposite.

use super::{ShareResult, ShareTold, Taking};
use crate::exception::{ExceptionKind, ExceptionStatus};
use crate::ledger::AccountRef;
use crate::moment::Moment;
use crate::payment::clipped;
use crate::report::Source;
use crate::split::view::split_event;
use crate::split::{SplitLine, SplitLineStatus, SplitState, postings};
use crate::webhook::EventKind;
use serde_json::json;
use std::collections::BTreeMap;

impl Taking<'_> {
    /// The opposite said of a share after its end is money in another place than the books say: a person is told, and the
    /// channel is asked once more. Said again in answer to that it is booked, unless a refund has touched the share since:
    /// who bears it then only a person can say. Whether it is to be asked once more.
    pub(super) fn contradicted(&mut self, told: &[ShareTold], moment: &mut Moment<'_>) -> bool {
        let lines = &self.lines;
        let against = |one: &ShareTold| {
            let line = lines.iter().find(|line| line.id == one.line_id)?;
            let opposite = match &one.result {
                ShareResult::Pending => false,
                ShareResult::Paid => line.status == SplitLineStatus::Failed,
                ShareResult::Failed { .. } => line.status == SplitLineStatus::Done,
            };
            opposite.then(|| (line.clone(), one.result.clone()))
        };
        let against: Vec<(SplitLine, ShareResult)> = told.iter().filter_map(against).collect();
        let (sure, news): (Vec<_>, Vec<_>) =
            against.into_iter().partition(|(line, _)| self.said_before(line));
        self.tell(&news, moment);
        let untouched = |line: &SplitLine| line.returned_minor == 0 && line.returning_minor == 0;
        let doubtful = news.iter().any(|(line, _)| untouched(line));
        let reversed: Vec<_> = sure.into_iter().filter(|(line, _)| untouched(line)).collect();
        if !reversed.is_empty() {
            let mut taken = BTreeMap::new();
            for (line, result) in reversed {
                self.reverse((line, &result), &mut taken, moment);
            }
            self.tell_order_system(moment);
        }
        doubtful
    }

    /// Whether a person was told of it, and this answers the question that was put because of it.
    fn said_before(&self, line: &SplitLine) -> bool {
        let name = (self.split.tenant_id, super::exception_id(&self.split, ExceptionKind::SplitContradicted));
        let told = self.snapshot.exceptions.get(&name);
        let told = told.is_some_and(|row| {
            row.status == ExceptionStatus::Open && row.detail.contains(&line.id.to_string())
        });
        told && self.source == Source::Query && self.instruction.lease_until_us > 0
    }

    fn tell(&mut self, news: &[(SplitLine, ShareResult)], moment: &Moment<'_>) {
        if news.is_empty() {
            return;
        }
        let share = |(line, _): &(SplitLine, ShareResult)| json!({ "share": line.id, "amount": line.amount_minor, "booked": line.status });
        let shares: Vec<serde_json::Value> = news.iter().map(share).collect();
        let amount_minor = postings::sum(news.iter().map(|(line, _)| line.amount_minor));
        let detail = json!({ "split": self.split.id, "source": self.source, "shares": shares });
        self.raise(ExceptionKind::SplitContradicted, (amount_minor, &detail), moment);
    }

    fn reverse(
        &mut self,
        (mut line, result): (SplitLine, &ShareResult),
        taken: &mut BTreeMap<AccountRef, i64>,
        moment: &mut Moment<'_>,
    ) {
        let (about, split) = (self.about(), self.split.clone());
        line.ended_at_us = Some(moment.now_us);
        match result {
            ShareResult::Pending => return,
            ShareResult::Paid => {
                let bearing = self.bearing(line.amount_minor, taken, moment.now_us);
                let entry = postings::paid_after_all(&split, about, &line, bearing, moment);
                self.changes.put_some(entry);
                (line.status, line.failure_code) = (SplitLineStatus::Done, None);
                let paid = postings::paid(&split, about, std::slice::from_ref(&line), moment);
                self.changes.put_some(paid);
            }
            ShareResult::Failed { code } => {
                self.changes.put_some(postings::not_paid_after_all(&split, about, &line, moment));
                line.status = SplitLineStatus::Failed;
                line.failure_code = Some(clipped(code, 64));
                let failed = postings::failed(&split, about, std::slice::from_ref(&line), moment);
                self.changes.put_some(failed);
            }
        }
        if let Some(own) = self.lines.iter_mut().find(|own| own.id == line.id) {
            *own = line.clone();
        }
        self.changes.put(line);
    }

    /// What the merchant has of it beside what others of its shares took, and what it owes.
    fn bearing(
        &self,
        minor: i64,
        taken: &mut BTreeMap<AccountRef, i64>,
        now_us: i64,
    ) -> (Vec<(AccountRef, i64)>, i64) {
        let mut open_minor = minor;
        let draw = |name: AccountRef| {
            let gone = taken.entry(name).or_default();
            let available = self.snapshot.account(&name, now_us).available_minor().saturating_sub(*gone);
            let part = available.clamp(0, open_minor);
            *gone = gone.saturating_add(part);
            open_minor = open_minor.saturating_sub(part);
            (name, part)
        };
        let drawn = self.payment.bearing_accounts().into_iter().map(draw).collect();
        (drawn, open_minor)
    }

    /// A split that has ended says of its shares what is booked now.
    fn tell_order_system(&mut self, moment: &mut Moment<'_>) {
        if !self.split.status.terminal() {
            return;
        }
        let paid = self.lines.iter().any(|line| line.status == SplitLineStatus::Done);
        let (status, kind) = if paid {
            (SplitState::Succeeded, EventKind::SplitSucceeded)
        } else {
            (SplitState::Failed, EventKind::SplitFailed)
        };
        self.split.status = status;
        self.split.updated_at_us = moment.now_us;
        let event = split_event(kind, &mut self.split, &self.lines, moment);
        self.changes.put(event);
    }
}

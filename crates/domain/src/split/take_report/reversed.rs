//! A share that has ended, and of which the channel says the opposite.

use super::{ShareResult, ShareTold, Taking};
use crate::command::{Want, Wants};
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::ExceptionId;
use crate::ledger::{AccountKind, AccountRef};
use crate::moment::Moment;
use crate::payment::{Payment, clipped};
use crate::report::Source;
use crate::snapshot::Snapshot;
use crate::split::begin::release_the_rest;
use crate::split::create::lines_of;
use crate::split::view::split_event;
use crate::split::{Split, SplitLine, SplitLineStatus, SplitState, postings};
use crate::webhook::EventKind;
use serde_json::json;
use std::collections::BTreeMap;

/// What the opposite said of a share that has ended concerns.
pub(super) fn want_reversal((payment, split): (&Payment, &Split), snapshot: &Snapshot, wants: &mut Wants) {
    let lines = lines_of(payment, snapshot);
    let ended: Vec<&SplitLine> =
        lines.into_iter().filter(|line| line.split_id == split.id && line.ended_at_us.is_some()).collect();
    if ended.is_empty() {
        return;
    }
    for line in ended {
        wants.add(Want::Exception(line.tenant_id, matter_of(line)));
    }
    let (kind, currency) = (AccountKind::RefundReceivable, payment.currency);
    let owed = AccountRef::merchant(payment.tenant_id, payment.merchant_id, kind, currency);
    wants.add(Want::Account(owed));
    payment.bearing_accounts().into_iter().for_each(|name| wants.add(Want::Account(name)));
}

/// The matter that a channel says the opposite of one share.
fn matter_of(line: &SplitLine) -> ExceptionId {
    Exception::id_of(line.tenant_id, ExceptionKind::SplitContradicted, &line.id.to_string())
}

impl Taking<'_> {
    /// The opposite said of a share after its end is money in another place than the books say: a person is told, and the
    /// channel is asked once more. Said again in answer to that it is booked, unless a refund has touched the share since:
    /// who bears it then only a person can say. Whether it is to be asked once more, as what was booked against an earlier
    /// word is too.
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
        let reversed: Vec<_> = sure.into_iter().filter(|(line, _)| untouched(line)).collect();
        let doubtful = !reversed.is_empty() || news.iter().any(|(line, _)| untouched(line));
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
        let told = self.snapshot.exceptions.get(&(line.tenant_id, matter_of(line)));
        told.is_some_and(|row| row.status == ExceptionStatus::Open)
            && self.source == Source::Query
            && self.instruction.lease_until_us > 0
    }

    fn tell(&mut self, news: &[(SplitLine, ShareResult)], moment: &Moment<'_>) {
        for (line, _) in news {
            let detail = json!({
                "split": self.split.id, "share": line.id, "booked": line.status, "source": self.source,
            });
            let name = (ExceptionKind::SplitContradicted, matter_of(line));
            self.raise(name, (line.amount_minor, &detail), moment);
        }
    }

    fn reverse(
        &mut self,
        (mut line, result): (SplitLine, &ShareResult),
        taken: &mut BTreeMap<AccountRef, i64>,
        moment: &mut Moment<'_>,
    ) {
        let (about, split) = (self.about(), self.split.clone());
        let matter = Exception::settled((line.tenant_id, matter_of(&line)), self.snapshot, moment.now_us);
        self.changes.put_some(matter);
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

    /// Shares proven not paid are told to a person as ever, and what the channel keeps of them after the last split is
    /// released, once; the matter is settled when none is left.
    fn follow_failed(&mut self, moment: &mut Moment<'_>) {
        let failed = self.lines.iter().filter(|line| line.status == SplitLineStatus::Failed).count();
        if failed == 0 {
            let id = super::exception_id(&self.split, ExceptionKind::SplitFailed);
            let name = (self.split.tenant_id, id);
            self.changes.put_some(Exception::settled(name, self.snapshot, moment.now_us));
            return;
        }
        let detail = json!({ "split": self.split.id, "shares": failed, "code": self.split.failure_code });
        self.exception(ExceptionKind::SplitFailed, &detail, moment);
        let newest = Split::id_of(self.payment.id, self.payment.splits_count.saturating_sub(1));
        if self.split.last && newest == self.split.id {
            let to = (self.snapshot, &mut self.changes);
            release_the_rest((&mut self.payment, self.attempt), to, moment);
            self.payment.updated_at_us = moment.now_us;
        }
    }

    /// A split that has ended says of its shares what is booked now.
    fn tell_order_system(&mut self, moment: &mut Moment<'_>) {
        if !self.split.status.terminal() {
            return;
        }
        self.follow_failed(moment);
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

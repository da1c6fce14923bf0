//! A split that two persons gave up: it is never said again, and ends when the channel shows that nothing of it moved.

use super::{ShareResult, SplitFinding, Taking, whole};
use crate::moment::Moment;
use crate::report::Source;
use crate::split::abandon::{ABANDONED, Abandonment};
use crate::split::create::lines_of;
use crate::split::{SplitLine, SplitLineStatus, postings};

impl Taking<'_> {
    pub(super) fn given_up(&self) -> Option<Abandonment> {
        self.split.abandonment().and_then(Abandonment::approved)
    }

    /// When the channel is asked next about a split that was given up: what was said until now has to have arrived by then,
    /// or never will.
    pub(super) fn asked_again_from(&mut self, mut given_up: Abandonment, now_us: i64) -> i64 {
        if self.source == Source::Reply {
            given_up.said(now_us);
            self.split.abandonment = given_up.text();
        }
        given_up.proves_from_us
    }

    /// The channel knows no such split and says what of the order is not divided: that may be the proof.
    pub(super) fn undivided(&mut self, amount_minor: i64, moment: &mut Moment<'_>) {
        let in_time = |given_up: Abandonment| given_up.proves_from_us <= moment.now_us;
        let proves = self.source == Source::Query && self.given_up().is_some_and(in_time);
        if !proves || !self.untouched(amount_minor) {
            return self.find(&SplitFinding::NotFound, moment);
        }
        self.split.failure_code.get_or_insert_with(|| ABANDONED.to_owned());
        let told = ShareResult::Failed { code: ABANDONED.to_owned() };
        let all: Vec<_> = self.lines.iter().map(|line| whole(line, told.clone())).collect();
        self.shares(&all, moment);
    }

    /// Whether so much is undivided that not even the smallest of these shares can have been paid: what came in, less what
    /// other splits are proven to have paid, bounds it from above. Refunds and the channel's fee only make less of it.
    fn untouched(&self, amount_minor: i64) -> bool {
        let elsewhere = |line: &&&SplitLine| {
            line.split_id != self.split.id
                && line.to_receiver_id.is_some()
                && line.status == SplitLineStatus::Done
        };
        let lines = lines_of(&self.payment, self.snapshot);
        // What came back of them is the merchant's, and undivided no more (请求分账回退).
        let paid_minor = postings::sum(lines.iter().filter(elsewhere).map(|line| line.amount_minor));
        let most_minor = self.attempt.settled_minor().saturating_sub(paid_minor);
        let smallest = self.lines.iter().map(|line| line.amount_minor).min();
        let without = smallest.map(|minor| most_minor.saturating_sub(minor));
        amount_minor <= most_minor && without.is_some_and(|without| amount_minor > without)
    }
}

//! What a refund takes back of shares: in proportion to all that was refunded, exactly the whole in the end.

use super::begin::gone_minor;
use super::came_back;
use super::create::{lines_of, want_lines};
use super::limits::{SplitLimits, split_limits};
use super::postings;
use super::rows::{Receiver, ReturnMode, ReturnStatus, SplitLine, SplitLineStatus, SplitReturn};
use crate::command::{Want, Wants};
use crate::decision::{Change, Changes};
use crate::id::{AttemptId, RefundId, TypedId};
use crate::instruction::InstructionStatus;
use crate::ledger::{AccountKind, AccountRef, EntryKind};
use crate::moment::Moment;
use crate::payment::{Payment, out_no};
use crate::refund::Refund;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use std::collections::BTreeMap;
use tk_money::{Amount, Rounding, proportion};

/// What one refund takes back of the shares of its payment.
#[derive(Debug, Default)]
pub(crate) struct Undoing {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    line: SplitLine,
    mode: ReturnMode,
    amount_minor: i64,
    cash_minor: i64,
}

/// The shares of a payment, what a refund of it takes back of them, and the accounts that they lie on.
pub(crate) fn want_undoing(
    payment: &Payment,
    refund_id: Option<RefundId>,
    snapshot: &Snapshot,
    wants: &mut Wants,
) {
    want_lines(payment, wants);
    for n in refund_id.into_iter().flat_map(|id| (0..payment.split_lines_count).map(move |n| (id, n))) {
        let id = SplitReturn::id_of(n.0, n.1);
        wants.add(Want::Instruction(payment.tenant_id, id.id128()));
        wants.add(Want::SplitReturn(payment.tenant_id, id));
    }
    for line in lines_of(payment, snapshot) {
        for name in drawn_from(line) {
            wants.add(Want::Account(name));
        }
    }
}

/// The receiver's accounts that a share comes back from, in order.
fn drawn_from(line: &SplitLine) -> Vec<AccountRef> {
    let cash = match line.receiver() {
        Some(Receiver::Merchant(id)) => {
            Some(AccountRef::merchant(line.tenant_id, id, AccountKind::Cash, line.currency))
        }
        Some(Receiver::Party(_)) | None => None,
    };
    line.account().into_iter().chain(cash).collect()
}

impl Undoing {
    /// What a refund of `amount_minor` asked for at `now_us` takes back; refused where a receiving merchant no longer has
    /// it. Money that does not count for the payment was never shared, and what a channel no longer gives back the
    /// merchant bears.
    pub(crate) fn of(
        payment: &Payment,
        attempt_id: AttemptId,
        (amount_minor, now_us): (i64, i64),
        snapshot: &Snapshot,
    ) -> Result<Self, Refusal> {
        let mut parts = Vec::new();
        if payment.effective_attempt_id != Some(attempt_id) {
            return Ok(Self { parts });
        }
        let attempt = snapshot.attempts.get(&(payment.tenant_id, attempt_id));
        let limits = attempt.and_then(|attempt| split_limits(attempt.channel));
        let by_channel = attempt.map_or(ReturnMode::Along, came_back::mode_of);
        let whole = payment.refund_base_minor();
        let gone = gone_minor(payment).saturating_add(amount_minor).min(whole);
        let mut drawn = Drawn::new(snapshot);
        let within_us = limits.map_or(i64::MAX, |limits| limits.returned_within_us);
        for line in lines_of(payment, snapshot) {
            let paid_at_us = line.ended_at_us.unwrap_or(now_us);
            if line.to_receiver_id.is_some() && now_us.saturating_sub(paid_at_us) > within_us {
                continue;
            }
            let mode = if line.to_receiver_id.is_some() { by_channel } else { ReturnMode::Books };
            let due_minor = match mode {
                ReturnMode::Itself => reckoned_minor(line, (amount_minor, gone), whole)?,
                ReturnMode::Books | ReturnMode::Ahead | ReturnMode::Along => due_minor(line, gone, whole)?,
            };
            if due_minor < 1 {
                continue;
            }
            let cash_minor = drawn.draw(line, due_minor)?;
            parts.push(Part { line: line.clone(), mode, amount_minor: due_minor, cash_minor });
        }
        within_returns(&parts, (payment, limits), snapshot)?;
        Ok(Self { parts })
    }

    /// All that comes back into the merchant's pending settlement before its money is held, minor units.
    pub(crate) fn total_minor(&self) -> i64 {
        postings::sum(self.parts.iter().map(|part| part.amount_minor))
    }

    /// Whether the refund is to wait: the channel has yet to say of one of the shares whether it was paid at all, or to
    /// give it back first.
    pub(crate) fn waits(&self) -> bool {
        let waits =
            |part: &Part| part.line.status == SplitLineStatus::Pending || part.mode == ReturnMode::Ahead;
        self.parts.iter().any(waits)
    }

    /// Takes it back, in the commit that makes the refund and before its hold is drawn.
    pub(crate) fn take_back(self, refund: &Refund, changes: &mut Changes, moment: &mut Moment<'_>) {
        let made: Vec<(SplitReturn, SplitLine)> =
            self.parts.into_iter().map(|part| part.begun(refund, moment)).collect();
        changes.put_some(postings::taken_back(EntryKind::SplitReturn, refund, &made, moment));
        put_all(made, changes);
    }
}

impl Part {
    fn begun(self, refund: &Refund, moment: &Moment<'_>) -> (SplitReturn, SplitLine) {
        let Self { mut line, mode, amount_minor, cash_minor } = self;
        line.returning_minor = line.returning_minor.saturating_add(amount_minor);
        line.returns_count = line.returns_count.saturating_add(i64::from(mode == ReturnMode::Ahead));
        let id = SplitReturn::id_of(refund.id, line.position);
        let back = SplitReturn {
            tenant_id: refund.tenant_id,
            id,
            refund_id: refund.id,
            payment_id: refund.payment_id,
            split_id: line.split_id,
            line_id: line.id,
            mode,
            out_no: out_no('B', id.id128()),
            amount_minor,
            cash_minor,
            currency: refund.currency,
            status: if mode == ReturnMode::Books { ReturnStatus::Held } else { ReturnStatus::Waiting },
            unknown_since_us: None,
            queries_count: 0,
            failure_code: None,
            abandonment: None,
            ended_at_us: None,
            created_at_us: moment.now_us,
            updated_at_us: moment.now_us,
            version: 0,
        };
        (back, line)
    }
}

/// A channel gives back so often of one split and no more: told before it refuses.
fn within_returns(
    parts: &[Part],
    (payment, limits): (&Payment, Option<SplitLimits>),
    snapshot: &Snapshot,
) -> Result<(), Refusal> {
    let max = limits.map_or(i64::MAX, |limits| limits.returns_max);
    for part in parts.iter().filter(|part| part.mode == ReturnMode::Ahead) {
        let of_split = |line: &&&SplitLine| line.split_id == part.line.split_id;
        let lines = lines_of(payment, snapshot);
        let before = postings::sum(lines.iter().filter(of_split).map(|line| line.returns_count));
        let now = parts.iter().filter(|other| other.line.split_id == part.line.split_id).count();
        if before.saturating_add(i64::try_from(now).unwrap_or(i64::MAX)) > max {
            return Err(Refusal::LimitReached { what: "returns of a split", max });
        }
    }
    Ok(())
}

/// What more of a share is due when `gone` of `whole` has been refunded in all, both counted from when it was shared.
fn due_minor(line: &SplitLine, gone: i64, whole: i64) -> Result<i64, Refusal> {
    if line.status == SplitLineStatus::Failed || !line.returnable {
        return Ok(0);
    }
    let base = whole.saturating_sub(line.refunded_before_minor);
    let since = gone.saturating_sub(line.refunded_before_minor).clamp(0, base.max(0));
    if base < 1 {
        return Ok(line.kept_minor());
    }
    let due =
        proportion(line.amount_minor, since, base, Rounding::Down).map_err(|_| Refusal::AmountOverflow)?;
    let back = line.returned_minor.saturating_add(line.returning_minor);
    Ok(due.saturating_sub(back).clamp(0, line.kept_minor()))
}

/// What a channel takes back of a share of its own accord, which nobody can tell it to leave alone: in the proportion of this
/// refund to the order, whenever the share was paid, and all that is left with the last (当面付, `alipay.trade.refund`).
fn reckoned_minor(line: &SplitLine, (refund_minor, gone): (i64, i64), whole: i64) -> Result<i64, Refusal> {
    if line.status == SplitLineStatus::Failed {
        return Ok(0);
    }
    if gone >= whole {
        return Ok(line.kept_minor());
    }
    let part = proportion(line.amount_minor, refund_minor, whole, Rounding::HalfUp);
    Ok(part.map_err(|_| Refusal::AmountOverflow)?.clamp(0, line.kept_minor()))
}

/// What receiving merchants have left while several of their shares are taken back.
pub(super) struct Drawn<'a> {
    snapshot: &'a Snapshot,
    taken: BTreeMap<AccountRef, i64>,
}

impl<'a> Drawn<'a> {
    pub(super) const fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, taken: BTreeMap::new() }
    }

    fn available(&self, name: &AccountRef) -> i64 {
        let taken = self.taken.get(name).copied().unwrap_or(0);
        self.snapshot.account(name, 0).available_minor().saturating_sub(taken).max(0)
    }

    /// The part out of the receiving merchant's cash; what a channel owes a party needs no cover.
    pub(super) fn draw(&mut self, line: &SplitLine, amount_minor: i64) -> Result<i64, Refusal> {
        let accounts = drawn_from(line);
        let [pending, cash] = accounts.as_slice() else { return Ok(0) };
        let from_pending = self.available(pending).min(amount_minor);
        let from_cash = self.available(cash).min(amount_minor.saturating_sub(from_pending));
        let covered = from_pending.saturating_add(from_cash);
        if covered < amount_minor {
            let amount = |minor| Amount::new(minor, line.currency);
            let short = amount(amount_minor.saturating_sub(covered));
            return Err(Refusal::InsufficientBalance { available: amount(covered), short });
        }
        for (name, part) in [(pending, from_pending), (cash, from_cash)] {
            let taken = self.taken.entry(*name).or_default();
            *taken = taken.saturating_add(part);
        }
        Ok(from_cash)
    }
}

/// What a refund took back of each share, with the share.
pub(super) fn returns_of(
    refund: &Refund,
    payment: &Payment,
    snapshot: &Snapshot,
) -> Vec<(SplitReturn, SplitLine)> {
    let back = |line: &SplitLine| {
        let id = SplitReturn::id_of(refund.id, line.position);
        snapshot.split_returns.get(&(refund.tenant_id, id)).cloned()
    };
    lines_of(payment, snapshot).into_iter().filter_map(|line| Some((back(line)?, line.clone()))).collect()
}

fn changed(line: &SplitLine, changes: &Changes) -> Option<SplitLine> {
    changes.as_slice().iter().rev().find_map(|change| {
        let Change::SplitLine(row) = change else { return None };
        (row.id == line.id).then(|| row.as_ref().clone())
    })
}

pub(super) fn put_all(rows: Vec<(SplitReturn, SplitLine)>, changes: &mut Changes) {
    for (back, line) in rows {
        changes.put(back);
        changes.put(line);
    }
}

pub(super) fn end((back, line): &mut (SplitReturn, SplitLine), status: ReturnStatus, moment: &Moment<'_>) {
    line.returning_minor = line.returning_minor.saturating_sub(back.amount_minor);
    if status == ReturnStatus::Done {
        line.returned_minor = line.returned_minor.saturating_add(back.amount_minor);
    }
    back.status = status;
    back.unknown_since_us = None;
    back.ended_at_us = Some(moment.now_us);
    back.updated_at_us = moment.now_us;
}

/// Whether the channel may have been told to give a share back for this refund and has not answered: such a refund goes on.
/// What it has given back stays with the merchant if the refund is withdrawn, and counts for the next.
pub(crate) fn being_returned(refund: &Refund, payment: &Payment, snapshot: &Snapshot) -> bool {
    returns_of(refund, payment, snapshot).iter().any(|(back, _)| {
        back.mode == ReturnMode::Ahead
            && back.status == ReturnStatus::Processing
            && may_have_been_said(back, snapshot)
    })
}

pub(super) fn may_have_been_said(back: &SplitReturn, snapshot: &Snapshot) -> bool {
    let said = snapshot.instructions.get(&(back.tenant_id, back.id.id128()));
    said.is_some_and(|row| row.status == InstructionStatus::Open && row.may_have_been_said())
}

/// The refund ended without money: its receivers get their shares again, after its hold was released.
pub(crate) fn release(
    (refund, payment): (&Refund, &Payment),
    snapshot: &Snapshot,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    let mut rows = returns_of(refund, payment, snapshot);
    // What the channel may yet give back goes on by itself; what it refused is over, whatever is still asked about it.
    rows.retain(|(back, _)| {
        back.open() && (back.status == ReturnStatus::Refused || !may_have_been_said(back, snapshot))
    });
    for row in &mut rows {
        // Another refund of the same decision may have changed the share already.
        row.1 = changed(&row.1, changes).unwrap_or_else(|| row.1.clone());
        // What was never paid to the receiver stays with the merchant.
        let failed = row.1.status == SplitLineStatus::Failed;
        let status = match (failed, row.0.status) {
            (true, _) => ReturnStatus::Done,
            (false, ReturnStatus::Refused) => ReturnStatus::Refused,
            (false, _) => ReturnStatus::Released,
        };
        end(row, status, moment);
        if may_have_been_said(&row.0, snapshot) {
            continue;
        }
        if let Some(mut unsaid) = snapshot.instructions.get(&(row.0.tenant_id, row.0.id.id128())).cloned() {
            unsaid.finish();
            changes.put(unsaid);
        }
    }
    let released = |row: &&(SplitReturn, SplitLine)| row.0.status != ReturnStatus::Done;
    let given: Vec<(SplitReturn, SplitLine)> = rows.iter().filter(released).cloned().collect();
    changes.put_some(postings::taken_back(EntryKind::SplitReturnUndone, refund, &given, moment));
    put_all(rows, changes);
}

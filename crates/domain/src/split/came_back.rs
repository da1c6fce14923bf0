//! Shares that come back with the refund itself: a refund that is done proves nothing of them, so each is asked about.

use super::limits::split_limits;
use super::postings;
use super::rows::{ReturnMode, ReturnStatus, SplitLine, SplitLineStatus, SplitReturn};
use super::undo::{Drawn, end, put_all, returns_of};
use crate::channel_account::Method;
use crate::decision::Changes;
use crate::id::TypedId;
use crate::instruction::{Instruction, InstructionKind, InstructionStatus};
use crate::ledger::EntryKind;
use crate::moment::{Moment, SECOND_US};
use crate::payment::{Attempt, Payment};
use crate::refund::Refund;
use crate::snapshot::Snapshot;

/// How long after its refund was done a share is first asked about.
const CONFIRM_AFTER_US: i64 = 5 * SECOND_US;

/// How a channel gives back shares of an attempt's money. Of what was paid face to face Alipay takes them back of its own
/// accord, in the proportion of the refund to the order, and takes no word on how much from whom
/// (`alipay.trade.refund`, `refund_royalty_parameters`).
pub(super) fn mode_of(attempt: &Attempt) -> ReturnMode {
    let named = split_limits(attempt.channel).map_or(ReturnMode::Along, |limits| limits.returned);
    let face_to_face = matches!(attempt.method, Method::AlipayQr | Method::AlipayBarcode);
    if named == ReturnMode::Along && face_to_face { ReturnMode::Itself } else { named }
}

/// What is to be said of a return.
pub(super) fn saying(
    back: &SplitReturn,
    refund: &Refund,
    kind: InstructionKind,
    due_at_us: i64,
) -> Instruction {
    Instruction {
        tenant_id: back.tenant_id,
        id: back.id.id128(),
        kind,
        payment_id: back.payment_id,
        channel_account_id: refund.channel_account_id,
        status: InstructionStatus::Open,
        due_at_us,
        lease_until_us: 0,
        tries: 0,
        payload: None,
        version: 0,
    }
}

/// From now on the share is asked about until the channel says that it came back, or that it did not.
fn ask(back: &mut SplitReturn, refund: &Refund, changes: &mut Changes, moment: &Moment<'_>) {
    back.status = ReturnStatus::Processing;
    back.ended_at_us = None;
    back.updated_at_us = moment.now_us;
    changes.put(saying(back, refund, InstructionKind::SplitReturnQuery, moment.after(CONFIRM_AFTER_US)));
}

/// The refund is done: what came back of it in the books stays, and what the channel was to take back is asked about.
pub(crate) fn capture(
    (refund, payment): (&Refund, &Payment),
    snapshot: &Snapshot,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    let mut rows = returns_of(refund, payment, snapshot);
    // What comes back by a call of its own is proven by that alone.
    rows.retain(|(back, _)| back.open() && back.mode != ReturnMode::Ahead);
    for row in &mut rows {
        if row.0.mode.with_refund() && row.1.status != SplitLineStatus::Failed {
            ask(&mut row.0, refund, changes, moment);
        } else {
            end(row, ReturnStatus::Done, moment);
        }
    }
    put_all(rows, changes);
}

/// The refund was done although it had ended and its shares were given again: they are taken once more, each if its
/// receiver still has it whole; what is missing the merchant bears like the rest of a late refund.
pub(crate) fn capture_late(
    (refund, payment): (&Refund, &Payment),
    snapshot: &Snapshot,
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) {
    let mut drawn = Drawn::new(snapshot);
    let mut rows: Vec<(SplitReturn, SplitLine)> = Vec::new();
    for (mut back, mut line) in returns_of(refund, payment, snapshot) {
        let again = back.status == ReturnStatus::Released
            && back.mode != ReturnMode::Ahead
            && line.status == SplitLineStatus::Done
            && back.amount_minor <= line.kept_minor();
        let Some(cash_minor) = again.then(|| drawn.draw(&line, back.amount_minor).ok()).flatten() else {
            continue;
        };
        back.cash_minor = cash_minor;
        if back.mode.with_refund() {
            line.returning_minor = line.returning_minor.saturating_add(back.amount_minor);
            ask(&mut back, refund, changes, moment);
        } else {
            line.returned_minor = line.returned_minor.saturating_add(back.amount_minor);
            back.status = ReturnStatus::Done;
            back.updated_at_us = moment.now_us;
        }
        rows.push((back, line));
    }
    changes.put_some(postings::taken_back(EntryKind::SplitReturn, refund, &rows, moment));
    put_all(rows, changes);
}

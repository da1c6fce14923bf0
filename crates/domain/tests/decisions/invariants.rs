//! What holds after every decision, computed anew from the rows and lines.

use std::collections::BTreeMap;
use tk_domain::counter::{CounterFlow, DepositStatus, ShiftStatus, Totals, VoidStatus};
use tk_domain::id::{AccountId, AttemptId, Id128, PaymentId, RefundId, TypedId};
use tk_domain::instruction::InstructionStatus;
use tk_domain::ledger::{AccountKind, EntryKind, EntryLine, Hold, HoldStatus};
use tk_domain::payment::{Attempt, AttemptStatus, Disposition, Payment, PaymentStatus};
use tk_domain::refund::{Refund, RefundState};
use tk_domain::snapshot::Snapshot;
use tk_domain::split::{ReturnStatus, SplitLineStatus, SplitReturn};
use tk_domain::transfer::{Flow, LineSource, LineStatus, MatchStatus, OrderStatus, ReturnState};

/// What was seen at the commit before.
#[derive(Default)]
pub struct Watch {
    payments: BTreeMap<PaymentId, Payment>,
    attempts: BTreeMap<AttemptId, Attempt>,
    refunds: BTreeMap<RefundId, Refund>,
    audits: usize,
    audit_hash: Vec<u8>,
}

pub fn check(snapshot: &Snapshot, watch: &mut Watch) {
    books(snapshot);
    holds(snapshot);
    desk(snapshot);
    splits(snapshot);
    counter(snapshot);
    chains(snapshot, watch);
    events(snapshot);
    for payment in snapshot.payments.iter() {
        payment_holds(payment, snapshot);
        if let Some(before) = watch.payments.insert(payment.id, payment.clone()) {
            payment_goes_on(&before, payment);
        }
    }
    for attempt in snapshot.attempts.iter() {
        attempt_holds(attempt, snapshot);
        if let Some(before) = watch.attempts.insert(attempt.id, attempt.clone()) {
            attempt_goes_on(&before, attempt);
        }
    }
    for refund in snapshot.refunds.iter() {
        refund_holds(refund, snapshot);
        if let Some(before) = watch.refunds.insert(refund.id, refund.clone()) {
            refund_goes_on(&before, refund);
        }
    }
}

fn books(snapshot: &Snapshot) {
    let mut sums: BTreeMap<AccountId, i64> = BTreeMap::new();
    for (index, entry) in snapshot.appended.entries.iter().enumerate() {
        assert_eq!(entry.seq, i64::try_from(index).unwrap() + 1, "entry sequence without gaps");
        assert_eq!(entry.lines().iter().map(EntryLine::signed_minor).sum::<i64>(), 0, "{entry:?}");
        for line in entry.lines() {
            assert!(line.amount_minor > 0, "{line:?}");
            let sum = sums.entry(line.account.id()).or_default();
            *sum += line.signed_minor();
            assert_eq!(line.balance_after_minor, *sum, "{line:?}");
        }
    }
    let total: i64 = snapshot.accounts.iter().map(|account| account.balance_minor).sum();
    assert_eq!(total, 0, "all balances sum to zero");
    for account in snapshot.accounts.iter() {
        assert_eq!(Some(&account.balance_minor), sums.get(&account.id), "{account:?}");
        assert!(!account.kind.guarded() || account.available_minor() >= 0, "{account:?}");
    }
    let mut times = snapshot.appended.entries.iter().map(|entry| entry.booked_at_us);
    assert!(times.clone().skip(1).all(|time| times.next().is_some_and(|before| before < time)));
}

fn holds(snapshot: &Snapshot) {
    let open = snapshot.holds.iter().filter(|hold| hold.status == HoldStatus::Open);
    let open: i64 = open.map(Hold::amount_minor).sum();
    let held = snapshot.accounts.iter().filter(|account| account.kind == AccountKind::Held);
    assert_eq!(
        open,
        held.map(|account| account.balance_minor).sum::<i64>(),
        "open holds are the held balance"
    );
    assert_eq!(snapshot.holds.iter().count(), snapshot.refunds.iter().count(), "one hold per refund");
}

const fn about_shares(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::Split
            | EntryKind::SplitPaid
            | EntryKind::SplitFailed
            | EntryKind::SplitFailedUndone
            | EntryKind::SplitPaidUndone
            | EntryKind::SplitReturn
            | EntryKind::SplitReturnUndone
            | EntryKind::SplitReturned
    )
}

/// Shares add up, and what comes back of them is what refunds took.
fn splits(snapshot: &Snapshot) {
    for split in snapshot.splits.iter() {
        let lines = || snapshot.split_lines.iter().filter(|line| line.split_id == split.id);
        assert_eq!(lines().count(), usize::try_from(split.lines_count).unwrap(), "{split:?}");
        assert_eq!(lines().map(|line| line.amount_minor).sum::<i64>(), split.amount_minor, "{split:?}");
    }
    for line in snapshot.split_lines.iter() {
        let sum = |wanted: fn(&SplitReturn) -> bool| -> i64 {
            let backs = snapshot.split_returns.iter().filter(|back| back.line_id == line.id && wanted(back));
            backs.map(|back| back.amount_minor).sum()
        };
        assert_eq!(line.returning_minor, sum(SplitReturn::open), "{line:?}");
        assert_eq!(line.returned_minor, sum(|back| back.status == ReturnStatus::Done), "{line:?}");
        assert!(line.kept_minor() >= 0 && line.amount_minor > 0, "{line:?}");
    }
    for back in snapshot.split_returns.iter().filter(|back| back.open()) {
        let refund = snapshot.refunds.get(&(back.tenant_id, back.refund_id)).unwrap();
        let asked = back.status == ReturnStatus::Processing && back.mode.with_refund();
        let done = refund.succeeded_at_us.or(refund.late_succeeded_at_us).is_some();
        assert!(!refund.status.terminal() || asked && done, "{refund:?} {back:?}");
    }
    for payment in snapshot.payments.iter() {
        let lines = snapshot.split_lines.iter().filter(|line| line.payment_id == payment.id);
        let (mut count, mut given) = (0, 0);
        for line in lines {
            count += 1;
            given += if line.status == SplitLineStatus::Failed { 0 } else { line.amount_minor };
        }
        assert_eq!(count, payment.split_lines_count, "{payment:?}");
        assert!(given <= payment.amount_minor, "{payment:?}");
    }
}

/// Each line's money is booked once, and what was matched of it is what orders received.
fn desk(snapshot: &Snapshot) {
    let active = || snapshot.transfer_matches.iter().filter(|row| row.status == MatchStatus::Active);
    let given = || snapshot.transfer_matches.iter().filter(|row| row.status != MatchStatus::Undone);
    let (mut received, mut suspense, mut returned) = (0, 0, 0);
    let (mut bank, mut slips, mut unexplained) = (0, 0, 0);
    for line in snapshot.bank_lines.iter() {
        let matched: i64 =
            active().filter(|row| row.bank_line_id == line.id).map(|row| row.amount_minor).sum();
        let deposited: i64 = snapshot
            .cash_deposits
            .iter()
            .filter(|row| row.bank_line_id == Some(line.id))
            .map(|row| row.amount_minor)
            .sum();
        let cleared: i64 = snapshot
            .cheques
            .iter()
            .filter(|row| row.bank_line_id == Some(line.id) && line.linked_minor == 0)
            .map(|row| row.amount_minor)
            .sum();
        assert_eq!(line.matched_minor, matched + deposited + cleared, "{line:?}");
        let used = line.matched_minor + line.return_minor + line.linked_minor;
        assert!(used <= line.amount_minor, "{line:?}");
        let booked = line.status == LineStatus::Booked;
        assert_eq!(line.entry_id.is_some(), booked, "{line:?}");
        let of_line = |states: &[ReturnState]| -> i64 {
            let mine = snapshot.transfer_returns.iter().filter(|row| row.bank_line_id == line.id);
            let mine = mine.filter(|row| row.refund_id.is_none() && states.contains(&row.status));
            mine.map(|row| row.amount_minor).sum()
        };
        let (asked, aside, gone) = (
            of_line(&[ReturnState::PendingApproval]),
            of_line(&[ReturnState::Approved]),
            of_line(&[ReturnState::Sent]),
        );
        assert_eq!(line.return_minor, asked + aside + gone, "{line:?}");
        if !booked {
            continue;
        }
        match line.flow {
            Flow::Credit => {
                suspense += line.amount_minor - line.matched_minor - line.linked_minor - aside - gone;
                returned += aside;
                bank += if line.source == LineSource::Statement { line.amount_minor } else { 0 };
                slips += if line.unproven() { line.amount_minor } else { 0 };
            }
            Flow::Debit => {
                bank -= line.amount_minor;
                unexplained += line.amount_minor - line.linked_minor;
            }
        }
    }
    for order in snapshot.transfer_orders.iter() {
        let given: i64 = given().filter(|row| row.order_id == order.id).map(|row| row.amount_minor).sum();
        assert_eq!(order.received_minor, given, "{order:?}");
        let paid = order.received_minor == order.amount_minor;
        assert_eq!(order.status == OrderStatus::Paid, paid, "{order:?}");
        received += if paid { 0 } else { order.received_minor };
    }
    let balance = |kind| -> i64 {
        snapshot.accounts.iter().filter(|row| row.kind == kind).map(|row| row.balance_minor).sum()
    };
    assert_eq!(balance(AccountKind::TransferReceived), received);
    assert_eq!(balance(AccountKind::TransferReturn), returned);
    assert_eq!(balance(AccountKind::BankAccount), -bank, "the bank account holds what statements tell of");
    assert_eq!(balance(AccountKind::UnprovenSlip), -slips);
    assert_eq!(balance(AccountKind::UnexplainedDebit), -unexplained);
    if snapshot.bank_lines.iter().next().is_some() {
        assert_eq!(balance(AccountKind::Suspense), suspense);
    }
}

/// Each movement is money in the books, and each drawer holds what its shift says.
fn counter(snapshot: &Snapshot) {
    let mut drawers = 0;
    for shift in snapshot.shifts.iter() {
        let of_shift = || snapshot.counter_movements.iter().filter(|row| row.shift_id == shift.id);
        let totals =
            of_shift().fold(Totals::default(), |sum, row| sum.with(row.method, row.flow, row.amount_minor));
        assert_eq!(shift.totals, totals, "{shift:?}");
        let waiting = of_shift().filter(|row| row.void_status == VoidStatus::PendingApproval).count();
        assert_eq!(shift.voids_pending, i64::try_from(waiting).unwrap());
        assert!(shift.expected_minor() >= 0, "{shift:?}");
        drawers += if shift.status == ShiftStatus::Open { shift.expected_minor() } else { 0 };
        let over = shift.counted_minor.map_or(0, |counted| counted - shift.expected_minor());
        assert_eq!(shift.over_short_minor, over);
    }
    let over: i64 = snapshot.shifts.iter().map(|shift| shift.over_short_minor).sum();
    let transit: i64 = snapshot
        .cash_deposits
        .iter()
        .filter(|row| row.status == DepositStatus::InTransit)
        .map(|row| row.amount_minor)
        .sum();
    let balance = |kind| -> i64 {
        snapshot.accounts.iter().filter(|row| row.kind == kind).map(|row| row.balance_minor).sum()
    };
    assert_eq!(balance(AccountKind::CashDrawer), -drawers);
    assert_eq!(balance(AccountKind::CashOverShort), over);
    assert_eq!(balance(AccountKind::CashInTransit), -transit);
    for movement in snapshot.counter_movements.iter() {
        let attempt = snapshot.attempts.get(&(movement.tenant_id, movement.attempt_id)).unwrap();
        assert_eq!(attempt.method, movement.method);
        match movement.flow {
            CounterFlow::In => assert_eq!(attempt.received_minor, movement.amount_minor),
            CounterFlow::Out => {
                let refund =
                    snapshot.refunds.get(&(movement.tenant_id, movement.refund_id.unwrap())).unwrap();
                assert_eq!(
                    (refund.status, refund.amount_minor),
                    (RefundState::Succeeded, movement.amount_minor)
                );
            }
        }
    }
}

fn chains(snapshot: &Snapshot, watch: &mut Watch) {
    let mut previous = if watch.audits == 0 { vec![0; 32] } else { watch.audit_hash.clone() };
    for (index, audit) in snapshot.appended.audits.iter().enumerate().skip(watch.audits) {
        assert_eq!(audit.seq, i64::try_from(index).unwrap() + 1, "audit sequence without gaps");
        assert_eq!(audit.prev_hash, previous, "chained to the act before");
        assert_eq!(audit.hash, audit.computed_hash());
        previous.clone_from(&audit.hash);
    }
    watch.audits = snapshot.appended.audits.len();
    watch.audit_hash = previous;
}

fn events(snapshot: &Snapshot) {
    let mut last: BTreeMap<Id128, i64> = BTreeMap::new();
    for (index, event) in snapshot.appended.events.iter().enumerate() {
        assert_eq!(event.lane_seq, i64::try_from(index).unwrap() + 1);
        let seq = last.entry(event.object_id).or_default();
        *seq += 1;
        assert_eq!(event.object_seq, *seq, "events of one object are counted without gaps");
    }
    for payment in snapshot.payments.iter() {
        assert_eq!(payment.event_seq, last.get(&payment.id.id128()).copied().unwrap_or(0));
    }
    for refund in snapshot.refunds.iter() {
        assert_eq!(refund.event_seq, last.get(&refund.id.id128()).copied().unwrap_or(0));
    }
}

fn payment_holds(payment: &Payment, snapshot: &Snapshot) {
    let collected = snapshot
        .appended
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Collect && entry.payment_id == Some(payment.id));
    let succeeded = payment.status == PaymentStatus::Succeeded;
    assert_eq!(collected.count(), usize::from(succeeded), "succeeded means exactly one collection");
    assert_eq!(payment.effective_attempt_id.is_some(), succeeded);
    assert_eq!(payment.succeeded_at_us.is_some(), succeeded);
    let open: Vec<AttemptId> = snapshot
        .attempts
        .iter()
        .filter(|attempt| attempt.payment_id == payment.id && attempt.status.open())
        .map(|attempt| attempt.id)
        .collect();
    assert!(open.len() <= 1, "at most one attempt is open");
    assert_eq!(payment.open_attempt_id, open.first().copied());
    assert!(!payment.status.terminal() || open.is_empty(), "an ended payment has no open attempt");
    assert!(payment.refunded_minor + payment.refunding_minor <= payment.refund_base_minor());
    assert!(payment.refundable_minor() >= 0);
    assert!(payment.fee_returned_minor <= payment.fee_minor, "{payment:?}");
    let all = payment.refunded_minor > 0 && payment.refunded_minor == payment.refund_base_minor();
    if payment.fee.returned && all {
        assert_eq!(payment.fee_returned_minor, payment.fee_minor, "a full refund returns the whole fee");
    }
    crate::parts::parts_hold(payment, snapshot);
    let strays = snapshot.attempts.iter().filter(|attempt| attempt.payment_id == payment.id);
    let strays: i64 = strays.map(Attempt::stray_minor).sum();
    let awaited = snapshot.transfer_orders.iter().filter(|order| order.payment_id == payment.id);
    let parts = awaited.filter(|order| order.status != OrderStatus::Paid).map(|order| order.received_minor);
    assert_eq!(payment.beside_minor, strays + parts.sum::<i64>(), "what came beside the collection");
    if let Some(id) = payment.effective_attempt_id {
        let attempt = snapshot.attempts.get(&(payment.tenant_id, id)).unwrap();
        assert_eq!(payment.refunded_minor, attempt.refunded_minor);
        assert_eq!(payment.refunding_minor, attempt.refunding_minor);
        assert_eq!(payment.late_refunded_minor, attempt.late_refunded_minor);
        assert_eq!(payment.reversed_minor, attempt.reversed_minor);
        assert_eq!(attempt.received_minor, payment.payer_minor);
        assert_eq!(attempt.payer_paid_minor(), payment.refund_base_minor());
    }
}

fn payment_goes_on(before: &Payment, after: &Payment) {
    let frozen = |row: &Payment| (row.tenant_id, row.merchant_id, row.product_id, row.amount(), row.fee);
    assert_eq!(frozen(before), frozen(after), "amount, payee and terms are frozen");
    if before.status.terminal() {
        assert_eq!(before.status, after.status, "a terminal state never regresses");
    }
}

fn attempt_holds(attempt: &Attempt, snapshot: &Snapshot) {
    let booked: Vec<EntryKind> = snapshot
        .appended
        .entries
        .iter()
        .filter(|entry| entry.attempt_id == Some(attempt.id) && entry.refund_id.is_none())
        .filter(|entry| !about_shares(entry.kind))
        .map(|entry| entry.kind)
        .collect();
    let expected = attempt.disposition.map(|disposition| match disposition {
        Disposition::Effective => EntryKind::Collect,
        Disposition::Duplicate => EntryKind::CollectDuplicate,
        Disposition::Late => EntryKind::CollectLate,
        Disposition::Mismatch => EntryKind::CollectSuspense,
    });
    let undone = (attempt.undone_minor > 0).then_some(EntryKind::Undone);
    assert!(undone.is_none() || expected.is_none(), "what was given back was not received");
    let credited = (attempt.credited_minor > 0).then_some(EntryKind::SuspenseCredit);
    let expected: Vec<EntryKind> = expected.or(undone).into_iter().chain(credited).collect();
    assert_eq!(booked, expected, "money received or given back is booked exactly once");
    assert_eq!(attempt.disposition.is_some(), attempt.received_minor > 0);
    if attempt.status == AttemptStatus::Succeeded {
        assert_eq!(attempt.received_minor, attempt.amount_minor);
    }
    let of_attempt = || snapshot.refunds.iter().filter(|row| row.attempt_id == attempt.id);
    let sum = |state: &dyn Fn(RefundState) -> bool| -> i64 {
        of_attempt().filter(|row| state(row.status)).map(|row| row.amount_minor).sum()
    };
    let late = of_attempt().filter(|row| row.late_succeeded_at_us.is_some()).map(|row| row.amount_minor);
    assert_eq!(attempt.late_refunded_minor, late.sum::<i64>());
    assert_eq!(attempt.refunded_minor, sum(&|state| state == RefundState::Succeeded));
    assert_eq!(attempt.refunding_minor, sum(&|state| state.counts() && state != RefundState::Succeeded));
    assert!(attempt.refunded_minor + attempt.refunding_minor <= attempt.payer_paid_minor(), "inv-17");
    crate::parts::discounts_hold(attempt, snapshot);
    assert!(attempt.credited_minor == 0 || attempt.refunded_minor + attempt.refunding_minor == 0);
    assert!(attempt.channel_fee_returned_minor <= attempt.channel_fee_minor);
    let instruction = snapshot.instructions.get(&(attempt.tenant_id, attempt.id.id128()));
    if !attempt.method.told_to_channel() {
        return assert!(instruction.is_none(), "nothing is said to any channel about it");
    }
    let instruction = instruction.unwrap();
    if attempt.status.open() && attempt.disposition.is_none() {
        assert_eq!(instruction.status, InstructionStatus::Open, "an open attempt has a next question");
    }
    if attempt.disposition.is_some() {
        assert_eq!(instruction.status, InstructionStatus::Done);
        assert_eq!(instruction.payload, None);
    }
    assert_eq!(attempt.unknown_since_us.is_some(), attempt.status == AttemptStatus::Unknown);
}

fn attempt_goes_on(before: &Attempt, after: &Attempt) {
    let frozen = |row: &Attempt| {
        let bound = (row.payment_id, row.channel_account_id, row.method, row.amount_minor, row.currency);
        (bound, row.out_no.clone(), row.channel_expires_at_us, row.routing.clone())
    };
    assert_eq!(frozen(before), frozen(after));
    if !before.status.open() {
        assert_eq!(before.status, after.status, "a terminal state never regresses");
    }
    if before.disposition.is_some() {
        let received = |row: &Attempt| (row.disposition, row.received_minor, row.channel_txn_no.clone());
        assert_eq!(received(before), received(after));
    }
}

fn refund_holds(refund: &Refund, snapshot: &Snapshot) {
    let hold = snapshot.holds.get(&(refund.tenant_id, refund.hold_id)).unwrap();
    let expected = match refund.status {
        RefundState::PendingApproval | RefundState::Approved | RefundState::Processing => HoldStatus::Open,
        RefundState::Succeeded => HoldStatus::Captured,
        RefundState::Failed | RefundState::Rejected | RefundState::Cancelled => HoldStatus::Released,
    };
    assert_eq!(hold.status, expected, "a hold ends with its refund, once");
    let with_it = refund.shares.discount_minor + refund.shares.parts_minor;
    if refund.late_succeeded_at_us.is_none() {
        assert_eq!(hold.amount_minor(), refund.amount_minor + with_it);
    }
    let booked: Vec<EntryKind> = snapshot
        .appended
        .entries
        .iter()
        .filter(|entry| entry.refund_id == Some(refund.id) && !about_shares(entry.kind))
        .map(|entry| entry.kind)
        .collect();
    let ending = match expected {
        HoldStatus::Open => None,
        HoldStatus::Captured => Some(EntryKind::Refund),
        HoldStatus::Released => Some(EntryKind::Release),
    };
    let late = refund.late_succeeded_at_us.map(|_| EntryKind::RefundLate);
    let expected: Vec<EntryKind> = [EntryKind::Hold].into_iter().chain(ending).chain(late).collect();
    assert_eq!(booked, expected, "each movement is booked once");
    let attempt = snapshot.attempts.get(&(refund.tenant_id, refund.attempt_id)).unwrap();
    let instruction = snapshot.instructions.get(&(refund.tenant_id, refund.id.id128()));
    if !attempt.method.told_to_channel() {
        return assert!(instruction.is_none(), "nothing is said to any channel about it");
    }
    let instruction = instruction.unwrap();
    let over = instruction.status == InstructionStatus::Done;
    assert!(refund.status.terminal() || !over, "a refund under way has a next question");
    assert!(refund.status != RefundState::Succeeded && late.is_none() || over, "nothing is left to ask");
}

fn refund_goes_on(before: &Refund, after: &Refund) {
    let frozen = |row: &Refund| {
        (row.payment_id, row.attempt_id, row.amount_minor, row.currency, row.out_no.clone(), row.hold_id)
    };
    assert_eq!(frozen(before), frozen(after), "number and amount sent never change");
    assert!(
        before.late_succeeded_at_us.is_none() || before.late_succeeded_at_us == after.late_succeeded_at_us
    );
    if before.status.terminal() {
        assert_eq!(before.status, after.status, "a terminal state never regresses");
    }
}

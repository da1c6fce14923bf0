//! A payment's success: what was agreed with it is divided in the same commit.

use super::limits::split_limits;
use super::postings;
use super::rows::{Receiver, Split, SplitLine, SplitLineStatus, SplitMode, SplitState};
use super::terms::{Cut, SplitTerms, Whole, accounts};
use super::view::split_event;
use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::exception::{Exception, ExceptionKind, ExceptionStatus};
use crate::id::TypedId;
use crate::instruction::{Instruction, InstructionKind, InstructionStatus};
use crate::moment::Moment;
use crate::payment::{Attempt, Item, Payment, out_no};
use crate::snapshot::Snapshot;
use crate::webhook::EventKind;
use serde_json::json;

/// Shares of one kind to be set aside.
pub(super) struct Division<'a> {
    pub mode: SplitMode,
    pub cuts: &'a [Cut],
    pub legal_entity: Option<String>,
    pub merchant_split_no: Option<String>,
    pub last: bool,
    /// Where its receivers are found.
    pub snapshot: &'a Snapshot,
}

/// The accounts that the agreed shares are credited to, and the matter of shares that cannot be.
pub(crate) fn want_success(payment: &Payment, wants: &mut Wants) {
    let Some(terms) = SplitTerms::stored(payment.splits.as_ref()) else { return };
    let receivers = terms.receivers();
    for name in accounts(receivers.iter(), (payment.tenant_id, payment.currency)) {
        wants.add(Want::Account(name));
    }
    for receiver in receivers {
        if let Receiver::Party(id) = receiver {
            wants.add(Want::SplitReceiver(payment.tenant_id, id));
        }
    }
    let id = Exception::id_of(payment.tenant_id, ExceptionKind::SplitUncovered, &payment.id.to_string());
    wants.add(Want::Exception(payment.tenant_id, id));
}

/// Divides what the one success of a payment brought, as agreed; called once, with its collection in the same commit.
pub(crate) fn begin(
    payment: &mut Payment,
    attempt: &Attempt,
    (snapshot, changes): (&Snapshot, &mut Changes),
    moment: &mut Moment<'_>,
) {
    let Some(terms) = SplitTerms::stored(payment.splits.as_ref()) else { return };
    let items = payment.items();
    let received_minor = attempt.settled_minor().min(payment.payer_minor);
    let whole = Whole {
        amount: payment.payer_amount(),
        items: &items,
        left_minor: received_minor
            .saturating_sub(own_fee_minor(payment))
            .saturating_sub(payment.for_others(&payment.item_bases())),
        shared_minor: 0,
    };
    let Ok(cuts) = terms.cuts(whole) else {
        let detail = json!({ "received": received_minor, "fee": payment.fee_minor });
        changes.put_some(uncovered(payment, attempt, &detail, moment).unless_open(snapshot));
        if terms.channel_account.is_some() && terms.divided_by(attempt) && !terms.later {
            release_the_rest((payment, attempt), (snapshot, changes), moment);
        }
        return;
    };
    for mode in [SplitMode::Books, SplitMode::Channel] {
        let cuts: Vec<Cut> = cuts.iter().copied().filter(|cut| cut.mode() == mode).collect();
        if cuts.is_empty() {
            continue;
        }
        // Taken at a counter, say: that way nobody else can be paid, and a person looks.
        if mode == SplitMode::Channel && !terms.divided_by(attempt) {
            let detail = json!({ "paid_by": attempt.channel_account_id, "agreed": terms.channel_account });
            changes.put_some(uncovered(payment, attempt, &detail, moment).unless_open(snapshot));
            continue;
        }
        let legal_entity = terms.legal_entity.clone().filter(|_| mode == SplitMode::Books);
        let division = Division {
            mode,
            cuts: &cuts,
            legal_entity,
            merchant_split_no: None,
            last: !terms.later,
            snapshot,
        };
        divide(&division, (payment, attempt), changes, moment);
    }
}

/// The channel keeps what a payment brought until a split that it carries out says "finished": one without shares.
pub(super) fn release_the_rest(
    (payment, attempt): (&mut Payment, &Attempt),
    (snapshot, changes): (&Snapshot, &mut Changes),
    moment: &mut Moment<'_>,
) {
    let mode = SplitMode::Channel;
    let division =
        Division { mode, cuts: &[], legal_entity: None, merchant_split_no: None, last: true, snapshot };
    divide(&division, (payment, attempt), changes, moment);
}

fn uncovered(
    payment: &Payment,
    attempt: &Attempt,
    detail: &serde_json::Value,
    moment: &Moment<'_>,
) -> Exception {
    let kind = ExceptionKind::SplitUncovered;
    Exception {
        tenant_id: payment.tenant_id,
        id: Exception::id_of(payment.tenant_id, kind, &payment.id.to_string()),
        kind,
        payment_id: Some(payment.id),
        attempt_id: Some(attempt.id),
        refund_id: None,
        amount_minor: payment.amount_minor,
        detail: detail.to_string(),
        resolution: None,
        status: ExceptionStatus::Open,
        opened_at_us: moment.now_us,
        closed_at_us: None,
        version: 0,
    }
}

/// Sets the shares aside and writes the split with them; the payment counts them and is left to the caller to write.
pub(super) fn divide(
    division: &Division<'_>,
    (payment, attempt): (&mut Payment, &Attempt),
    changes: &mut Changes,
    moment: &mut Moment<'_>,
) -> (Split, Vec<SplitLine>) {
    let mut split = header(division, (payment, attempt), moment);
    let lines: Vec<SplitLine> = division
        .cuts
        .iter()
        .zip(split.places())
        .map(|(cut, position)| share((cut, position), &split, payment, moment))
        .map(|line| SplitLine { returnable: gives_back(&line, division.snapshot), ..line })
        .collect();
    payment.splits_count = payment.splits_count.saturating_add(1);
    payment.split_lines_count = payment.split_lines_count.saturating_add(split.lines_count);
    changes.put_some(postings::set_aside(payment, attempt.id, &lines, moment));
    let kind = match division.mode {
        SplitMode::Books => EventKind::SplitSucceeded,
        SplitMode::Channel => EventKind::SplitCreated,
    };
    changes.put(split_event(kind, &mut split, &lines, moment));
    for line in &lines {
        changes.put(line.clone());
    }
    changes.put(split.clone());
    if division.mode == SplitMode::Channel {
        let after_us = split_limits(attempt.channel).map_or(0, |limits| limits.first_after_us);
        changes.put(instruction(&split, moment.after(after_us)));
    }
    (split, lines)
}

fn instruction(split: &Split, due_at_us: i64) -> Instruction {
    Instruction {
        tenant_id: split.tenant_id,
        id: split.id.id128(),
        kind: InstructionKind::Split,
        payment_id: split.payment_id,
        channel_account_id: split.channel_account_id,
        status: InstructionStatus::Open,
        due_at_us,
        lease_until_us: 0,
        tries: 0,
        payload: None,
        version: 0,
    }
}

fn header(division: &Division<'_>, (payment, attempt): (&Payment, &Attempt), moment: &Moment<'_>) -> Split {
    let id = Split::id_of(payment.id, payment.splits_count);
    let in_books = division.mode == SplitMode::Books;
    Split {
        tenant_id: payment.tenant_id,
        id,
        payment_id: payment.id,
        attempt_id: attempt.id,
        merchant_id: payment.merchant_id,
        channel_account_id: attempt.channel_account_id,
        mode: division.mode,
        merchant_split_no: division.merchant_split_no.clone(),
        out_no: out_no('S', id.id128()),
        amount_minor: postings::sum(division.cuts.iter().map(|cut| cut.amount_minor)),
        currency: payment.currency,
        legal_entity: division.legal_entity.clone(),
        first_line: payment.split_lines_count,
        lines_count: i64::try_from(division.cuts.len()).unwrap_or(0),
        last: division.last,
        status: if in_books { SplitState::Succeeded } else { SplitState::Pending },
        accepted_at_us: None,
        unknown_since_us: None,
        queries_count: 0,
        needs_manual: false,
        failure_code: None,
        failure_message: None,
        abandonment: None,
        ended_at_us: in_books.then_some(moment.now_us),
        event_seq: 0,
        created_at_us: moment.now_us,
        updated_at_us: moment.now_us,
        version: 0,
    }
}

fn share((cut, position): (&Cut, i64), split: &Split, payment: &Payment, moment: &Moment<'_>) -> SplitLine {
    let (to_merchant_id, to_receiver_id) = match cut.receiver {
        Receiver::Merchant(id) => (Some(id), None),
        Receiver::Party(id) => (None, Some(id)),
    };
    let in_books = split.mode == SplitMode::Books;
    SplitLine {
        tenant_id: payment.tenant_id,
        id: SplitLine::id_of(payment.id, position),
        split_id: split.id,
        payment_id: payment.id,
        position,
        merchant_id: payment.merchant_id,
        to_merchant_id,
        to_receiver_id,
        amount_minor: cut.amount_minor,
        currency: payment.currency,
        item: cut.item,
        refunded_before_minor: gone_minor(payment),
        status: if in_books { SplitLineStatus::Done } else { SplitLineStatus::Pending },
        returning_minor: 0,
        returned_minor: 0,
        returns_count: 0,
        returnable: true,
        failure_code: None,
        ended_at_us: in_books.then_some(moment.now_us),
        created_at_us: moment.now_us,
        version: 0,
    }
}

fn gives_back(line: &SplitLine, snapshot: &Snapshot) -> bool {
    let party = line.to_receiver_id.and_then(|id| snapshot.split_receivers.get(&(line.tenant_id, id)));
    party.is_none_or(|party| party.kind.gives_back())
}

/// What of a payment was refunded, or is being, minor units; never more than the payment.
pub(super) fn gone_minor(payment: &Payment) -> i64 {
    let gone = payment.refunded_minor.saturating_add(payment.late_refunded_minor);
    gone.saturating_add(payment.refunding_minor).min(payment.refund_base_minor())
}

/// The fee that the merchant itself owes, minor units: nothing where somebody else bears it.
const fn own_fee_minor(payment: &Payment) -> i64 {
    match payment.fee.bearer {
        Some(_) => 0,
        None => payment.fee_minor.saturating_sub(payment.fee_returned_minor),
    }
}

/// What may still be given away of a payment, minor units: what was neither refunded, taken back, charged nor shared, and is
/// not collected for others.
pub(super) fn left_minor(payment: &Payment, attempt: &Attempt, lines: &[&SplitLine]) -> i64 {
    let fee = own_fee_minor(payment);
    let received = attempt.settled_minor().min(payment.refund_base_minor());
    let left = received.saturating_sub(gone_minor(payment)).saturating_sub(payment.reversed_minor);
    let for_others = payment.for_others(&payment.items_left());
    left.saturating_sub(fee).saturating_sub(for_others).saturating_sub(shared_minor(lines))
}

/// What receivers have or are to get, minor units.
pub(super) fn shared_minor(lines: &[&SplitLine]) -> i64 {
    let kept = lines.iter().filter(|line| line.status != SplitLineStatus::Failed);
    postings::sum(kept.map(|line| line.kept_minor()))
}

/// The whole of a payment of which some was shared before.
pub(super) fn whole_of<'a>(
    (payment, attempt): (&Payment, &Attempt),
    items: &'a [Item],
    lines: &[&SplitLine],
) -> Whole<'a> {
    Whole {
        amount: payment.payer_amount(),
        items,
        left_minor: left_minor(payment, attempt, lines),
        shared_minor: shared_minor(lines),
    }
}

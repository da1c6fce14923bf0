//! A cheque that two persons had cleared, and whose money the bank took back before anybody tied the two together.

use crate::cheque::{Cheque, postings};
use crate::command::{Want, Wants};
use crate::decision::Changes;
use crate::moment::Moment;
use crate::payment::Payment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::transfer::{BankLine, Bearing, Paid, TakenBack, reversed_matter, want_bearing};

/// Names the matter and the accounts that [`take_back`] has to see.
pub(super) fn want(cheque: &Cheque, snapshot: &Snapshot, wants: &mut Wants) {
    let matter = reversed_matter(cheque.tenant_id, &cheque.id.to_string());
    wants.add(Want::Exception(cheque.tenant_id, matter));
    let payment: Option<&Payment> = snapshot.payments.get(&(cheque.tenant_id, cheque.payment_id));
    if let Some(payment) = payment {
        want_bearing(payment, wants);
    }
}

/// The merchant bears the cheque, what the counter's contract owed of it is owed no more, and a person is told. The
/// cheque stays cleared by its status, as a collected order stays paid.
pub(super) fn take_back(
    cheque: &Cheque,
    credit: &BankLine,
    snapshot: &Snapshot,
    moment: &mut Moment<'_>,
) -> Result<Changes, Refusal> {
    let paid = Paid {
        payment_id: cheque.payment_id,
        attempt_id: cheque.attempt_id(),
        amount_minor: cheque.amount_minor,
        by: cheque.id.to_string(),
        collected: true,
    };
    let mut bearing = Bearing::new(cheque.tenant_id, snapshot);
    bearing.borne(&paid, moment)?;
    let by = TakenBack { credit_id: credit.id, reversal_id: None };
    bearing.raise(&paid, by, moment.now_us);
    let (debits, mut changes) = bearing.over();
    let entry = postings::taken_back(cheque, debits, moment).ok_or(Refusal::AmountOverflow)?;
    changes.put(entry);
    Ok(changes)
}

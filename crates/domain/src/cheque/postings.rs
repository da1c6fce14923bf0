//! How a cheque is booked on its way; the money itself is booked as any collection, when the cheque is cleared.

use crate::cheque::Cheque;
use crate::id::{EntryId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use crate::moment::Moment;
use crate::transfer::BankLine;

/// Cheques that banks have and have not paid.
pub(super) const fn in_collection(cheque: &Cheque) -> AccountRef {
    let kind = AccountKind::ChequesInCollection;
    AccountRef::channel(cheque.tenant_id, cheque.channel_account_id, kind, cheque.currency)
}

/// What is owed to the merchant once those are paid.
pub(super) const fn uncleared(cheque: &Cheque) -> AccountRef {
    let kind = AccountKind::ChequesUncleared;
    AccountRef::merchant(cheque.tenant_id, cheque.merchant_id, kind, cheque.currency)
}

/// The entry of a presentation: cheques in collection debited, uncleared credited.
pub(super) fn present(cheque: &Cheque, moment: &mut Moment<'_>) -> Option<Entry> {
    entry(EntryKind::ChequePresent, cheque, (in_collection(cheque), uncleared(cheque)), moment)
}

/// The opposite, when the cheque is cleared or bounced.
pub(super) fn settle(cheque: &Cheque, moment: &mut Moment<'_>) -> Option<Entry> {
    let mut entry = entry(EntryKind::Reversal, cheque, (uncleared(cheque), in_collection(cheque)), moment)?;
    entry.reverses = cheque.entry_id;
    Some(entry)
}

/// The entry of the bank's line that shows the money of a cleared cheque: the line's suspense debited, what the counter's
/// contract had collected credited.
pub(super) fn shown(cheque: &Cheque, line: &BankLine, moment: &mut Moment<'_>) -> Option<Entry> {
    let of = |account, kind| AccountRef::channel(cheque.tenant_id, account, kind, cheque.currency);
    let suspense = of(line.channel_account_id, AccountKind::Suspense);
    let collected = of(cheque.channel_account_id, AccountKind::ChannelReceivable);
    entry(EntryKind::ChequeLine, cheque, (suspense, collected), moment)
}

fn entry(
    kind: EntryKind,
    cheque: &Cheque,
    (debit, credit): (AccountRef, AccountRef),
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let lines = vec![(debit, Side::Debit, cheque.amount_minor), (credit, Side::Credit, cheque.amount_minor)];
    let mut entry = Entry::new(cheque.tenant_id, EntryId::new(moment), kind, moment.now_us, lines).ok()?;
    entry.payment_id = Some(cheque.payment_id);
    Some(entry)
}

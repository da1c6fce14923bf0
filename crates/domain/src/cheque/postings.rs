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
    let (account, kind) = (line.channel_account_id, AccountKind::Suspense);
    let suspense = AccountRef::channel(cheque.tenant_id, account, kind, cheque.currency);
    entry(EntryKind::ChequeLine, cheque, (suspense, collected(cheque)), moment)
}

/// The entry of a cleared cheque whose money the bank took back before a line of it was named: what the merchant bears is
/// debited, what the counter's contract had collected credited.
pub(super) fn taken_back(
    cheque: &Cheque,
    mut debits: Vec<(AccountRef, Side, i64)>,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    debits.push((collected(cheque), Side::Credit, cheque.amount_minor));
    let id = EntryId::new(moment);
    let kind = EntryKind::TransferReversed;
    let mut entry = Entry::new(cheque.tenant_id, id, kind, moment.now_us, debits).ok()?;
    entry.payment_id = Some(cheque.payment_id);
    Some(entry)
}

/// What the counter's contract has collected.
const fn collected(cheque: &Cheque) -> AccountRef {
    let kind = AccountKind::ChannelReceivable;
    AccountRef::channel(cheque.tenant_id, cheque.channel_account_id, kind, cheque.currency)
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

//! How the transfer desk is booked: each line's money once, when it becomes known; matching only moves it.

use crate::id::{EntryId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use crate::moment::Moment;
use crate::payment::{Payment, parts_collected};
use crate::transfer::{BankLine, Flow, LineSource, TransferMatch, TransferOrder, TransferReturn};

/// The entry of a bank line:
///
/// | line | debit | credit |
/// |---|---|---|
/// | credit of a statement | bank account | suspense |
/// | credit of a slip | unproven slips | suspense |
/// | debit | unexplained debits | bank account |
pub(super) fn line(line: &BankLine, moment: &mut Moment<'_>) -> Option<Entry> {
    let (bank, suspense) = (account(line, AccountKind::BankAccount), account(line, AccountKind::Suspense));
    let (kind, debit, credit) = match (line.flow, line.source) {
        (Flow::Credit, LineSource::Statement) => (EntryKind::BankCredit, bank, suspense),
        (Flow::Credit, LineSource::Manual) => {
            (EntryKind::SlipCredit, account(line, AccountKind::UnprovenSlip), suspense)
        }
        (Flow::Debit, LineSource::Statement | LineSource::Manual) => {
            (EntryKind::BankDebit, account(line, AccountKind::UnexplainedDebit), bank)
        }
    };
    entry(kind, (debit, credit, line.amount_minor), moment)
}

/// The entry of a match: suspense becomes money received for the order's merchant.
pub(super) fn matched(order: &TransferOrder, amount_minor: i64, moment: &mut Moment<'_>) -> Option<Entry> {
    let suspense =
        AccountRef::channel(order.tenant_id, order.channel_account_id, AccountKind::Suspense, order.currency);
    let mut entry = entry(EntryKind::TransferMatch, (suspense, received(order), amount_minor), moment)?;
    entry.payment_id = Some(order.payment_id);
    Some(entry)
}

/// The entry that undoes a match.
pub(super) fn undone(
    order: &TransferOrder,
    undone: &TransferMatch,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let suspense =
        AccountRef::channel(order.tenant_id, order.channel_account_id, AccountKind::Suspense, order.currency);
    let mut entry = entry(EntryKind::Reversal, (received(order), suspense, undone.amount_minor), moment)?;
    entry.payment_id = Some(order.payment_id);
    entry.reverses = Some(undone.entry_id);
    Some(entry)
}

/// The one collection of an order paid in full:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | transfers received | pending settlement, or what was paid in advance | the order's amount, less the next |
/// | | collected for others | the items that are |
/// | merchant fee receivable | fee income | the merchant's fee |
/// | as [`parts_collected`] says | pending settlement | the parts that others put up |
pub(super) fn collect(order: &TransferOrder, payment: &Payment, moment: &mut Moment<'_>) -> Option<Entry> {
    let (tenant_id, currency) = (payment.tenant_id, payment.currency);
    let fee = payment.fee_minor;
    let (parts, put_up) = parts_collected(payment, order.channel_account_id);
    let for_others = payment.for_others(&payment.item_bases());
    let own = order.amount_minor.saturating_add(put_up).saturating_sub(for_others);
    let mut lines = vec![
        (received(order), Side::Debit, order.amount_minor),
        (payment.credited_account(), Side::Credit, own),
        (payment.others_account(), Side::Credit, for_others),
        (payment.fee_account(), Side::Debit, fee),
        (AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency), Side::Credit, fee),
    ];
    lines.extend(parts);
    let id = EntryId::new(moment);
    let mut entry = Entry::new(tenant_id, id, EntryKind::Collect, moment.now_us, lines).ok()?;
    entry.payment_id = Some(payment.id);
    entry.attempt_id = Some(order.id);
    Some(entry)
}

/// The entry of a slip that the bank's own line proves; whichever of the two keeps the money, the bank account has it
/// once.
///
/// | proven by | debit | credit |
/// |---|---|---|
/// | the same line | bank account | unproven slips |
/// | another line, whose own entry debited the bank account | suspense | unproven slips |
pub(super) fn proven(slip: &BankLine, from: AccountKind, moment: &mut Moment<'_>) -> Option<Entry> {
    let sides = (account(slip, from), account(slip, AccountKind::UnprovenSlip), slip.amount_minor);
    entry(EntryKind::SlipProven, sides, moment)
}

/// The entry of money set aside for its sender.
pub(super) fn set_aside(
    line: &BankLine,
    given_back: &TransferReturn,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let (from, to) = (account(line, AccountKind::Suspense), account(line, AccountKind::TransferReturn));
    entry(EntryKind::TransferReturn, (from, to, given_back.amount_minor), moment)
}

/// The entry of money set aside that a statement shows to have left.
pub(super) fn sent(line: &BankLine, moment: &mut Moment<'_>) -> Option<Entry> {
    let (from, to) =
        (account(line, AccountKind::TransferReturn), account(line, AccountKind::UnexplainedDebit));
    entry(EntryKind::ReturnSent, (from, to, line.amount_minor), moment)
}

/// The entry of a line by which the bank took another back: what had become of the money is debited, and the debit of
/// the bank is explained.
pub(super) fn reversed(
    reversal: &BankLine,
    mut debits: Vec<(AccountRef, Side, i64)>,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    debits.push((account(reversal, AccountKind::UnexplainedDebit), Side::Credit, reversal.amount_minor));
    let id = EntryId::new(moment);
    Entry::new(reversal.tenant_id, id, EntryKind::TransferReversed, moment.now_us, debits).ok()
}

pub(super) const fn received(order: &TransferOrder) -> AccountRef {
    AccountRef::merchant(order.tenant_id, order.merchant_id, AccountKind::TransferReceived, order.currency)
}

pub(super) const fn account(line: &BankLine, kind: AccountKind) -> AccountRef {
    AccountRef::channel(line.tenant_id, line.channel_account_id, kind, line.currency)
}

fn entry(
    kind: EntryKind,
    (debit, credit, amount_minor): (AccountRef, AccountRef, i64),
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let lines = vec![(debit, Side::Debit, amount_minor), (credit, Side::Credit, amount_minor)];
    Entry::new(debit.tenant_id, EntryId::new(moment), kind, moment.now_us, lines).ok()
}

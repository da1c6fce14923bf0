//! How the transfer desk is booked: each line's money once, when it becomes known; matching only moves it.

use crate::id::{EntryId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use crate::moment::Moment;
use crate::payment::Payment;
use crate::transfer::{BankLine, Flow, TransferMatch, TransferOrder};

/// The entry of a bank line:
///
/// | line | debit | credit |
/// |---|---|---|
/// | credit | bank account | suspense |
/// | debit | unexplained debits | bank account |
pub(super) fn line(line: &BankLine, moment: &mut Moment<'_>) -> Option<Entry> {
    let bank = account(line, AccountKind::BankAccount);
    let (kind, debit, credit) = match line.flow {
        Flow::Credit => (EntryKind::BankCredit, bank, account(line, AccountKind::Suspense)),
        Flow::Debit => (EntryKind::BankDebit, account(line, AccountKind::UnexplainedDebit), bank),
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
/// | transfers received | pending settlement | the order's amount |
/// | merchant fee receivable | fee income | the merchant's fee |
pub(super) fn collect(order: &TransferOrder, payment: &Payment, moment: &mut Moment<'_>) -> Option<Entry> {
    let (tenant_id, currency) = (payment.tenant_id, payment.currency);
    let merchant = |kind| AccountRef::merchant(tenant_id, payment.merchant_id, kind, currency);
    let fee = payment.fee_minor;
    let lines = vec![
        (received(order), Side::Debit, order.amount_minor),
        (merchant(AccountKind::PendingSettlement), Side::Credit, order.amount_minor),
        (merchant(AccountKind::MerchantFeeReceivable), Side::Debit, fee),
        (AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency), Side::Credit, fee),
    ];
    let id = EntryId::new(moment);
    let mut entry = Entry::new(tenant_id, id, EntryKind::Collect, moment.now_us, lines).ok()?;
    entry.payment_id = Some(payment.id);
    entry.attempt_id = Some(order.id);
    Some(entry)
}

/// The entry of money set aside for its sender.
pub(super) fn set_aside(line: &BankLine, moment: &mut Moment<'_>) -> Option<Entry> {
    let (from, to) = (account(line, AccountKind::Suspense), account(line, AccountKind::TransferReturn));
    entry(EntryKind::TransferReturn, (from, to, line.return_minor), moment)
}

fn received(order: &TransferOrder) -> AccountRef {
    AccountRef::merchant(order.tenant_id, order.merchant_id, AccountKind::TransferReceived, order.currency)
}

const fn account(line: &BankLine, kind: AccountKind) -> AccountRef {
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

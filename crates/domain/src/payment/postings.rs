//! How a collection is booked.

use crate::channel_account::Method;
use crate::id::{EntryId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use crate::moment::Moment;
use crate::payment::{Attempt, Payment, parts_collected};

/// The entry of a success, of which the channel pays over `attempt.settled_minor()`:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | channel receivable, or the drawer for cash | | settled − channel fee |
/// | fee cost | | channel fee |
/// | | pending settlement, what was paid in advance, or the account of stray money | settled, less the next |
/// | | collected for others | the items that are, for the success that counts |
/// | as [`parts_collected`] says | pending settlement | the parts that others put up, for the success that counts |
/// | merchant fee receivable | fee income | merchant fee, for the success that counts |
pub(super) fn collect(
    kind: EntryKind,
    payment: &Payment,
    attempt: &Attempt,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let (tenant_id, currency) = (payment.tenant_id, payment.currency);
    let merchant = |account| AccountRef::merchant(tenant_id, payment.merchant_id, account, currency);
    let channel = |account| AccountRef::channel(tenant_id, attempt.channel_account_id, account, currency);
    let settled = attempt.settled_minor();
    let cost = attempt.channel_fee_minor;
    let target = match kind {
        EntryKind::CollectDuplicate => merchant(AccountKind::Duplicate),
        EntryKind::CollectLate => merchant(AccountKind::LateSuccess),
        EntryKind::CollectSuspense => channel(AccountKind::Suspense),
        EntryKind::Collect
        | EntryKind::Undone
        | EntryKind::Hold
        | EntryKind::Release
        | EntryKind::Refund
        | EntryKind::RefundLate
        | EntryKind::SuspenseCredit
        | EntryKind::BankCredit
        | EntryKind::BankDebit
        | EntryKind::TransferMatch
        | EntryKind::TransferReturn
        | EntryKind::ShiftOpen
        | EntryKind::ShiftClose
        | EntryKind::CashDeposit
        | EntryKind::DepositMatch
        | EntryKind::ChequeLine
        | EntryKind::ChequePresent
        | EntryKind::SlipCredit
        | EntryKind::SlipProven
        | EntryKind::TransferReversed
        | EntryKind::ReturnSent
        | EntryKind::Split
        | EntryKind::SplitPaid
        | EntryKind::SplitFailed
        | EntryKind::SplitFailedUndone
        | EntryKind::SplitPaidUndone
        | EntryKind::SplitReturn
        | EntryKind::SplitReturnUndone
        | EntryKind::SplitReturned
        | EntryKind::PrepaymentDraw
        | EntryKind::PrepaymentDrawUndone
        | EntryKind::Reversal => payment.credited_account(),
    };
    let counts = kind == EntryKind::Collect;
    let fee = if counts { payment.fee_minor } else { 0 };
    let (parts, put_up) =
        if counts { parts_collected(payment, attempt.channel_account_id) } else { (Vec::new(), 0) };
    let for_others = if counts { payment.for_others(&payment.item_bases()) } else { 0 };
    let mut lines = vec![
        (channel(money_account(attempt.method)), Side::Debit, settled.saturating_sub(cost)),
        (channel(AccountKind::FeeCost), Side::Debit, cost),
        (target, Side::Credit, settled.saturating_add(put_up).saturating_sub(for_others)),
        (payment.others_account(), Side::Credit, for_others),
        (payment.fee_account(), Side::Debit, fee),
        (AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency), Side::Credit, fee),
    ];
    lines.extend(parts);
    entry(kind, attempt, lines, moment)
}

/// Where the money is that a method brings: in the drawer, or at the channel.
pub(crate) fn money_account(method: Method) -> AccountKind {
    if method == Method::Cash { AccountKind::CashDrawer } else { AccountKind::ChannelReceivable }
}

/// The entry of a cancel that gave back `attempt.undone_minor`:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | channel receivable | | taken − channel fee |
/// | fee cost | | channel fee |
/// | | channel receivable | given back |
/// | channel receivable | fee cost | channel fee returned |
///
/// Where the channel keeps its fee, that is what remains.
pub(super) fn undone(attempt: &Attempt, moment: &mut Moment<'_>) -> Option<Entry> {
    let channel = |account| {
        AccountRef::channel(attempt.tenant_id, attempt.channel_account_id, account, attempt.currency)
    };
    let (sum, cost, returned) =
        (attempt.undone_minor, attempt.channel_fee_minor, attempt.channel_fee_returned_minor);
    let lines = vec![
        (channel(AccountKind::ChannelReceivable), Side::Debit, sum.saturating_sub(cost)),
        (channel(AccountKind::FeeCost), Side::Debit, cost),
        (channel(AccountKind::ChannelReceivable), Side::Credit, sum),
        (channel(AccountKind::ChannelReceivable), Side::Debit, returned),
        (channel(AccountKind::FeeCost), Side::Credit, returned),
    ];
    entry(EntryKind::Undone, attempt, lines, moment)
}

fn entry(
    kind: EntryKind,
    attempt: &Attempt,
    lines: Vec<(AccountRef, Side, i64)>,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let mut entry = Entry::new(attempt.tenant_id, EntryId::new(moment), kind, moment.now_us, lines).ok()?;
    entry.payment_id = Some(attempt.payment_id);
    entry.attempt_id = Some(attempt.id);
    Some(entry)
}

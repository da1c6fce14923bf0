//! How a collection is booked.

use crate::id::{EntryId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Side};
use crate::moment::Moment;
use crate::payment::{Attempt, Payment};

/// The entry of a success of `attempt.received_minor`:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | channel receivable | | received − channel fee |
/// | fee cost | | channel fee |
/// | | pending settlement, or the account of stray money | received |
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
    let received = attempt.received_minor;
    let cost = attempt.channel_fee_minor;
    let target = match kind {
        EntryKind::CollectDuplicate => merchant(AccountKind::Duplicate),
        EntryKind::CollectLate => merchant(AccountKind::LateSuccess),
        EntryKind::CollectSuspense => channel(AccountKind::Suspense),
        EntryKind::Collect
        | EntryKind::Hold
        | EntryKind::Release
        | EntryKind::Refund
        | EntryKind::RefundLate
        | EntryKind::Reversal => merchant(AccountKind::PendingSettlement),
    };
    let fee = if kind == EntryKind::Collect { payment.fee_minor } else { 0 };
    let lines = vec![
        (channel(AccountKind::ChannelReceivable), Side::Debit, received.saturating_sub(cost)),
        (channel(AccountKind::FeeCost), Side::Debit, cost),
        (target, Side::Credit, received),
        (merchant(AccountKind::MerchantFeeReceivable), Side::Debit, fee),
        (AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency), Side::Credit, fee),
    ];
    let mut entry = Entry::new(tenant_id, EntryId::new(moment), kind, moment.now_us, lines).ok()?;
    entry.payment_id = Some(payment.id);
    entry.attempt_id = Some(attempt.id);
    Some(entry)
}

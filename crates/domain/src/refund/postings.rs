//! How holds and refunds are booked.

use crate::id::{EntryId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Hold, Side};
use crate::moment::Moment;
use crate::refund::Refund;

/// Making a hold debits the sources and credits `held`; releasing it is the opposite.
pub(super) fn hold(kind: EntryKind, hold: &Hold, refund: &Refund, moment: &mut Moment<'_>) -> Option<Entry> {
    let (source, opposite) = match kind {
        EntryKind::Release => (Side::Credit, Side::Debit),
        EntryKind::Hold
        | EntryKind::Collect
        | EntryKind::CollectDuplicate
        | EntryKind::CollectLate
        | EntryKind::CollectSuspense
        | EntryKind::Refund
        | EntryKind::Reversal => (Side::Debit, Side::Credit),
    };
    let account = |kind| AccountRef::merchant(hold.tenant_id, hold.merchant_id, kind, hold.currency);
    let lines = vec![
        (account(AccountKind::PendingSettlement), source, hold.pending_settlement_minor),
        (account(AccountKind::Cash), source, hold.cash_minor),
        (account(AccountKind::Duplicate), source, hold.duplicate_minor),
        (account(AccountKind::LateSuccess), source, hold.late_success_minor),
        (account(AccountKind::Held), opposite, hold.amount_minor()),
    ];
    entry(kind, refund, lines, moment)
}

/// The entry of a refund proven done:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | held | channel receivable | refunded |
/// | fee income | merchant fee receivable | merchant fee returned |
/// | channel receivable | fee cost | channel fee returned |
pub(super) fn refund(refund: &Refund, moment: &mut Moment<'_>) -> Option<Entry> {
    let (tenant_id, currency) = (refund.tenant_id, refund.currency);
    let merchant = |kind| AccountRef::merchant(tenant_id, refund.merchant_id, kind, currency);
    let channel = |kind| AccountRef::channel(tenant_id, refund.channel_account_id, kind, currency);
    let (fee, cost) = (refund.fee_refund_minor, refund.channel_fee_refund_minor);
    let lines = vec![
        (merchant(AccountKind::Held), Side::Debit, refund.amount_minor),
        (channel(AccountKind::ChannelReceivable), Side::Credit, refund.amount_minor),
        (AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency), Side::Debit, fee),
        (merchant(AccountKind::MerchantFeeReceivable), Side::Credit, fee),
        (channel(AccountKind::ChannelReceivable), Side::Debit, cost),
        (channel(AccountKind::FeeCost), Side::Credit, cost),
    ];
    entry(EntryKind::Refund, refund, lines, moment)
}

fn entry(
    kind: EntryKind,
    refund: &Refund,
    lines: Vec<(AccountRef, Side, i64)>,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let mut entry = Entry::new(refund.tenant_id, EntryId::new(moment), kind, moment.now_us, lines).ok()?;
    entry.payment_id = Some(refund.payment_id);
    entry.attempt_id = Some(refund.attempt_id);
    entry.refund_id = Some(refund.id);
    Some(entry)
}

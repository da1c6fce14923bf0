//! How holds and refunds are booked.

use crate::id::{EntryId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Hold, Side};
use crate::moment::Moment;
use crate::payment::{Payment, parts_returned};
use crate::prepayment;
use crate::refund::{Refund, shares};

/// Making a hold debits the sources and credits `held`; releasing it is the opposite.
pub(super) fn hold(kind: EntryKind, hold: &Hold, refund: &Refund, moment: &mut Moment<'_>) -> Option<Entry> {
    let (source, opposite) = match kind {
        EntryKind::Release => (Side::Credit, Side::Debit),
        EntryKind::Hold
        | EntryKind::Collect
        | EntryKind::CollectDuplicate
        | EntryKind::CollectLate
        | EntryKind::CollectSuspense
        | EntryKind::Undone
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
        | EntryKind::Reversal => (Side::Debit, Side::Credit),
    };
    let account = |kind| AccountRef::merchant(hold.tenant_id, hold.merchant_id, kind, hold.currency);
    let prepaid = hold
        .prepayment_id
        .map_or(account(AccountKind::Cash), |id| prepayment::account(hold.tenant_id, id, hold.currency));
    let suspense =
        AccountRef::channel(hold.tenant_id, refund.channel_account_id, AccountKind::Suspense, hold.currency);
    let lines = vec![
        (suspense, source, hold.suspense_minor),
        (account(AccountKind::PendingSettlement), source, hold.pending_settlement_minor),
        (account(AccountKind::CollectedForOthers), source, hold.collected_for_others_minor),
        (account(AccountKind::Cash), source, hold.cash_minor),
        (prepaid, source, hold.prepaid_minor),
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
/// | held | channel receivable, or where it was paid out of | what left us by the channel's word |
/// | held | as [`parts_returned`] says | the shares of the parts |
/// | | where the hold was drawn from | what it held too much |
/// | pending settlement and cash, or the refund receivable | | what it held too little |
/// | fee income | merchant fee receivable | merchant fee returned |
/// | channel receivable | fee cost | channel fee returned |
pub(super) fn refund(
    (payment, refund): (&Payment, &Refund),
    paid_out_of: AccountRef,
    difference: Vec<(AccountRef, Side, i64)>,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let held = account(refund, AccountKind::Held);
    let settled = refund.settled_back_minor.unwrap_or(refund.settled_minor());
    let mut lines = vec![
        (held, Side::Debit, shares::held_minor(refund.amount_minor, refund.shares)),
        (paid_out_of, Side::Credit, settled),
    ];
    lines.extend(parts_returned(payment, refund.channel_account_id, &refund.part_shares()));
    lines.extend(difference);
    entry(EntryKind::Refund, refund, with_fees((payment, refund), lines), moment)
}

/// The channel through which a refund goes back, as the account that it is paid out of.
pub(super) const fn receivable(refund: &Refund) -> AccountRef {
    let kind = AccountKind::ChannelReceivable;
    AccountRef::channel(refund.tenant_id, refund.channel_account_id, kind, refund.currency)
}

/// Who bears a refund that was done after its hold had been released, minor units.
#[derive(Debug, Clone)]
pub(super) struct Bearers {
    /// Drawn from these accounts, in order.
    pub drawn: Vec<(AccountRef, i64)>,
    /// What the merchant's accounts did not cover.
    pub owed_by_merchant_minor: i64,
    /// What the channel paid out beyond what it had received.
    pub owed_by_channel_minor: i64,
}

/// The entry of a refund proven done after it had failed or been withdrawn:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | pending settlement and cash, or the account of stray money | | as far as available |
/// | the merchant's refund receivable | | what they do not cover |
/// | the channel account's refund receivable | | beyond what the attempt received |
/// | | channel receivable, or where it was paid out of | what left us by the channel's word |
/// | | as [`parts_returned`] says | the shares of the parts |
///
/// and the fees as for any refund.
pub(super) fn late_refund(
    (payment, refund): (&Payment, &Refund),
    paid_out_of: AccountRef,
    bearers: &Bearers,
    moment: &mut Moment<'_>,
) -> Option<Entry> {
    let mut debits: Vec<(AccountRef, Side, i64)> =
        bearers.drawn.iter().map(|(account, minor)| (*account, Side::Debit, *minor)).collect();
    let owed_by_merchant = account(refund, AccountKind::RefundReceivable);
    debits.push((owed_by_merchant, Side::Debit, bearers.owed_by_merchant_minor));
    let owed_by_channel = AccountRef::channel(
        refund.tenant_id,
        refund.channel_account_id,
        AccountKind::RefundReceivable,
        refund.currency,
    );
    debits.push((owed_by_channel, Side::Debit, bearers.owed_by_channel_minor));
    let settled = refund.settled_back_minor.unwrap_or(refund.settled_minor());
    debits.push((paid_out_of, Side::Credit, settled));
    debits.extend(parts_returned(payment, refund.channel_account_id, &refund.part_shares()));
    entry(EntryKind::RefundLate, refund, with_fees((payment, refund), debits), moment)
}

fn account(refund: &Refund, kind: AccountKind) -> AccountRef {
    AccountRef::merchant(refund.tenant_id, refund.merchant_id, kind, refund.currency)
}

/// What moves the refund, and after it the fees that come back.
fn with_fees(
    (payment, refund): (&Payment, &Refund),
    mut lines: Vec<(AccountRef, Side, i64)>,
) -> Vec<(AccountRef, Side, i64)> {
    let (tenant_id, currency) = (refund.tenant_id, refund.currency);
    let channel = |kind| AccountRef::channel(tenant_id, refund.channel_account_id, kind, currency);
    let (fee, cost) = (refund.fee_refund_minor, refund.channel_fee_refund_minor);
    lines.extend([
        (AccountRef::tenant(tenant_id, AccountKind::FeeIncome, currency), Side::Debit, fee),
        (payment.fee_account(), Side::Credit, fee),
        (channel(AccountKind::ChannelReceivable), Side::Debit, cost),
        (channel(AccountKind::FeeCost), Side::Credit, cost),
    ]);
    lines
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

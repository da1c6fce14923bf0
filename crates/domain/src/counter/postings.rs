//! How the counter's cash is booked. Takings and refunds are booked as any other; here is what only a drawer has.

use crate::counter::{CashDeposit, Shift};
use crate::id::{ChannelAccountId, EntryId, TenantId, TypedId};
use crate::ledger::{AccountKind, AccountRef, Entry, EntryKind, Owner, Side};
use crate::moment::Moment;
use tk_money::Currency;

/// The drawer of a counter.
pub(crate) const fn drawer(tenant_id: TenantId, counter: ChannelAccountId, currency: Currency) -> AccountRef {
    AccountRef::channel(tenant_id, counter, AccountKind::CashDrawer, currency)
}

/// The tenant's cash that is in no drawer.
pub(super) const fn vault(tenant_id: TenantId, currency: Currency) -> AccountRef {
    AccountRef::tenant(tenant_id, AccountKind::CashVault, currency)
}

/// What a cashier had too much or too little.
pub(super) fn over_short(shift: &Shift) -> AccountRef {
    AccountRef {
        tenant_id: shift.tenant_id,
        owner: Owner::Cashier(shift.cashier_id()),
        kind: AccountKind::CashOverShort,
        currency: shift.currency,
    }
}

/// Cash on its way to a bank account.
pub(super) const fn in_transit(
    tenant_id: TenantId,
    bank_account: ChannelAccountId,
    currency: Currency,
) -> AccountRef {
    AccountRef::channel(tenant_id, bank_account, AccountKind::CashInTransit, currency)
}

/// The entry of a float: drawer debited, vault credited.
pub(super) fn open(shift: &Shift, moment: &mut Moment<'_>) -> Option<Entry> {
    let drawer = drawer(shift.tenant_id, shift.channel_account_id, shift.currency);
    let vault = vault(shift.tenant_id, shift.currency);
    let lines = vec![(drawer, Side::Debit, shift.float_minor), (vault, Side::Credit, shift.float_minor)];
    entry(EntryKind::ShiftOpen, lines, moment)
}

/// The entry of a shift's end:
///
/// | debit | credit | amount |
/// |---|---|---|
/// | vault | | cash counted |
/// | | drawer | cash expected |
/// | the cashier's over and short | or credited | the difference |
pub(super) fn close(shift: &Shift, counted_minor: i64, moment: &mut Moment<'_>) -> Option<Entry> {
    let difference = counted_minor.saturating_sub(shift.expected_minor());
    let side = if difference < 0 { Side::Debit } else { Side::Credit };
    let lines = vec![
        (vault(shift.tenant_id, shift.currency), Side::Debit, counted_minor),
        (
            drawer(shift.tenant_id, shift.channel_account_id, shift.currency),
            Side::Credit,
            shift.expected_minor(),
        ),
        (over_short(shift), side, difference.saturating_abs()),
    ];
    entry(EntryKind::ShiftClose, lines, moment)
}

/// The entry of cash brought to a bank: in transit debited, vault credited.
pub(super) fn deposit(deposit: &CashDeposit, moment: &mut Moment<'_>) -> Option<Entry> {
    let (tenant_id, currency) = (deposit.tenant_id, deposit.currency);
    let lines = vec![
        (in_transit(tenant_id, deposit.channel_account_id, currency), Side::Debit, deposit.amount_minor),
        (vault(tenant_id, currency), Side::Credit, deposit.amount_minor),
    ];
    entry(EntryKind::CashDeposit, lines, moment)
}

/// The entry of a deposit that the bank shows: the line's suspense debited, in transit credited.
pub(super) fn matched(deposit: &CashDeposit, moment: &mut Moment<'_>) -> Option<Entry> {
    let (tenant_id, currency) = (deposit.tenant_id, deposit.currency);
    let suspense =
        AccountRef::channel(tenant_id, deposit.channel_account_id, AccountKind::Suspense, currency);
    let lines = vec![
        (suspense, Side::Debit, deposit.amount_minor),
        (in_transit(tenant_id, deposit.channel_account_id, currency), Side::Credit, deposit.amount_minor),
    ];
    entry(EntryKind::DepositMatch, lines, moment)
}

fn entry(kind: EntryKind, lines: Vec<(AccountRef, Side, i64)>, moment: &mut Moment<'_>) -> Option<Entry> {
    let tenant_id = lines.first()?.0.tenant_id;
    Entry::new(tenant_id, EntryId::new(moment), kind, moment.now_us, lines).ok()
}

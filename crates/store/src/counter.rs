//! Shifts, what they have, counters' days, money over counters, and cash brought to banks.

use crate::failure::Failure;
use crate::reader::{Listed, Page, Query};
use crate::record::{decided, record};
use crate::store::Store;
use crate::value::{Cells, Columns, Kind, Unreadable, Value};
use tk_domain::channel_account::Method;
use tk_domain::counter::{
    CashDeposit, CounterDay, CounterFlow, CounterMovement, DayStatus, DepositStatus, Seat, Shift,
    ShiftStatus, Totals, VoidStatus,
};
use tk_domain::id::{
    AttemptId, BankLineId, CashDepositId, ChannelAccountId, CounterDayId, Id128, MovementId, PaymentId,
    RefundId, ShiftId, TenantId,
};
use tk_money::Currency;

impl Columns for Totals {
    const KINDS: &'static [Kind] = &[Kind::Int; 6];
    fn put(&self, out: &mut Vec<Value>) {
        self.cash_in_minor.put(out);
        self.cash_out_minor.put(out);
        self.pos_in_minor.put(out);
        self.pos_out_minor.put(out);
        self.kiosk_in_minor.put(out);
        self.kiosk_out_minor.put(out);
    }
    fn take(cells: &mut Cells) -> Result<Self, Unreadable> {
        Ok(Self {
            cash_in_minor: cells.take()?,
            cash_out_minor: cells.take()?,
            pos_in_minor: cells.take()?,
            pos_out_minor: cells.take()?,
            kiosk_in_minor: cells.take()?,
            kiosk_out_minor: cells.take()?,
        })
    }
}

record! {
    Shift in "shifts", keys 2, Fresh, Locked, frozen [
        "channel_account_id",
        "cashier",
        "business_day",
        "currency",
        "float_minor",
        "opened_at_us",
    ];
    tenant_id: TenantId,
    id: ShiftId,
    channel_account_id: ChannelAccountId,
    cashier: String,
    business_day: i64,
    currency: Currency,
    float_minor: i64,
    totals: Totals as [
        "cash_in_minor",
        "cash_out_minor",
        "pos_in_minor",
        "pos_out_minor",
        "kiosk_in_minor",
        "kiosk_out_minor",
    ],
    voids_pending: i64,
    status: ShiftStatus,
    counted_minor: Option<i64>,
    over_short_minor: i64,
    received_by: Option<String>,
    event_seq: i64,
    opened_at_us: i64,
    closed_at_us: Option<i64>,
    version: i64,
}
decided!(Shift, shifts);

record! {
    Seat in "seats", keys 2, Contended, Locked;
    tenant_id: TenantId,
    id: Id128,
    shift_id: Option<ShiftId>,
    version: i64,
}
decided!(Seat, seats);

record! {
    CounterDay in "counter_days", keys 2, Contended, Locked, frozen [
        "channel_account_id",
        "business_day",
        "currency",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: CounterDayId,
    channel_account_id: ChannelAccountId,
    business_day: i64,
    currency: Currency,
    shifts_count: i64,
    shifts_open: i64,
    totals: Totals as [
        "cash_in_minor",
        "cash_out_minor",
        "pos_in_minor",
        "pos_out_minor",
        "kiosk_in_minor",
        "kiosk_out_minor",
    ],
    over_short_minor: i64,
    to_bank_minor: i64,
    deposited_minor: i64,
    status: DayStatus,
    closed_by: Option<String>,
    closed_at_us: Option<i64>,
    event_seq: i64,
    created_at_us: i64,
    version: i64,
}
decided!(CounterDay, counter_days);

record! {
    CounterMovement in "counter_movements", keys 2, Fresh, Locked, frozen [
        "flow",
        "shift_id",
        "channel_account_id",
        "payment_id",
        "attempt_id",
        "refund_id",
        "method",
        "amount_minor",
        "currency",
        "tendered_minor",
        "slip_terminal",
        "slip_no",
        "made_by",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: MovementId,
    flow: CounterFlow,
    shift_id: ShiftId,
    channel_account_id: ChannelAccountId,
    payment_id: PaymentId,
    attempt_id: AttemptId,
    refund_id: Option<RefundId>,
    method: Method,
    amount_minor: i64,
    currency: Currency,
    tendered_minor: Option<i64>,
    slip_terminal: Option<String>,
    slip_no: Option<String>,
    void_status: VoidStatus,
    void_reason: Option<String>,
    void_by: Option<String>,
    void_refund_id: Option<RefundId>,
    decided_by: Option<String>,
    made_by: String,
    created_at_us: i64,
    version: i64,
}
decided!(CounterMovement, counter_movements);

record! {
    CashDeposit in "cash_deposits", keys 2, Fresh, Locked, frozen [
        "counter_day_id",
        "channel_account_id",
        "amount_minor",
        "currency",
        "slip_no",
        "made_by",
        "created_at_us",
    ];
    tenant_id: TenantId,
    id: CashDepositId,
    counter_day_id: CounterDayId,
    channel_account_id: ChannelAccountId,
    amount_minor: i64,
    currency: Currency,
    slip_no: String,
    status: DepositStatus,
    bank_line_id: Option<BankLineId>,
    made_by: String,
    matched_by: Option<String>,
    created_at_us: i64,
    version: i64,
}
decided!(CashDeposit, cash_deposits);

/// Which shifts a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShiftFilter {
    /// Of this counter.
    pub channel_account_id: Option<ChannelAccountId>,
    /// Of this cashier.
    pub cashier: Option<String>,
    /// In this status.
    pub status: Option<ShiftStatus>,
    /// Of this day, days since 1970-01-01.
    pub business_day: Option<i64>,
}

/// Which movements a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovementFilter {
    /// Of this shift.
    pub shift_id: Option<ShiftId>,
    /// Of this payment.
    pub payment_id: Option<PaymentId>,
    /// Undone, being undone, or neither.
    pub void_status: Option<VoidStatus>,
}

impl Store {
    /// Shifts, newest first.
    pub async fn shifts(
        &self,
        tenant_id: TenantId,
        filter: ShiftFilter,
        page: Page,
    ) -> Result<Listed<Shift>, Failure> {
        let query = Query::of(tenant_id)
            .only("channel_account_id =", filter.channel_account_id)
            .only("cashier =", filter.cashier)
            .only("status =", filter.status)
            .only("business_day =", filter.business_day);
        self.list(query, page).await
    }

    /// Money over counters, newest first.
    pub async fn counter_movements(
        &self,
        tenant_id: TenantId,
        filter: MovementFilter,
        page: Page,
    ) -> Result<Listed<CounterMovement>, Failure> {
        let query = Query::of(tenant_id)
            .only("shift_id =", filter.shift_id)
            .only("payment_id =", filter.payment_id)
            .only("void_status =", filter.void_status);
        self.list(query, page).await
    }

    /// Days of counters, in no order of time; of one counter or status if given.
    pub async fn counter_days(
        &self,
        tenant_id: TenantId,
        (counter, status): (Option<ChannelAccountId>, Option<DayStatus>),
        page: Page,
    ) -> Result<Listed<CounterDay>, Failure> {
        let query = Query::of(tenant_id).only("channel_account_id =", counter).only("status =", status);
        self.list(query, page).await
    }

    /// Cash brought to banks, newest first; in one status if given.
    pub async fn cash_deposits(
        &self,
        tenant_id: TenantId,
        status: Option<DepositStatus>,
        page: Page,
    ) -> Result<Listed<CashDeposit>, Failure> {
        self.list(Query::of(tenant_id).only("status =", status), page).await
    }
}

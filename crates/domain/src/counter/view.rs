//! The published form of the counter's rows.

use crate::channel_account::Method;
use crate::counter::{
    CashDeposit, CounterDay, CounterFlow, CounterMovement, DayStatus, DepositStatus, Shift, ShiftStatus,
    Totals, VoidStatus,
};
use crate::id::{EventId, TypedId};
use crate::moment::{Moment, date_text, time_text};
use crate::view::event_body;
use crate::webhook::{Event, EventKind};
use serde::Serialize;

/// What came and went by each method, minor units.
#[derive(Debug, Clone, Serialize)]
pub struct TotalsView {
    /// Cash taken.
    pub cash_in: i64,
    /// Cash handed back.
    pub cash_out: i64,
    /// Card slips taken.
    pub pos_in: i64,
    /// Card slips given back.
    pub pos_out: i64,
    /// Taken by kiosks.
    pub kiosk_in: i64,
    /// Given back by kiosks.
    pub kiosk_out: i64,
}

impl TotalsView {
    const fn of(totals: &Totals) -> Self {
        Self {
            cash_in: totals.cash_in_minor,
            cash_out: totals.cash_out_minor,
            pos_in: totals.pos_in_minor,
            pos_out: totals.pos_out_minor,
            kiosk_in: totals.kiosk_in_minor,
            kiosk_out: totals.kiosk_out_minor,
        }
    }
}

/// A shift as published.
#[derive(Debug, Clone, Serialize)]
pub struct ShiftView {
    /// `shf_…`
    pub id: String,
    /// Always `shift`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `cha_…`, the counter.
    pub counter: String,
    /// The cashier's name.
    pub cashier: String,
    /// `csr_…`, by which the cashier owns an account of overs and shorts.
    pub cashier_id: String,
    /// The counter's day, `YYYY-MM-DD`.
    pub business_date: String,
    /// The counter's day, `cdy_…`.
    pub counter_day: String,
    /// The currency of its cash.
    pub currency: &'static str,
    /// The cash that it began with, minor units.
    pub float: i64,
    /// What it took and handed back by each method.
    pub totals: TotalsView,
    /// The cash that must be in the drawer, minor units.
    pub cash_expected: i64,
    /// The cash counted at its end, minor units.
    pub cash_counted: Option<i64>,
    /// Counted less expected, minor units.
    pub over_short: i64,
    /// Undoings that wait for a second person.
    pub voids_pending: i64,
    /// Where it stands.
    pub status: ShiftStatus,
    /// The name of who took the cash over.
    pub received_by: Option<String>,
    /// RFC 3339.
    pub opened_at: String,
    /// RFC 3339.
    pub closed_at: Option<String>,
}

impl ShiftView {
    /// The published form.
    #[must_use]
    pub fn of(shift: &Shift, livemode: bool) -> Self {
        let day = CounterDay::id_of(shift.tenant_id, shift.channel_account_id, shift.business_day);
        Self {
            id: shift.id.to_string(),
            object: "shift",
            livemode,
            counter: shift.channel_account_id.to_string(),
            cashier: shift.cashier.clone(),
            cashier_id: shift.cashier_id().to_string(),
            business_date: date_text(shift.business_day),
            counter_day: day.to_string(),
            currency: shift.currency.code(),
            float: shift.float_minor,
            totals: TotalsView::of(&shift.totals),
            cash_expected: shift.expected_minor(),
            cash_counted: shift.counted_minor,
            over_short: shift.over_short_minor,
            voids_pending: shift.voids_pending,
            status: shift.status,
            received_by: shift.received_by.clone(),
            opened_at: time_text(shift.opened_at_us),
            closed_at: shift.closed_at_us.map(time_text),
        }
    }
}

/// A counter's day as published.
#[derive(Debug, Clone, Serialize)]
pub struct CounterDayView {
    /// `cdy_…`
    pub id: String,
    /// Always `counter_day`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `cha_…`, the counter.
    pub counter: String,
    /// `YYYY-MM-DD`.
    pub business_date: String,
    /// The currency of its cash.
    pub currency: &'static str,
    /// Shifts opened so far.
    pub shifts: i64,
    /// Shifts not closed yet.
    pub shifts_open: i64,
    /// What its closed shifts took and handed back.
    pub totals: TotalsView,
    /// Counted less expected over its closed shifts, minor units.
    pub over_short: i64,
    /// Cash counted beyond the floats, minor units.
    pub to_bank: i64,
    /// What of it was deposited, minor units.
    pub deposited: i64,
    /// Whether it may still have shifts.
    pub status: DayStatus,
    /// The name of who closed it.
    pub closed_by: Option<String>,
    /// RFC 3339.
    pub closed_at: Option<String>,
}

impl CounterDayView {
    /// The published form.
    #[must_use]
    pub fn of(day: &CounterDay, livemode: bool) -> Self {
        Self {
            id: day.id.to_string(),
            object: "counter_day",
            livemode,
            counter: day.channel_account_id.to_string(),
            business_date: date_text(day.business_day),
            currency: day.currency.code(),
            shifts: day.shifts_count,
            shifts_open: day.shifts_open,
            totals: TotalsView::of(&day.totals),
            over_short: day.over_short_minor,
            to_bank: day.to_bank_minor,
            deposited: day.deposited_minor,
            status: day.status,
            closed_by: day.closed_by.clone(),
            closed_at: day.closed_at_us.map(time_text),
        }
    }
}

/// Money over the counter as published.
#[derive(Debug, Clone, Serialize)]
pub struct CounterMovementView {
    /// `cmv_…`
    pub id: String,
    /// Always `counter_movement`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// Whether it came or went.
    pub flow: CounterFlow,
    /// `shf_…`
    pub shift: String,
    /// `cha_…`, the counter.
    pub counter: String,
    /// `pay_…`
    pub payment: String,
    /// `att_…`
    pub attempt: String,
    /// `ref_…`, the refund that it hands back.
    pub refund: Option<String>,
    /// By which method.
    pub method: Method,
    /// Minor units.
    pub amount: i64,
    /// The payment's currency.
    pub currency: &'static str,
    /// The cash that the payer gave, minor units.
    pub tendered: Option<i64>,
    /// What of it went back at once, minor units.
    pub change: Option<i64>,
    /// The terminal that printed the slip.
    pub slip_terminal: Option<String>,
    /// The slip's number.
    pub slip_no: Option<String>,
    /// Where undoing it stands.
    pub void_status: VoidStatus,
    /// Why it is to be undone.
    pub void_reason: Option<String>,
    /// The name of who asked for that.
    pub void_by: Option<String>,
    /// `ref_…`, the refund by which it is undone.
    pub void_refund: Option<String>,
    /// The name of who decided.
    pub decided_by: Option<String>,
    /// The cashier's name.
    pub made_by: String,
    /// RFC 3339.
    pub created: String,
}

impl CounterMovementView {
    /// The published form.
    #[must_use]
    pub fn of(movement: &CounterMovement, livemode: bool) -> Self {
        let change = |tendered: i64| tendered.saturating_sub(movement.amount_minor);
        Self {
            id: movement.id.to_string(),
            object: "counter_movement",
            livemode,
            flow: movement.flow,
            shift: movement.shift_id.to_string(),
            counter: movement.channel_account_id.to_string(),
            payment: movement.payment_id.to_string(),
            attempt: movement.attempt_id.to_string(),
            refund: movement.refund_id.map(|id| id.to_string()),
            method: movement.method,
            amount: movement.amount_minor,
            currency: movement.currency.code(),
            tendered: movement.tendered_minor,
            change: movement.tendered_minor.map(change),
            slip_terminal: movement.slip_terminal.clone(),
            slip_no: movement.slip_no.clone(),
            void_status: movement.void_status,
            void_reason: movement.void_reason.clone(),
            void_by: movement.void_by.clone(),
            void_refund: movement.void_refund_id.map(|id| id.to_string()),
            decided_by: movement.decided_by.clone(),
            made_by: movement.made_by.clone(),
            created: time_text(movement.created_at_us),
        }
    }
}

/// Cash brought to a bank as published.
#[derive(Debug, Clone, Serialize)]
pub struct CashDepositView {
    /// `csd_…`
    pub id: String,
    /// Always `cash_deposit`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `cdy_…`, the counter's day.
    pub counter_day: String,
    /// `cha_…`, the bank account.
    pub bank_account: String,
    /// Minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: &'static str,
    /// The number of the bank's slip.
    pub slip_no: String,
    /// Where the money is.
    pub status: DepositStatus,
    /// `btr_…`, the line of the bank account that it is.
    pub bank_transfer: Option<String>,
    /// The name of who brought it.
    pub made_by: String,
    /// The name of who matched it.
    pub matched_by: Option<String>,
    /// RFC 3339.
    pub created: String,
}

impl CashDepositView {
    /// The published form.
    #[must_use]
    pub fn of(deposit: &CashDeposit, livemode: bool) -> Self {
        Self {
            id: deposit.id.to_string(),
            object: "cash_deposit",
            livemode,
            counter_day: deposit.counter_day_id.to_string(),
            bank_account: deposit.channel_account_id.to_string(),
            amount: deposit.amount_minor,
            currency: deposit.currency.code(),
            slip_no: deposit.slip_no.clone(),
            status: deposit.status,
            bank_transfer: deposit.bank_line_id.map(|id| id.to_string()),
            made_by: deposit.made_by.clone(),
            matched_by: deposit.matched_by.clone(),
            created: time_text(deposit.created_at_us),
        }
    }
}

/// The next event about a shift; counts it on the shift.
pub(super) fn shift_event(kind: EventKind, shift: &mut Shift, moment: &mut Moment<'_>) -> Event {
    shift.event_seq = shift.event_seq.saturating_add(1);
    let id = EventId::new(moment);
    let data = ShiftView::of(shift, moment.live);
    Event {
        tenant_id: shift.tenant_id,
        id,
        kind,
        object_id: shift.id.id128(),
        object: shift.id.to_string(),
        object_seq: shift.event_seq,
        body: event_body(id, kind, shift.event_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

/// The next event about a counter's day; counts it on the day.
pub(super) fn day_event(kind: EventKind, day: &mut CounterDay, moment: &mut Moment<'_>) -> Event {
    day.event_seq = day.event_seq.saturating_add(1);
    let id = EventId::new(moment);
    let data = CounterDayView::of(day, moment.live);
    Event {
        tenant_id: day.tenant_id,
        id,
        kind,
        object_id: day.id.id128(),
        object: day.id.to_string(),
        object_seq: day.event_seq,
        body: event_body(id, kind, day.event_seq, &data, moment),
        created_at_us: moment.now_us,
        lane: 0,
        lane_seq: 0,
    }
}

//! The rows of the counter.

use crate::channel_account::Method;
use crate::id::{
    AttemptId, BankLineId, CashDepositId, CashierId, ChannelAccountId, CounterDayId, Id128, MovementId,
    PaymentId, RefundId, ShiftId, TenantId,
};
use crate::person::plain_name;
use crate::words::words;
use sha2::{Digest, Sha256};
use tk_money::Currency;

words! {
    /// Where a shift stands.
    ShiftStatus {
        /// The cashier takes money.
        Open = "open",
        /// Its cash is counted and handed over.
        Closed = "closed",
    }
}

words! {
    /// Whether money came over the counter or went back.
    CounterFlow {
        /// It came in.
        In = "in",
        /// It went back.
        Out = "out",
    }
}

words! {
    /// Where undoing a taking stands.
    VoidStatus {
        /// Nobody asked for it.
        None = "none",
        /// Asked for; a second person decides.
        PendingApproval = "pending_approval",
        /// Decided: the money was handed back.
        Approved = "approved",
    }
}

words! {
    /// Whether a counter's day may still have shifts.
    DayStatus {
        /// It may.
        Open = "open",
        /// It is closed.
        Closed = "closed",
    }
}

words! {
    /// Where cash on its way to the bank is.
    DepositStatus {
        /// The bank has not shown it yet.
        InTransit = "in_transit",
        /// A line of the bank account is this deposit.
        Matched = "matched",
    }
}

/// What came and went over a counter by each method, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Cash taken.
    pub cash_in_minor: i64,
    /// Cash handed back.
    pub cash_out_minor: i64,
    /// Card slips taken.
    pub pos_in_minor: i64,
    /// Card slips given back.
    pub pos_out_minor: i64,
    /// Taken by kiosks.
    pub kiosk_in_minor: i64,
    /// Given back by kiosks.
    pub kiosk_out_minor: i64,
}

impl Totals {
    /// These and one movement more; methods that are not of a counter change nothing.
    #[must_use]
    pub fn with(mut self, method: Method, flow: CounterFlow, amount_minor: i64) -> Self {
        let total = match (method, flow) {
            (Method::Cash, CounterFlow::In) => &mut self.cash_in_minor,
            (Method::Cash, CounterFlow::Out) => &mut self.cash_out_minor,
            (Method::Pos, CounterFlow::In) => &mut self.pos_in_minor,
            (Method::Pos, CounterFlow::Out) => &mut self.pos_out_minor,
            (Method::Kiosk, CounterFlow::In) => &mut self.kiosk_in_minor,
            (Method::Kiosk, CounterFlow::Out) => &mut self.kiosk_out_minor,
            (
                Method::AlipayPage
                | Method::AlipayWap
                | Method::AlipayQr
                | Method::AlipayBarcode
                | Method::WechatJsapi
                | Method::WechatH5
                | Method::WechatNative
                | Method::WechatBarcode
                | Method::QuickPay
                | Method::EbankB2c
                | Method::EbankB2b
                | Method::BankTransfer
                | Method::Cheque,
                _,
            ) => return self,
        };
        *total = total.saturating_add(amount_minor);
        self
    }

    /// These and all of the others.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            cash_in_minor: self.cash_in_minor.saturating_add(other.cash_in_minor),
            cash_out_minor: self.cash_out_minor.saturating_add(other.cash_out_minor),
            pos_in_minor: self.pos_in_minor.saturating_add(other.pos_in_minor),
            pos_out_minor: self.pos_out_minor.saturating_add(other.pos_out_minor),
            kiosk_in_minor: self.kiosk_in_minor.saturating_add(other.kiosk_in_minor),
            kiosk_out_minor: self.kiosk_out_minor.saturating_add(other.kiosk_out_minor),
        }
    }
}

/// The time in which one cashier has one drawer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: ShiftId,
    /// The counter, whose drawer it is.
    pub channel_account_id: ChannelAccountId,
    /// The cashier's name.
    pub cashier: String,
    /// The counter's day that it belongs to, days since 1970-01-01 in Shanghai.
    pub business_day: i64,
    /// The currency of its cash.
    pub currency: Currency,
    /// The cash that it began with, minor units.
    pub float_minor: i64,
    /// What it took and handed back.
    pub totals: Totals,
    /// Undoings that wait for a second person.
    pub voids_pending: i64,
    /// Where it stands.
    pub status: ShiftStatus,
    /// The cash counted at its end, minor units.
    pub counted_minor: Option<i64>,
    /// Counted less expected, minor units.
    pub over_short_minor: i64,
    /// The name of who took the cash over.
    pub received_by: Option<String>,
    /// Sequence of the last event about it.
    pub event_seq: i64,
    /// Unix microseconds.
    pub opened_at_us: i64,
    /// Unix microseconds.
    pub closed_at_us: Option<i64>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Shift {
    /// The cash that must be in the drawer, minor units.
    #[must_use]
    pub const fn expected_minor(&self) -> i64 {
        self.float_minor.saturating_add(self.totals.cash_in_minor).saturating_sub(self.totals.cash_out_minor)
    }

    /// The cashier as an owner of accounts, under whatever spelling of the name.
    #[must_use]
    pub fn cashier_id(&self) -> CashierId {
        CashierId(derived(self.tenant_id, &["cashier", &plain_name(&self.cashier)]))
    }
}

/// What at most one open shift may have at a time: a drawer, or a cashier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from the drawer or the cashier.
    pub id: Id128,
    /// The open shift that has it.
    pub shift_id: Option<ShiftId>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Seat {
    /// The seats that a shift of this cashier at this counter takes.
    #[must_use]
    pub fn ids_of(tenant_id: TenantId, counter: ChannelAccountId, cashier: &str) -> [Id128; 2] {
        [
            derived(tenant_id, &["drawer", &counter.to_string()]),
            derived(tenant_id, &["cashier", &plain_name(cashier)]),
        ]
    }
}

/// One day of one counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterDay {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from counter and day.
    pub id: CounterDayId,
    /// The counter.
    pub channel_account_id: ChannelAccountId,
    /// Days since 1970-01-01 in Shanghai.
    pub business_day: i64,
    /// The currency of its cash.
    pub currency: Currency,
    /// Shifts opened so far.
    pub shifts_count: i64,
    /// Shifts not closed yet.
    pub shifts_open: i64,
    /// What its closed shifts took and handed back.
    pub totals: Totals,
    /// Counted less expected over its closed shifts, minor units.
    pub over_short_minor: i64,
    /// Cash counted beyond the floats over its closed shifts, minor units.
    pub to_bank_minor: i64,
    /// What of it was deposited at banks, minor units.
    pub deposited_minor: i64,
    /// Whether it may still have shifts.
    pub status: DayStatus,
    /// The name of who closed it.
    pub closed_by: Option<String>,
    /// Unix microseconds.
    pub closed_at_us: Option<i64>,
    /// Sequence of the last event about it.
    pub event_seq: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl CounterDay {
    /// The identifier of a counter's day.
    #[must_use]
    pub fn id_of(tenant_id: TenantId, counter: ChannelAccountId, business_day: i64) -> CounterDayId {
        CounterDayId(derived(tenant_id, &["day", &counter.to_string(), &business_day.to_string()]))
    }

    /// What may still be deposited, minor units.
    #[must_use]
    pub fn left_minor(&self) -> i64 {
        self.to_bank_minor.saturating_sub(self.deposited_minor).max(0)
    }
}

/// Money that came over a counter, or went back; it shares the attempt's or the refund's identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterMovement {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The attempt's bytes, or those of the refund handed back.
    pub id: MovementId,
    /// Whether it came or went.
    pub flow: CounterFlow,
    /// The shift.
    pub shift_id: ShiftId,
    /// The counter.
    pub channel_account_id: ChannelAccountId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The attempt whose money it is.
    pub attempt_id: AttemptId,
    /// The refund that it hands back.
    pub refund_id: Option<RefundId>,
    /// By which method.
    pub method: Method,
    /// How much, minor units.
    pub amount_minor: i64,
    /// The payment's currency.
    pub currency: Currency,
    /// The cash that the payer gave, minor units.
    pub tendered_minor: Option<i64>,
    /// The terminal that printed the slip.
    pub slip_terminal: Option<String>,
    /// The slip's number, unique per terminal and day.
    pub slip_no: Option<String>,
    /// Where undoing it stands.
    pub void_status: VoidStatus,
    /// Why it is to be undone.
    pub void_reason: Option<String>,
    /// The name of who asked for that.
    pub void_by: Option<String>,
    /// The refund by which it is undone.
    pub void_refund_id: Option<RefundId>,
    /// The name of who decided.
    pub decided_by: Option<String>,
    /// The cashier's name.
    pub made_by: String,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// Cash brought to a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashDeposit {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: CashDepositId,
    /// The counter's day whose cash it is.
    pub counter_day_id: CounterDayId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// How much, minor units.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
    /// The number of the bank's slip.
    pub slip_no: String,
    /// Where the money is.
    pub status: DepositStatus,
    /// The line of the bank account that it is.
    pub bank_line_id: Option<BankLineId>,
    /// The name of who brought it.
    pub made_by: String,
    /// The name of who matched it.
    pub matched_by: Option<String>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

fn derived(tenant_id: TenantId, parts: &[&str]) -> Id128 {
    let mut hash = Sha256::new();
    hash.update(tenant_id.0.0);
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Id128::of_hash(hash)
}

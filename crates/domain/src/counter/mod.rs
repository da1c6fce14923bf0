//! The counter: shifts of cashiers, what they take and hand back, and where the cash goes afterwards.
//!
//! A person's word is evidence like a channel's: a taking passes through the same decision as any report of a paid
//! attempt, and a refund handed back through that of any refund done. What a person alone must not do, undo a taking,
//! waits for a second one.

mod close;
mod day;
mod deposit;
mod hand_over;
mod open;
mod postings;
mod rows;
mod take;
mod view;
mod void;

pub(crate) use take::{check_owed, want_partner};

pub use close::CloseShift;
pub use day::CloseCounterDay;
pub use deposit::{DepositCash, MatchDeposit};
pub use hand_over::{HandOverRefund, HandedOver};
pub use open::OpenShift;
pub(crate) use open::counter;
pub use rows::{
    CashDeposit, CounterDay, CounterFlow, CounterMovement, DayStatus, DepositStatus, Seat, Shift,
    ShiftStatus, Totals, VoidStatus,
};
pub use take::{RecordTaking, Recorded, Slip};
pub use view::{CashDepositView, CounterDayView, CounterMovementView, ShiftView};
pub use void::{AskVoid, DecideVoid, Voided};

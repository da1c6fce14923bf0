//! A refund: money going back to the payer, held first, captured on proof, released on proven failure.
//!
//! ```text
//! pending_approval → approved → processing → succeeded | failed
//! pending_approval → rejected | cancelled;  approved → cancelled before sending
//! ```

mod cancel;
pub(crate) mod create;
mod limits;
mod postings;
mod shares;
mod state;
mod take_report;

pub use cancel::{CancelRefund, RequestRefundQuery};
pub(crate) use cancel::{RejectRefund, WithdrawUnsent};
pub(crate) use create::ask_void;
pub use create::{CreateRefund, RefundCreated};
pub use limits::{RefundLimits, refund_limits};
pub use shares::Shares;
pub use state::{Line, Refund, RefundOrigin, RefundRoute, RefundState};
pub use take_report::{RefundTaken, TakeRefundReport};

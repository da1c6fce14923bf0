//! A refund: money going back to the payer, held first, captured on proof, released on proven failure.
//!
//! ```text
//! pending_approval → approved → processing → succeeded | failed
//! pending_approval → rejected | cancelled;  approved → cancelled before sending
//! ```

mod state;

pub use state::{Line, Refund, RefundOrigin, RefundRoute, RefundState};

//! Splits 分账: one payment's money divided among receivers, and undone in proportion as it is refunded.
//!
//! ```text
//! split: pending → processing → succeeded | failed;   in the books at once succeeded
//! line:  pending → done | failed
//! return: held | waiting → [processing →] done | released;   processing → refused
//!         with the refund itself: waiting → processing when it is done → done | refused
//! ```
//! A split that its channel refuses for ever is given up by two persons and fails by what the channel then answers.
//! A share of another merchant of one legal entity moves in the books; anybody else's is paid by the channel. A share is
//! set aside only when the payment's one success is proven, and what a refund takes back is never more than was shared.

mod abandon;
mod abandon_return;
mod ask;
mod begin;
mod came_back;
mod create;
mod go_on;
mod limits;
mod postings;
mod receiver;
mod rows;
mod take_report;
mod take_return;
mod terms;
mod unbind;
mod undo;
mod view;
mod waive;
mod withheld;

pub use abandon::{
    ABANDONED, Abandonment, AbandonmentAsked, AbandonmentDecided, AbandonmentProposed, AbandonmentStatus,
    AskAbandonment, DecideAbandonment,
};
pub use abandon_return::{AskReturnAbandonment, DecideReturnAbandonment};
pub use ask::RequestSplitQuery;
pub(crate) use begin::{begin, want_success};
pub(crate) use came_back::{capture, capture_late};
pub use create::{CreateSplit, SplitCreated};
pub use go_on::{ContinueRefund, SHARE_NOT_RETURNED};
pub use limits::{SplitLimits, split_limits};
pub use receiver::{
    AddSplitReceiver, Binding, ReceiverFinding, ReceiverKind, Relation, SplitReceiver, TakeReceiverReport,
};
pub use rows::{
    LINES_MAX, Receiver, ReturnMode, ReturnStatus, SPLITS_ASKED_MAX, SPLITS_MAX, Split, SplitLine,
    SplitLineStatus, SplitMode, SplitReturn, SplitState,
};
pub use take_report::{ShareResult, ShareTold, SplitFinding, SplitReport, SplitTaken, TakeSplitReport};
pub use take_return::{ReturnFinding, ReturnReport, TakeReturnReport};
pub use terms::{DividedBy, divided_by};
pub use terms::{Share, SplitTerms, TERMS_MAX};
pub(crate) use terms::{freeze, want_terms};
pub use unbind::RemoveSplitReceiver;
pub(crate) use undo::{Undoing, being_returned, release, want_undoing};
pub use view::{AbandonmentView, SplitLineView, SplitView};
pub use waive::{ShareWaived, WaiveShare};
pub use withheld::{RECEIVER_UNBOUND, withheld};

//! A payment: one intention to collect one amount; an attempt: one try of it on one channel account.
//!
//! ```text
//! payment: requires_method → requires_action → processing → succeeded | closed
//! attempt: created → requires_action | processing ⇄ unknown → succeeded | failed | closed
//! ```
//! A failed or closed attempt returns an unexpired payment to `requires_method`. At most one attempt is
//! open; `succeeded` needs [`crate::report::PaidEvidence`], and nothing leaves `unknown` by the clock alone.

mod attempt;
mod bill;
mod browser_form;
mod close;
mod confirm;
mod create;
mod extend;
mod items;
mod oauth_state;
mod part_postings;
mod parts;
mod postings;
mod start_attempt;
mod state;
mod take_report;
mod update;
mod vouch;

pub use attempt::{Action, ActionKind, Attempt, AttemptStatus, Discount, Disposition};
pub use bill::{Bill, ELSEWHERE_MAX, Elsewhere, ElsewhereBy};
pub use browser_form::BrowserForm;
pub(crate) use close::conclude;
pub use close::{ClosePayment, CloseReason, RequestQuery};
pub use confirm::{ConfirmPayment, Confirmed};
pub use create::{CreatePayment, Created};
pub use extend::{EXTENSION_US, ExtendPayment};
pub(crate) use items::for_others;
pub use items::{ITEMS_MAX, Item, ItemRefund, PayerRecord};
pub use oauth_state::UseOauthState;
pub(crate) use part_postings::{
    collected as parts_collected, returned as parts_returned, want as want_parts,
};
pub(crate) use parts::Counted;
pub use parts::{PARTS_MAX, Part, PartDebtor, PartFunder, PartKind, PartReturn};
pub(crate) use postings::money_account;
pub(crate) use start_attempt::NewAttempt;
pub use start_attempt::{ChannelPayer, Say, StartAttempt, Started, out_no};
pub use state::{FeeSnapshot, Payment, PaymentStatus, RefundStatus};
pub use take_report::{Outcome, TakePaymentReport, Taken};
pub(crate) use take_report::{clipped, want_fulfilment};
pub use update::UpdatePayment;
pub(crate) use vouch::{ClosingEarlier, Vouched, clear_open, vouch, want_open, want_vouched};

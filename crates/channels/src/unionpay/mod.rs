//! UnionPay 全渠道 5.1.0: calls, conversations, reports, callbacks and settlement files of one contract.

pub(crate) mod adapter;
pub mod agreement;
pub mod bill;
pub mod call;
pub mod callback;
mod capabilities;
pub mod conversation;
pub mod credentials;
pub(crate) mod question;
pub mod report;
pub mod wire;

pub use crate::line::NotSent;
pub use capabilities::CAPABILITIES;
pub use conversation::Heard;
pub use credentials::{Access, Credentials, Settings, SignedBy};
pub use tk_formats::unionpay::Params;
pub use tk_formats::unionpay::message::Message;
pub use tk_formats::unionpay::notify::Notification;

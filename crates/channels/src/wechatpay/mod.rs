//! WeChat Pay APIv3: calls, conversations, reports, callbacks, certificates and bills of one contract.

pub(crate) mod adapter;
pub mod bill;
pub mod call;
pub mod callback;
mod capabilities;
pub mod conversation;
pub mod credentials;
pub mod oauth;
mod parties;
mod platform;
pub(crate) mod question;
pub mod report;
pub mod shares;

pub use crate::line::NotSent;
pub use capabilities::CAPABILITIES;
pub use conversation::Heard;
pub use credentials::{Credentials, Settings, Trust};
pub use tk_formats::wechatpay::order;
pub use tk_formats::wechatpay::reply::Refusal;
pub use tk_formats::wechatpay::sharing;

//! Alipay OpenAPI v2: calls, conversations, reports, callbacks and bills of one contract.

pub(crate) mod adapter;
pub mod bill;
pub mod call;
pub mod callback;
mod capabilities;
pub mod conversation;
pub mod credentials;
mod pem;
pub(crate) mod question;
pub mod report;
pub mod returned;
pub mod shares;

pub use crate::line::NotSent;
pub use capabilities::CAPABILITIES;
pub use conversation::Heard;
pub use credentials::{Credentials, Mode, Settings};
pub use tk_formats::alipay::Charset;
pub use tk_formats::alipay::notify::{TradeNotice, TradeStatus};
pub use tk_formats::alipay::response::Answer;

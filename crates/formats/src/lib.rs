//! Bytes to typed records and back: signatures, notifications, bills. No sockets, no clock, no domain words.

pub mod alipay;
pub mod archive;
pub mod bank;
mod beijing;
pub mod cert;
pub mod charset;
pub mod form;
pub mod identity;
pub mod keys;
pub mod multipart;
pub mod photo;
pub mod unionpay;
pub mod wechatpay;

pub use charset::Charset;

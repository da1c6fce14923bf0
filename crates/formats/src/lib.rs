//! Bytes to typed records and back: signatures, notifications, bills. No sockets, no clock, no domain words.

pub mod alipay;
pub mod bank;

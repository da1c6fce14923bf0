//! The sandbox over real sockets, called the way a merchant calls Alipay.

mod bench;
mod control;
mod faults;
mod gateway;
mod notifications;
mod wallet;

//! The sandbox over real sockets, called the way a merchant calls Alipay.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod notifications;
#[cfg(test)]
mod wallet;

//! The truth of one UnionPay merchant as plain data; time is an argument, nothing here opens a socket.

mod bill;
mod books;
mod enact;
mod notices;
mod page;
mod payer;
mod seller;
#[cfg(test)]
mod tests;
mod truth;

pub use books::{Books, Fees, Key, State, Trade, Truth};
pub use enact::{Answer, Desk};
pub use notices::{NOTIFY_LADDER_US, Notice};
pub use page::{Page, PageRefusal};
pub use seller::{Notification, Request, Seller};
pub use truth::{CardChange, CardEvent};

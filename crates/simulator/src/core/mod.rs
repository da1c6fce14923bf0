//! The truth of one seller as plain data: rules, books, payer, notifications, faults, bills.
//!
//! Nothing here reads a clock, draws from the operating system or opens a socket; time is an argument in
//! microseconds UTC and chance comes from a seed, so that the simulation and the HTTP sandbox share it.

mod answer;
mod bill;
mod books;
mod call;
mod coupon;
mod dice;
mod draw;
mod enact;
mod faults;
mod house;
mod notices;
mod payer;
mod refund_backs;
mod refunds;
mod rules;
mod seller;
mod share_backs;
mod splits;
mod timers;
mod trade;
mod truth;
mod why;

pub use answer::{
    CancelAction, CancelNode, Code, CoreAnswer, Delivery, Effect, FundChange, Garble, Node, PayNode,
    QueryNode, RefundNode, RefundQueryNode, RefundStatus, ShareBackNode, ShareNode, ShareState, Way,
};
pub use bill::{BillKind, DayBill, FundRow, FundRowKind, TradeRow, TradeRowKind, beijing_day};
pub use books::{LedgerKind, LedgerLine};
pub use call::{
    BarcodePay, BillCall, BindCall, CoreCall, Method, Order, RefundCall, RefundQueryCall, SettleCall,
    SettleQueryCall, ShareBackCall, ShareBackQueryCall, ShareCall, TradeRef,
};
pub use coupon::Coupon;
pub use dice::Dice;
pub use faults::{Fault, FaultCounters, FaultKind, FaultPlan, Rates, Script};
pub use house::House;
pub use notices::{Notification, NotifyFields, Seal};
pub use payer::{BarcodeReply, PayerRefusal};
pub use refund_backs::RefundBack;
pub use seller::{CoreConfig, FeeOnRefund, Provider, Seller};
pub use share_backs::ShareBack;
pub use splits::{Settlement, Share};
pub use trade::{Cancelled, Entrance, Prepared, RefundRecord, Trade, TradeStatus};
pub use truth::{Truth, TruthEvent, TruthTrade};
pub use why::Why;

pub(crate) use books::{fee_of, fee_share};
pub(crate) use draw::FaultState;
pub(crate) use faults::Point;
pub(crate) use refunds::Cap;
pub(crate) use timers::{MINUTE_US, Timers};

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CancelAction, Coupon, Order};

/// An order the payer may open; it becomes a trade when opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    pub order: Order,
    pub entrance: Entrance,
    /// Secret part of the wallet link.
    pub token: String,
    pub prepared_at_us: i64,
    /// After this moment the page or code can no longer be opened.
    pub open_until_us: i64,
}

/// How the payer comes to the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entrance {
    Page,
    Wap,
    Qr,
    Jsapi,
    Created,
    Barcode,
}

/// The truth about one trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    pub trade_no: String,
    pub order: Order,
    pub entrance: Entrance,
    pub status: TradeStatus,
    pub buyer_id: String,
    pub buyer_logon_id: String,
    pub created_at_us: i64,
    pub expires_at_us: i64,
    pub paid_at_us: Option<i64>,
    pub closed_at_us: Option<i64>,
    /// What the payer did not have to pay himself
    #[serde(default)]
    pub coupon: Coupon,
    pub fee_fen: i64,
    pub refunds: BTreeMap<String, RefundRecord>,
    pub cancelled: Option<Cancelled>,
    /// Notifications of this trade made so far, which number their ids.
    pub notices: u32,
}

impl Trade {
    /// Fen of the order once it is paid, coupons included.
    pub fn paid_fen(&self) -> i64 {
        if self.paid_at_us.is_some() { self.order.total_fen } else { 0 }
    }

    /// Fen given back so far.
    pub fn refunded_fen(&self) -> i64 {
        self.refunds.values().map(|refund| refund.amount_fen).sum()
    }

    /// Channel fee returned so far.
    pub fn fee_returned_fen(&self) -> i64 {
        self.refunds.values().map(|refund| refund.fee_returned_fen).sum()
    }
}

/// A cancel that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cancelled {
    Closed,
    Refunded,
}

impl Cancelled {
    pub(super) fn action(self) -> CancelAction {
        match self {
            Self::Closed => CancelAction::Close,
            Self::Refunded => CancelAction::Refund,
        }
    }
}

/// One refund that moved money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRecord {
    pub amount_fen: i64,
    /// What of it is not the payer's
    #[serde(default)]
    pub coupon: Coupon,
    pub at_us: i64,
    pub fee_returned_fen: i64,
}

/// `trade_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TradeStatus {
    #[serde(rename = "WAIT_BUYER_PAY")]
    WaitBuyerPay,
    #[serde(rename = "TRADE_SUCCESS")]
    TradeSuccess,
    #[serde(rename = "TRADE_FINISHED")]
    TradeFinished,
    #[serde(rename = "TRADE_CLOSED")]
    TradeClosed,
}

impl TradeStatus {
    /// The word on the wire.
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::WaitBuyerPay => "WAIT_BUYER_PAY",
            Self::TradeSuccess => "TRADE_SUCCESS",
            Self::TradeFinished => "TRADE_FINISHED",
            Self::TradeClosed => "TRADE_CLOSED",
        }
    }
}

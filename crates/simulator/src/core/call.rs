use serde::{Deserialize, Serialize};

/// One call with the fields it may carry; named by the interface of the channel that had it first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum CoreCall {
    /// `alipay.trade.create`
    Create(Order),
    /// `alipay.trade.page.pay`
    Page(Order),
    /// `alipay.trade.wap.pay`
    Wap(Order),
    /// `alipay.trade.precreate`
    Precreate(Order),
    /// `/v3/pay/transactions/jsapi`
    Jsapi(Order),
    /// `alipay.trade.pay` with `scene=bar_code`
    Pay(BarcodePay),
    /// `alipay.trade.query`
    Query(TradeRef),
    /// `alipay.trade.close`
    Close(TradeRef),
    /// `alipay.trade.cancel`
    Cancel(TradeRef),
    /// `alipay.trade.refund`
    Refund(RefundCall),
    /// `alipay.trade.fastpay.refund.query`
    RefundQuery(RefundQueryCall),
    /// `alipay.trade.royalty.relation.bind`
    Bind(BindCall),
    /// `alipay.trade.royalty.relation.unbind`
    Unbind(BindCall),
    /// `alipay.trade.order.settle`
    Settle(SettleCall),
    /// `alipay.trade.order.settle.query`
    SettleQuery(SettleQueryCall),
    /// `/v3/profitsharing/transactions/{}/amounts`
    Undivided(TradeRef),
    /// `/v3/profitsharing/return-orders`
    ShareBack(ShareBackCall),
    /// `/v3/profitsharing/return-orders/{}`
    ShareBackQuery(ShareBackQueryCall),
    /// `alipay.data.dataservice.bill.downloadurl.query`
    Bill(BillCall),
}

impl CoreCall {
    /// The method of this call.
    pub fn method(&self) -> Method {
        match self {
            Self::Create(_) => Method::Create,
            Self::Page(_) => Method::Page,
            Self::Wap(_) => Method::Wap,
            Self::Precreate(_) => Method::Precreate,
            Self::Jsapi(_) => Method::Jsapi,
            Self::Pay(_) => Method::Pay,
            Self::Query(_) => Method::Query,
            Self::Close(_) => Method::Close,
            Self::Cancel(_) => Method::Cancel,
            Self::Refund(_) => Method::Refund,
            Self::RefundQuery(_) => Method::RefundQuery,
            Self::Bind(_) => Method::Bind,
            Self::Unbind(_) => Method::Unbind,
            Self::Settle(_) => Method::Settle,
            Self::SettleQuery(_) => Method::SettleQuery,
            Self::Undivided(_) => Method::Undivided,
            Self::ShareBack(_) => Method::ShareBack,
            Self::ShareBackQuery(_) => Method::ShareBackQuery,
            Self::Bill(_) => Method::Bill,
        }
    }

    /// The trade this call names, if it names one.
    pub fn trade(&self) -> Option<TradeRef> {
        match self {
            Self::Create(order)
            | Self::Page(order)
            | Self::Wap(order)
            | Self::Precreate(order)
            | Self::Jsapi(order) => Some(TradeRef::out(&order.out_trade_no)),
            Self::Pay(pay) => Some(TradeRef::out(&pay.order.out_trade_no)),
            Self::Query(trade) | Self::Close(trade) | Self::Cancel(trade) | Self::Undivided(trade) => {
                Some(trade.clone())
            }
            Self::Refund(refund) => Some(refund.trade.clone()),
            Self::RefundQuery(query) => Some(query.trade.clone()),
            Self::Settle(settle) => Some(settle.trade.clone()),
            Self::SettleQuery(query) => Some(query.trade.clone()),
            Self::ShareBack(back) => Some(back.trade.clone()),
            Self::ShareBackQuery(query) => Some(query.trade.clone()),
            Self::Bind(_) | Self::Unbind(_) | Self::Bill(_) => None,
        }
    }
}

/// The gateway methods played here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Create,
    Page,
    Wap,
    Precreate,
    Jsapi,
    Pay,
    Query,
    Close,
    Cancel,
    Refund,
    RefundQuery,
    Bind,
    Unbind,
    Settle,
    SettleQuery,
    Undivided,
    ShareBack,
    ShareBackQuery,
    Bill,
}

impl Method {
    /// Whether the method may change the channel's books or trades.
    pub fn has_effect(self) -> bool {
        match self {
            Self::Create
            | Self::Page
            | Self::Wap
            | Self::Precreate
            | Self::Jsapi
            | Self::Pay
            | Self::Close
            | Self::Cancel
            | Self::Bind
            | Self::Unbind
            | Self::Settle
            | Self::ShareBack
            | Self::Refund => true,
            Self::Query
            | Self::RefundQuery
            | Self::SettleQuery
            | Self::Undivided
            | Self::ShareBackQuery
            | Self::Bill => false,
        }
    }
}

/// What a merchant asks to be paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Order {
    pub out_trade_no: String,
    /// `total_amount` in fen
    pub total_fen: i64,
    pub subject: String,
    /// `time_expire`
    pub time_expire_us: Option<i64>,
    /// `timeout_express`
    pub timeout_us: Option<i64>,
    /// `qr_code_timeout_express`
    pub qr_timeout_us: Option<i64>,
    pub notify_url: Option<String>,
    pub return_url: Option<String>,
    pub passback_params: Option<String>,
    /// Who is to pay, where the order names him (`openid`)
    pub buyer: Option<String>,
    /// Whether the money is kept until it is divided (`extend_params.royalty_freeze`)
    pub keeps: bool,
}

/// A bar-code charge: the order and the code read from the payer's phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarcodePay {
    #[serde(flatten)]
    pub order: Order,
    pub auth_code: String,
}

/// A trade by either number; `trade_no` wins when both are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TradeRef {
    pub out_trade_no: Option<String>,
    pub trade_no: Option<String>,
}

impl TradeRef {
    /// A trade by the merchant's number.
    pub fn out(out_trade_no: &str) -> Self {
        Self { out_trade_no: Some(out_trade_no.to_owned()), trade_no: None }
    }
}

/// A refund asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundCall {
    #[serde(flatten)]
    pub trade: TradeRef,
    /// `refund_amount` in fen
    pub refund_fen: i64,
    /// Absent means the whole trade, under its `out_trade_no`.
    pub out_request_no: Option<String>,
    /// `refund_royalty_parameters`
    #[serde(default)]
    pub returns: Vec<ShareCall>,
}

/// A receiver and fen for or from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareCall {
    pub account: String,
    pub amount_fen: i64,
}

/// A receiver to be bound or unbound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindCall {
    pub account: String,
    /// The receiver's name as it travelled, where one was told
    #[serde(default)]
    pub name: Option<String>,
}

/// A split asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleCall {
    #[serde(flatten)]
    pub trade: TradeRef,
    pub out_request_no: String,
    pub shares: Vec<ShareCall>,
    /// `royalty_finish`: what is not divided is the seller's
    pub finish: bool,
}

/// A question about a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleQueryCall {
    #[serde(flatten)]
    pub trade: TradeRef,
    pub out_request_no: String,
}

/// A share to be given back; the trade is that of the split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareBackCall {
    #[serde(flatten)]
    pub trade: TradeRef,
    /// The split's number
    pub out_request_no: String,
    pub out_return_no: String,
    pub account: String,
    pub amount_fen: i64,
}

/// A question about a share that is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareBackQueryCall {
    #[serde(flatten)]
    pub trade: TradeRef,
    /// The split's number
    pub out_request_no: String,
    pub out_return_no: String,
}

/// A question about one refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundQueryCall {
    #[serde(flatten)]
    pub trade: TradeRef,
    pub out_request_no: Option<String>,
}

/// A question for a day's bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillCall {
    pub kind: super::BillKind,
    /// Beijing day, counted from 1970-01-01
    pub day: i64,
}

use serde::Serialize;

use super::{BillCall, TradeStatus, Why};

/// What the channel says: code, reason and the fields of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoreAnswer {
    pub code: Code,
    pub why: Option<Why>,
    pub node: Node,
}

impl CoreAnswer {
    pub(super) fn ok(node: Node) -> Self {
        Self { code: Code::Success, why: None, node }
    }

    pub(super) fn refused(why: Why) -> Self {
        Self { code: Code::Business, why: Some(why), node: Node::Empty }
    }

    pub(super) fn coded(code: Code, why: Why) -> Self {
        Self { code, why: Some(why), node: Node::Empty }
    }
}

/// The top-level `code` of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Code {
    /// 10000
    Success,
    /// 10003: the payer has yet to confirm
    Waiting,
    /// 20000: unknown outcome
    Unavailable,
    /// 40001
    Missing,
    /// 40002
    Invalid,
    /// 40004: see the sub code
    Business,
    /// 40005: rejected before execution
    Limited,
}

/// The fields of an answer node, by method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Node {
    Empty,
    Create {
        out_trade_no: String,
        trade_no: String,
    },
    Page {
        out_trade_no: String,
        wallet_url: String,
    },
    /// The secret by which the payer's own app opens the order
    Jsapi {
        out_trade_no: String,
        token: String,
    },
    Precreate {
        out_trade_no: String,
        qr_code: String,
    },
    Pay(PayNode),
    Query(QueryNode),
    Close {
        out_trade_no: String,
        trade_no: String,
    },
    Cancel(CancelNode),
    Refund(RefundNode),
    RefundQuery(RefundQueryNode),
    /// The receiver is bound, or is not any more.
    Bind,
    Settle {
        trade_no: String,
        settle_no: String,
    },
    SettleQuery {
        out_request_no: String,
        shares: Vec<ShareNode>,
    },
    /// What of the trade is not divided
    Undivided {
        trade_no: String,
        amount_fen: i64,
    },
    ShareBack(ShareBackNode),
    /// The bill exists and may be fetched.
    Bill(BillCall),
}

/// Answer of `alipay.trade.pay`; payment fields are absent while the payer confirms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayNode {
    pub out_trade_no: String,
    pub trade_no: String,
    pub buyer_id: String,
    pub buyer_logon_id: String,
    pub total_fen: i64,
    pub receipt_fen: Option<i64>,
    pub buyer_pay_fen: Option<i64>,
    pub gmt_payment_us: Option<i64>,
}

/// Answer of `alipay.trade.query`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueryNode {
    pub out_trade_no: String,
    pub trade_no: String,
    pub trade_status: TradeStatus,
    pub total_fen: i64,
    pub receipt_fen: Option<i64>,
    pub buyer_pay_fen: Option<i64>,
    pub send_pay_date_us: Option<i64>,
    pub buyer_id: String,
    pub buyer_logon_id: String,
}

/// Answer of `alipay.trade.cancel`; the action is absent when no trade was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CancelNode {
    pub out_trade_no: Option<String>,
    pub trade_no: Option<String>,
    /// `retry_flag`: Y when the merchant should cancel again
    pub retry: bool,
    pub action: Option<CancelAction>,
}

/// What a cancel did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CancelAction {
    Close,
    Refund,
}

/// Answer of `alipay.trade.refund`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundNode {
    pub out_trade_no: String,
    pub trade_no: String,
    pub buyer_id: String,
    pub buyer_logon_id: String,
    pub fund_change: FundChange,
    /// `refund_fee`: everything refunded of the trade so far
    pub refund_fee_fen: i64,
    pub gmt_refund_pay_us: Option<i64>,
}

/// Whether this very call moved money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum FundChange {
    Yes,
    No,
}

/// Answer of `alipay.trade.fastpay.refund.query`; without a status the refund is not known or not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundQueryNode {
    pub out_trade_no: String,
    pub trade_no: String,
    pub out_request_no: String,
    pub refund_status: Option<RefundStatus>,
    pub refund_fen: Option<i64>,
    /// What of it is not the payer's
    pub coupon: Option<super::Coupon>,
    pub total_fen: Option<i64>,
    pub gmt_refund_pay_us: Option<i64>,
    /// What receivers gave back; of those who kept theirs it says nothing
    pub royaltys: Vec<ShareNode>,
}

/// `refund_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RefundStatus {
    Success,
}

/// Which way a listed share went (`operation_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Way {
    Transfer,
    TransferRefund,
}

/// One share of `royalty_detail_list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShareNode {
    pub way: Way,
    pub account: String,
    pub amount_fen: i64,
    pub state: ShareState,
    pub at_us: i64,
}

/// A share that is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShareBackNode {
    pub out_request_no: String,
    pub out_return_no: String,
    pub account: String,
    pub amount_fen: i64,
    pub state: ShareState,
    pub at_us: i64,
}

/// `state` of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareState {
    Processing,
    Success,
    Failed,
}

/// What becomes of an answer on its way to the merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery<A = CoreAnswer> {
    Answered(A),
    /// No answer comes: reset, timeout or the gateway is down.
    Lost {
        effect: Effect,
    },
    /// Bytes come that cannot be read as the answer.
    Garbled {
        kind: Garble,
        answer: A,
        effect: Effect,
    },
    /// The answer is right but slow.
    Late {
        after_us: i64,
        answer: A,
    },
}

/// Whether the call took effect behind a lost or unreadable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    None,
    Done,
    Later,
}

/// How an answer is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Garble {
    /// HTTP 502 with an HTML page
    ServerError,
    /// HTTP 429
    TooMany,
    /// HTTP 200 without a body
    Empty,
    /// HTTP 200 with noise
    Garbage,
    /// The right answer, cut short
    Truncated,
    /// The right answer in a charset that was not asked for
    OtherCharset,
}

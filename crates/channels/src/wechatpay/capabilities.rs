//! What WeChat Pay can do and what its codes mean, with the section of its documents.

use crate::capabilities::{
    BillContent, BillTerms, CalledBack, Capabilities, CodeRule, DiscountTerms, Known, MethodTerms, Opening,
    Partial, RefundNotice, RefundTerms, Repeat, SplitTerms, Unpaid, Verdict,
};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::Unclear;
use tk_domain::split::ReturnMode;
use tk_money::Currency;

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;

/// WeChat Pay APIv3, direct merchant.
pub const CAPABILITIES: Capabilities = Capabilities {
    channel: Channel::Wechatpay,
    currencies: &[Currency::Cny],
    amount_min_minor: 1,
    amount_max_minor: 10_000_000_000,
    methods: METHODS,
    refund: Some(RefundTerms {
        window_days: 365,
        spacing_us: MINUTE_US,
        query_after_us: 10_000_000,
        partial: Partial::Any,
        repeat: Repeat::FirstResult,
        notice: RefundNotice::Proof,
        doc: "退款申请, notes on out_refund_no, on 50 partial refunds and on the minute between them",
    }),
    discounts: Some(DiscountTerms {
        payment: "amount.payer_total, promotion_detail (query, callback)",
        refund: "amount.payer_refund, amount.settlement_refund (refund query)",
    }),
    splits: Some(SplitTerms {
        binding: "POST /v3/profitsharing/receivers/add",
        dividing: "POST /v3/profitsharing/orders, /orders/unfreeze without shares",
        asking: "GET /v3/profitsharing/orders/{out_order_no}",
        undivided: "GET /v3/profitsharing/transactions/{transaction_id}/amounts",
        keeping: "settle_info.profit_sharing, released by unfreeze_unsplit",
        unpaid: Unpaid::GoesBack,
        returned: ReturnMode::Ahead,
        doc: "请求分账; 解冻剩余资金; 请求分账回退; 查询剩余待分金额; 分账, common questions",
    }),
    bills: BILLS,
    codes: CODES,
};

const METHODS: &[MethodTerms] = &[
    MethodTerms {
        method: Method::WechatNative,
        interface: "POST /v3/pay/transactions/native",
        opening: Opening::Qr,
        known: Known::WhenAsked,
        ended_by: Kind::Close,
        called_back: CalledBack::Yes,
        doc: "Native下单; 关闭订单",
    },
    MethodTerms {
        method: Method::WechatH5,
        interface: "POST /v3/pay/transactions/h5",
        opening: Opening::Link,
        known: Known::WhenAsked,
        ended_by: Kind::Close,
        called_back: CalledBack::Yes,
        doc: "H5下单; 关闭订单",
    },
    MethodTerms {
        method: Method::WechatJsapi,
        interface: "POST /v3/pay/transactions/jsapi",
        opening: Opening::Bridge,
        known: Known::WhenAsked,
        ended_by: Kind::Close,
        called_back: CalledBack::Yes,
        doc: "JSAPI下单; JSAPI调起支付; 关闭订单",
    },
    MethodTerms {
        method: Method::WechatBarcode,
        interface: "POST /v3/pay/transactions/codepay",
        opening: Opening::Outcome,
        known: Known::WhenAsked,
        ended_by: Kind::Cancel,
        called_back: CalledBack::No,
        doc: "付款码支付; 撤销订单",
    },
];

const BILLS: &[BillTerms] = &[
    BillTerms {
        word: "tradebill",
        lists: BillContent::Trades,
        ready_after_us: 10 * HOUR_US,
        doc: "申请交易账单, bill_type ALL",
    },
    BillTerms {
        word: "fundflowbill",
        lists: BillContent::Funds,
        ready_after_us: 10 * HOUR_US,
        doc: "申请资金账单, account_type BASIC",
    },
];

const PAY: &[Kind] = &[Kind::Pay];
const PAY_AND_REFUND: &[Kind] = &[Kind::Pay, Kind::Refund];
const ASK_OR_END: &[Kind] = &[Kind::Query, Kind::Close, Kind::Cancel];
const END: &[Kind] = &[Kind::Close, Kind::Cancel];
const REFUND: &[Kind] = &[Kind::Refund];
const REFUND_QUERY: &[Kind] = &[Kind::RefundQuery];
const BIND: &[Kind] = &[Kind::ReceiverBind, Kind::ReceiverUnbind];
const SPLIT: &[Kind] = &[Kind::Split];
const SPLIT_RETURN: &[Kind] = &[Kind::SplitReturn];
const SPLIT_OR_RETURN: &[Kind] = &[Kind::Split, Kind::SplitReturn];
const SPLIT_QUERIES: &[Kind] = &[Kind::SplitQuery, Kind::SplitReturnQuery];
const ALL: &[Kind] = Kind::ALL;

const COMMON_DOC: &str = "every interface, 公共错误码";
const PAY_DOC: &str = "Native下单, H5下单, JSAPI下单 and 付款码支付, 业务错误码";
const ORDER_DOC: &str = "商户订单号查询订单 and 关闭订单, 业务错误码";
const REFUND_DOC: &str = "退款申请, 业务错误码";

const BIND_DOC: &str = "添加分账接收方, 业务错误码";
const SPLIT_DOC: &str = "请求分账, 解冻剩余资金 and 请求分账回退, 业务错误码";

const fn rule(kinds: &'static [Kind], code: &'static str, verdict: Verdict, doc: &'static str) -> CodeRule {
    CodeRule { kinds, code, verdict, doc }
}

const UNKNOWN: Verdict = Verdict::Unclear(Unclear::UnknownCode);
const SYSTEM: Verdict = Verdict::Unclear(Unclear::ServerError);
const LIMITED: Verdict = Verdict::Unclear(Unclear::RateLimited);
const MISCONFIGURED: Verdict = Verdict::Unclear(Unclear::Misconfigured);

const CODES: &[CodeRule] = &[
    rule(PAY_AND_REFUND, "PARAM_ERROR", Verdict::Failed, COMMON_DOC),
    rule(PAY_AND_REFUND, "INVALID_REQUEST", Verdict::Failed, COMMON_DOC),
    rule(PAY_AND_REFUND, "MCH_NOT_EXISTS", Verdict::Failed, PAY_DOC),
    rule(PAY_AND_REFUND, "APPID_MCHID_NOT_MATCH", Verdict::Failed, PAY_DOC),
    rule(PAY_AND_REFUND, "NO_AUTH", Verdict::Failed, PAY_DOC),
    rule(PAY_AND_REFUND, "RULE_LIMIT", Verdict::Failed, PAY_DOC),
    rule(PAY_AND_REFUND, "USER_ACCOUNT_ABNORMAL", Verdict::Failed, REFUND_DOC),
    rule(PAY_AND_REFUND, "ACCOUNT_ERROR", Verdict::Failed, PAY_DOC),
    rule(PAY, "ORDER_CLOSED", Verdict::Failed, PAY_DOC),
    rule(PAY, "AUTH_CODE_INVALID", Verdict::Failed, PAY_DOC),
    rule(PAY, "TRADE_ERROR", Verdict::Failed, PAY_DOC),
    rule(PAY, "NOT_ENOUGH", Verdict::Failed, PAY_DOC),
    rule(PAY, "USERPAYING", Verdict::Waiting, PAY_DOC),
    // The number is in use: an earlier sending may be the one that took it.
    rule(PAY, "OUT_TRADE_NO_USED", UNKNOWN, PAY_DOC),
    rule(PAY, "ORDERPAID", UNKNOWN, PAY_DOC),
    rule(ASK_OR_END, "ORDER_NOT_EXIST", Verdict::NotFound, ORDER_DOC),
    rule(ASK_OR_END, "ORDERNOTEXIST", Verdict::NotFound, ORDER_DOC),
    rule(ASK_OR_END, "RESOURCE_NOT_EXISTS", Verdict::NotFound, ORDER_DOC),
    rule(END, "ORDERPAID", Verdict::CloseRefused, ORDER_DOC),
    rule(END, "ORDER_PAID", Verdict::CloseRefused, ORDER_DOC),
    rule(END, "ORDER_CLOSED", Verdict::CloseRefused, ORDER_DOC),
    rule(END, "TRADE_ERROR", Verdict::CloseRefused, ORDER_DOC),
    rule(REFUND, "TRADE_OVERDUE", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "INVALID_TRANSACTIONID", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "RESOURCE_NOT_EXISTS", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "ORDER_NOT_EXIST", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "NOT_ENOUGH", Verdict::NotYet, REFUND_DOC),
    rule(REFUND_QUERY, "RESOURCE_NOT_EXISTS", Verdict::NotFound, "查询单笔退款, 业务错误码"),
    rule(REFUND_QUERY, "ORDER_NOT_EXIST", Verdict::NotFound, "查询单笔退款, 业务错误码"),
    rule(BIND, "PARAM_ERROR", Verdict::Failed, COMMON_DOC),
    rule(BIND, "INVALID_REQUEST", Verdict::Failed, BIND_DOC),
    rule(BIND, "NO_AUTH", Verdict::Failed, BIND_DOC),
    rule(SPLIT_OR_RETURN, "NO_AUTH", Verdict::Failed, SPLIT_DOC),
    rule(SPLIT, "NOT_ENOUGH", Verdict::Failed, SPLIT_DOC),
    rule(SPLIT_RETURN, "NOT_ENOUGH", Verdict::NotYet, SPLIT_DOC),
    // Also said of an order that is not settled yet, which passes.
    rule(SPLIT_OR_RETURN, "INVALID_REQUEST", Verdict::NotYet, SPLIT_DOC),
    // Also said of a number that stands for something else, of which an earlier sending may have taken effect.
    rule(SPLIT_OR_RETURN, "PARAM_ERROR", UNKNOWN, SPLIT_DOC),
    rule(
        SPLIT_QUERIES,
        "RESOURCE_NOT_EXISTS",
        Verdict::NotFound,
        "查询分账结果 and 查询分账回退结果, 业务错误码",
    ),
    rule(ALL, "SIGN_ERROR", MISCONFIGURED, COMMON_DOC),
    rule(ALL, "SYSTEM_ERROR", SYSTEM, COMMON_DOC),
    rule(ALL, "SERVICE_UNAVAILABLE", SYSTEM, COMMON_DOC),
    rule(ALL, "FREQUENCY_LIMITED", LIMITED, COMMON_DOC),
    rule(ALL, "RATELIMIT_EXCEEDED", LIMITED, COMMON_DOC),
];

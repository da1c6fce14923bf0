//! What Alipay can do and what its codes mean, with the section of its documents.

use crate::capabilities::{
    BillContent, BillTerms, CalledBack, Capabilities, CodeRule, DiscountTerms, Known, MethodTerms, Opening,
    Partial, RefundNotice, RefundTerms, Repeat, SplitTerms, Unpaid, Verdict,
};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::Unclear;
use tk_domain::split::ReturnMode;
use tk_money::Currency;

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;

/// Alipay OpenAPI v2.
pub const CAPABILITIES: Capabilities = Capabilities {
    channel: Channel::Alipay,
    currencies: &[Currency::Cny],
    amount_min_minor: 1,
    amount_max_minor: 10_000_000_000,
    methods: METHODS,
    refund: Some(RefundTerms {
        window_days: 365,
        spacing_us: 3 * SECOND_US,
        query_after_us: 10 * SECOND_US,
        partial: Partial::Any,
        repeat: Repeat::FirstResult,
        notice: RefundNotice::Hint,
        doc: "alipay.trade.refund, notes on out_request_no and on several refunds of one trade",
    }),
    discounts: Some(DiscountTerms {
        payment: "buyer_pay_amount, receipt_amount (query, callback)",
        refund: "present_refund_buyer_amount, present_refund_discount_amount (refund query)",
    }),
    splits: Some(SplitTerms {
        binding: "alipay.trade.royalty.relation.bind",
        dividing: "alipay.trade.order.settle, royalty_mode async",
        asking: "alipay.trade.order.settle.query",
        undivided: "alipay.trade.order.onsettle.query",
        keeping: "extend_params.royalty_freeze, released by royalty_finish",
        unpaid: Unpaid::StaysKept,
        returned: ReturnMode::Along,
        doc: "商家分账, access guide; alipay.trade.order.settle, notes on repeating and on freezing",
    }),
    bills: BILLS,
    codes: CODES,
};

const METHODS: &[MethodTerms] = &[
    MethodTerms {
        method: Method::AlipayPage,
        interface: "alipay.trade.page.pay",
        opening: Opening::Link,
        known: Known::WhenOpened,
        ended_by: Kind::Close,
        called_back: CalledBack::Yes,
        doc: "alipay.trade.page.pay; alipay.trade.close",
    },
    MethodTerms {
        method: Method::AlipayWap,
        interface: "alipay.trade.wap.pay",
        opening: Opening::Link,
        known: Known::WhenOpened,
        ended_by: Kind::Close,
        called_back: CalledBack::Yes,
        doc: "alipay.trade.wap.pay; alipay.trade.close",
    },
    MethodTerms {
        method: Method::AlipayQr,
        interface: "alipay.trade.precreate",
        opening: Opening::Qr,
        known: Known::WhenOpened,
        ended_by: Kind::Close,
        called_back: CalledBack::Yes,
        doc: "alipay.trade.precreate; alipay.trade.close",
    },
    MethodTerms {
        method: Method::AlipayBarcode,
        interface: "alipay.trade.pay",
        opening: Opening::Outcome,
        known: Known::WhenAsked,
        ended_by: Kind::Cancel,
        called_back: CalledBack::Yes,
        doc: "alipay.trade.pay, scene bar_code; alipay.trade.cancel",
    },
];

const BILLS: &[BillTerms] = &[
    BillTerms {
        word: "trade",
        lists: BillContent::Trades,
        ready_after_us: 9 * HOUR_US,
        doc: "alipay.data.dataservice.bill.downloadurl.query, bill_type trade",
    },
    BillTerms {
        word: "signcustomer",
        lists: BillContent::Funds,
        ready_after_us: 9 * HOUR_US,
        doc: "alipay.data.dataservice.bill.downloadurl.query, bill_type signcustomer",
    },
];

const PAY: &[Kind] = &[Kind::Pay];
const QUERY: &[Kind] = &[Kind::Query];
const CLOSE: &[Kind] = &[Kind::Close];
const CANCEL: &[Kind] = &[Kind::Cancel];
const REFUND: &[Kind] = &[Kind::Refund];
const REFUND_QUERY: &[Kind] = &[Kind::RefundQuery];
const BIND: &[Kind] = &[Kind::ReceiverBind, Kind::ReceiverUnbind];
const SPLIT: &[Kind] = &[Kind::Split];
const SPLIT_QUERY: &[Kind] = &[Kind::SplitQuery];
const ALL: &[Kind] = Kind::ALL;

const PAY_DOC: &str = "alipay.trade.pay and alipay.trade.precreate, business error codes";
const CLOSE_DOC: &str = "alipay.trade.close, business error codes";
const CANCEL_DOC: &str = "alipay.trade.cancel, business error codes";
const SPLIT_DOC: &str = "alipay.trade.order.settle, business error codes";
const BIND_DOC: &str = "alipay.trade.royalty.relation.bind, business error codes";
const REFUND_DOC: &str = "alipay.trade.refund, business error codes";

const fn rule(kinds: &'static [Kind], code: &'static str, verdict: Verdict, doc: &'static str) -> CodeRule {
    CodeRule { kinds, code, verdict, doc }
}

const UNKNOWN: Verdict = Verdict::Unclear(Unclear::UnknownCode);
const SYSTEM: Verdict = Verdict::Unclear(Unclear::ServerError);

const CODES: &[CodeRule] = &[
    rule(PAY, "ACQ.INVALID_PARAMETER", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.ACCESS_FORBIDDEN", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.EXIST_FORBIDDEN_WORD", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.PARTNER_ERROR", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.TOTAL_FEE_EXCEED", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.PAYMENT_AUTH_CODE_INVALID", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.CONTEXT_INCONSISTENT", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.TRADE_HAS_CLOSE", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.BUYER_BALANCE_NOT_ENOUGH", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.PAYMENT_FAIL", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.SELLER_BALANCE_NOT_ENOUGH", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.APPLY_PC_MERCHANT_CODE_ERROR", Verdict::Failed, PAY_DOC),
    rule(PAY, "ACQ.TRADE_HAS_SUCCESS", UNKNOWN, PAY_DOC),
    rule(QUERY, "ACQ.TRADE_NOT_EXIST", Verdict::NotFound, "alipay.trade.query, business error codes"),
    rule(CLOSE, "ACQ.TRADE_NOT_EXIST", Verdict::NotFound, CLOSE_DOC),
    rule(CLOSE, "ACQ.TRADE_STATUS_ERROR", Verdict::CloseRefused, CLOSE_DOC),
    rule(CLOSE, "ACQ.REASON_TRADE_STATUS_INVALID", Verdict::CloseRefused, CLOSE_DOC),
    rule(CLOSE, "ACQ.REASON_ILLEGAL_STATUS", Verdict::CloseRefused, CLOSE_DOC),
    rule(CANCEL, "ACQ.CANCEL_NOT_ALLOWED", Verdict::CloseRefused, CANCEL_DOC),
    rule(CANCEL, "ACQ.TRADE_CANCEL_TIME_OUT", Verdict::CloseRefused, CANCEL_DOC),
    rule(CANCEL, "ACQ.TRADE_HAS_FINISHED", Verdict::CloseRefused, CANCEL_DOC),
    rule(REFUND, "ACQ.TRADE_NOT_EXIST", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "ACQ.TRADE_HAS_FINISHED", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "ACQ.TRADE_STATUS_ERROR", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "ACQ.REASON_TRADE_REFUND_FEE_ERR", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "ACQ.TRADE_NOT_ALLOW_REFUND", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "ACQ.NOT_ALLOW_PARTIAL_REFUND", Verdict::Failed, REFUND_DOC),
    rule(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH", Verdict::NotYet, REFUND_DOC),
    rule(REFUND, "ACQ.REFUND_CHARGE_ERROR", SYSTEM, REFUND_DOC),
    rule(REFUND, "ACQ.DISCORDANT_REPEAT_REQUEST", UNKNOWN, REFUND_DOC),
    rule(
        REFUND_QUERY,
        "ACQ.TRADE_NOT_EXIST",
        Verdict::NotFound,
        "alipay.trade.fastpay.refund.query, business error codes",
    ),
    rule(BIND, "ACQ.INVALID_PARAMETER", Verdict::Failed, BIND_DOC),
    rule(BIND, "ACQ.USER_NOT_EXIST", Verdict::Failed, BIND_DOC),
    rule(SPLIT, "ACQ.INVALID_PARAMETER", Verdict::Failed, SPLIT_DOC),
    rule(SPLIT, "ACQ.TRADE_STATUS_ERROR", Verdict::Failed, SPLIT_DOC),
    rule(SPLIT, "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR", Verdict::Failed, SPLIT_DOC),
    rule(SPLIT, "ACQ.TRADE_SETTLE_ERROR", SYSTEM, SPLIT_DOC),
    rule(SPLIT, "ACQ.DISCORDANT_REPEAT_REQUEST", UNKNOWN, SPLIT_DOC),
    rule(
        SPLIT_QUERY,
        "ACQ.TRADE_NOT_EXIST",
        Verdict::NotFound,
        "alipay.trade.order.settle.query, business error codes",
    ),
    rule(ALL, "ACQ.SYSTEM_ERROR", SYSTEM, "every interface, business error codes"),
    rule(ALL, "aop.ACQ.SYSTEM_ERROR", SYSTEM, "every interface, business error codes"),
    rule(ALL, "SYSTEM_ERROR", SYSTEM, "every interface, business error codes"),
];

//! What UnionPay can do and what its codes mean, with the section of its documents.

use crate::capabilities::{
    BillContent, BillTerms, CalledBack, Capabilities, CodeRule, Known, MethodTerms, Opening, Partial,
    RefundNotice, RefundTerms, Repeat, Verdict,
};
use tk_domain::channel_account::{Channel, Method};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::Unclear;
use tk_money::Currency;

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;

/// UnionPay 全渠道 5.1.0.
pub const CAPABILITIES: Capabilities = Capabilities {
    channel: Channel::Unionpay,
    currencies: &[Currency::Cny],
    amount_min_minor: 1,
    amount_max_minor: 999_999_999_999,
    methods: METHODS,
    refund: Some(RefundTerms {
        window_days: 330,
        spacing_us: 0,
        query_after_us: 2 * SECOND_US,
        partial: Partial::Any,
        repeat: Repeat::Refused,
        notice: RefundNotice::Proof,
        doc: "退货 04/00: several parts, 11 months; orderId with txnTime identifies it, a repeat is refused as duplicate",
    }),
    discounts: None,
    splits: None,
    bills: BILLS,
    codes: CODES,
};

const METHODS: &[MethodTerms] = &[
    MethodTerms {
        method: Method::EbankB2c,
        interface: "frontTransReq 01/01 000201",
        opening: Opening::Form,
        known: Known::WhenPaid,
        ended_by: Kind::Query,
        called_back: CalledBack::Yes,
        doc: "网关支付 消费 01/01, bizType 000201; no close, payTimeout ends it",
    },
    MethodTerms {
        method: Method::EbankB2b,
        interface: "frontTransReq 01/01 000202",
        opening: Opening::Form,
        known: Known::WhenPaid,
        ended_by: Kind::Query,
        called_back: CalledBack::Yes,
        doc: "企业网银支付 消费 01/01, bizType 000202; no close, payTimeout ends it",
    },
    MethodTerms {
        method: Method::QuickPay,
        interface: "backTransReq 01/01 000902",
        opening: Opening::Taken,
        known: Known::WhenAsked,
        ended_by: Kind::Query,
        called_back: CalledBack::Yes,
        doc: "无跳转支付 token 消费 01/01, bizType 000902; 00 means taken, the outcome comes later",
    },
];

const BILLS: &[BillTerms] = &[BillTerms {
    word: "00",
    lists: BillContent::Trades,
    ready_after_us: 10 * HOUR_US,
    doc: "文件传输 76/01, fileType 00: ZM and ZME",
}];

const MOVE: &[Kind] = &[Kind::Pay, Kind::Refund];
const OUTCOME: &[Kind] =
    &[Kind::Pay, Kind::Query, Kind::Close, Kind::Cancel, Kind::Refund, Kind::RefundQuery];
const ASK: &[Kind] = &[Kind::Query, Kind::Close, Kind::Cancel, Kind::RefundQuery];
const REFUND: &[Kind] = &[Kind::Refund];
const REFUNDED: &[Kind] = &[Kind::Refund, Kind::RefundQuery];

const CODES_DOC: &str = "全渠道平台应答码";
const STATUS_DOC: &str = "应答码 03, 04, 05: start a query";

const fn rule(kinds: &'static [Kind], code: &'static str, verdict: Verdict, doc: &'static str) -> CodeRule {
    CodeRule { kinds, code, verdict, doc }
}

const UNKNOWN: Verdict = Verdict::Unclear(Unclear::UnknownCode);
const OURS: Verdict = Verdict::Unclear(Unclear::Misconfigured);

/// Codes of `respCode` and, for the outcome that a question is answered with, of `origRespCode`.
const CODES: &[CodeRule] = &[
    rule(OUTCOME, "03", Verdict::Waiting, STATUS_DOC),
    rule(OUTCOME, "04", Verdict::Waiting, STATUS_DOC),
    rule(OUTCOME, "05", Verdict::Waiting, STATUS_DOC),
    rule(ASK, "34", Verdict::NotFound, "查无此交易"),
    rule(REFUND, "34", Verdict::Failed, "查无此交易: the payment to refund"),
    // The first sending may have been taken: only a question tells.
    rule(MOVE, "12", UNKNOWN, "重复交易"),
    rule(MOVE, "40", UNKNOWN, "orderId 重复"),
    rule(OUTCOME, "10", OURS, "报文格式错误"),
    rule(OUTCOME, "11", OURS, "验证签名失败"),
    rule(OUTCOME, "30", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "31", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "33", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "36", Verdict::Failed, CODES_DOC),
    rule(REFUNDED, "37", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "51", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "54", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "60", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "61", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "62", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "63", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "64", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "65", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "66", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "67", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "68", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "69", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "70", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "71", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "72", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "73", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "74", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "75", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "76", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "77", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "78", Verdict::Failed, CODES_DOC),
    rule(OUTCOME, "79", Verdict::Failed, CODES_DOC),
];

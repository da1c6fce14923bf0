//! Alipay's words for methods, codes and reasons.

use crate::core::{Code, Method, Why};

/// The five digits on the wire.
pub fn digits(code: Code) -> &'static str {
    match code {
        Code::Success => "10000",
        Code::Waiting => "10003",
        Code::Unavailable => "20000",
        Code::Missing => "40001",
        Code::Invalid => "40002",
        Code::Business => "40004",
        Code::Limited => "40005",
    }
}

/// The `msg` that goes with the code.
pub fn message(code: Code) -> &'static str {
    match code {
        Code::Success => "Success",
        Code::Waiting => "order success pay inprocess",
        Code::Unavailable => "Service Currently Unavailable",
        Code::Missing => "Missing Required Arguments",
        Code::Invalid => "Invalid Arguments",
        Code::Business => "Business Failed",
        Code::Limited => "Call Limited",
    }
}

/// The `sub_code` of a reason.
pub fn sub_code(why: Why) -> &'static str {
    match why {
        Why::ParameterInvalid => "ACQ.INVALID_PARAMETER",
        Why::NotExist => "ACQ.TRADE_NOT_EXIST",
        Why::PayClosed => "ACQ.TRADE_HAS_CLOSE",
        Why::PayPaid => "ACQ.TRADE_HAS_SUCCESS",
        Why::Inconsistent => "ACQ.CONTEXT_INCONSISTENT",
        Why::AuthCodeInvalid => "ACQ.PAYMENT_AUTH_CODE_INVALID",
        Why::BuyerShort => "ACQ.BUYER_BALANCE_NOT_ENOUGH",
        Why::StatusWrong => "ACQ.TRADE_STATUS_ERROR",
        Why::CloseFinished => "ACQ.REASON_ILLEGAL_STATUS",
        Why::CloseClosed => "ACQ.REASON_TRADE_STATUS_INVALID",
        Why::Finished => "ACQ.TRADE_HAS_FINISHED",
        Why::CancelNotAllowed => "ACQ.CANCEL_NOT_ALLOWED",
        Why::CancelTooLate => "ACQ.TRADE_CANCEL_TIME_OUT",
        Why::RefundTooMuch => "ACQ.REASON_TRADE_REFUND_FEE_ERR",
        Why::RefundNotWhole => "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
        Why::RefundDiffers => "ACQ.DISCORDANT_REPEAT_REQUEST",
        Why::RefundTooSoon => "ACQ.REFUND_CHARGE_ERROR",
        Why::RefundNotAllowed => "ACQ.TRADE_NOT_ALLOW_REFUND",
        Why::SellerShort => "ACQ.SELLER_BALANCE_NOT_ENOUGH",
        Why::Limited => "isv.app-call-limited",
        Why::Unknown => "isp.unknow-error",
        Why::ShareTooMuch | Why::ShareShort => "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR",
        Why::ReceiverUnknown => "ACQ.USER_NOT_EXIST",
        Why::NoBill => "isp.bill_not_exist",
    }
}

/// The methods of `gateway.do` by their names.
const METHODS: [(&str, Method); 16] = [
    ("alipay.trade.create", Method::Create),
    ("alipay.trade.page.pay", Method::Page),
    ("alipay.trade.wap.pay", Method::Wap),
    ("alipay.trade.precreate", Method::Precreate),
    ("alipay.trade.pay", Method::Pay),
    ("alipay.trade.query", Method::Query),
    ("alipay.trade.close", Method::Close),
    ("alipay.trade.cancel", Method::Cancel),
    ("alipay.trade.refund", Method::Refund),
    ("alipay.trade.fastpay.refund.query", Method::RefundQuery),
    ("alipay.trade.royalty.relation.bind", Method::Bind),
    ("alipay.trade.royalty.relation.unbind", Method::Unbind),
    ("alipay.trade.order.settle", Method::Settle),
    ("alipay.trade.order.settle.query", Method::SettleQuery),
    ("alipay.trade.order.onsettle.query", Method::Undivided),
    ("alipay.data.dataservice.bill.downloadurl.query", Method::Bill),
];

/// The method of a wire name, if it is played here.
pub fn method_of(name: &str) -> Option<Method> {
    METHODS.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
}

/// The name on the wire; empty for a method that Alipay does not have.
pub fn wire_name(method: Method) -> &'static str {
    METHODS.iter().find(|(_, known)| *known == method).map_or("", |(name, _)| *name)
}

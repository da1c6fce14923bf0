mod books;
mod faults;
mod notices;
mod rules;

use super::*;

pub(super) const START_US: i64 = 1_795_234_200_000_000; // 2026-11-21 04:10:00 UTC
pub(super) const SECOND_US: i64 = 1_000_000;
pub(super) const MINUTE_US: i64 = 60 * SECOND_US;
pub(super) const DAY_US: i64 = 24 * 60 * MINUTE_US;
pub(super) const TRADE: &str = "T1";

pub(super) fn seller() -> Seller {
    Seller::new(CoreConfig { opening_balance_fen: 1_000_000, ..CoreConfig::default() })
}

pub(super) fn order(total_fen: i64) -> Order {
    Order {
        out_trade_no: TRADE.to_owned(),
        total_fen,
        subject: "茶叶".to_owned(),
        notify_url: Some("http://127.0.0.1/notify".to_owned()),
        ..Order::default()
    }
}

pub(super) fn paid(total_fen: i64) -> Seller {
    let mut alipay = seller();
    alipay.execute(START_US, &CoreCall::Precreate(order(total_fen)));
    alipay.pay(START_US, TRADE).unwrap();
    alipay
}

pub(super) fn refund(fen: i64, number: &str) -> CoreCall {
    CoreCall::Refund(RefundCall {
        trade: TradeRef::out(TRADE),
        refund_fen: fen,
        out_request_no: Some(number.to_owned()),
        returns: Vec::new(),
    })
}

pub(super) fn refund_query(number: &str) -> CoreCall {
    CoreCall::RefundQuery(RefundQueryCall {
        trade: TradeRef::out(TRADE),
        out_request_no: Some(number.to_owned()),
    })
}

pub(super) fn query() -> CoreCall {
    CoreCall::Query(TradeRef::out(TRADE))
}

pub(super) fn bar_code(total_fen: i64, auth_code: &str) -> CoreCall {
    CoreCall::Pay(BarcodePay { order: order(total_fen), auth_code: auth_code.to_owned() })
}

/// Code and sub code (or trade status) of an answer, in one word.
pub(super) fn said(answer: &CoreAnswer) -> String {
    match (&answer.node, answer.why) {
        (Node::Query(node), _) => node.trade_status.wire_name().to_owned(),
        (_, Some(why)) => crate::http::alipay_words::sub_code(why).to_owned(),
        (_, None) => crate::http::alipay_words::digits(answer.code).to_owned(),
    }
}

pub(super) fn heard(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Answered(answer) | Delivery::Late { answer, .. } => said(answer),
        Delivery::Lost { effect } => format!("lost {effect:?}"),
        Delivery::Garbled { kind, effect, .. } => format!("{kind:?} {effect:?}"),
    }
}

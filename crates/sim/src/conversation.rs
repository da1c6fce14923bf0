//! Between the rows and the channel: which call an instruction becomes, and what an answer reports.

use crate::flight::{Answered, Flight, Report};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, ActionKind, Attempt};
use tk_domain::report::{
    PaidEvidence, PaymentFinding, PaymentReport, RefundFinding, RefundReport, Source, Unclear,
};
use tk_money::Amount;
use tk_simulator::core::{
    BarcodePay, Code, CoreAnswer, CoreCall, Delivery, Garble, Node, NotifyFields, Order, PayNode, QueryNode,
    RefundCall, RefundNode, RefundQueryCall, RefundQueryNode, RefundStatus, TradeRef, TradeStatus,
};

/// The order as the channel is told it.
pub(crate) fn order(attempt: &Attempt) -> Order {
    Order {
        out_trade_no: attempt.out_no.clone(),
        total_fen: attempt.amount_minor,
        subject: "premium".to_owned(),
        time_expire_us: Some(attempt.channel_expires_at_us),
        notify_url: Some("notify".to_owned()),
        ..Order::default()
    }
}

/// The call to make; none where our own signed link is the answer.
pub(crate) fn call(flight: &Flight) -> Option<CoreCall> {
    let trade = TradeRef::out(&flight.attempt.out_no);
    match (flight.instruction.kind, &flight.refund) {
        (InstructionKind::Pay, _) => first_call(flight),
        (InstructionKind::Query, _) => Some(CoreCall::Query(trade)),
        (InstructionKind::Close, _) => Some(CoreCall::Close(trade)),
        (InstructionKind::Cancel, _) => Some(CoreCall::Cancel(trade)),
        (InstructionKind::Refund, Some(refund)) => Some(CoreCall::Refund(RefundCall {
            trade,
            refund_fen: refund.amount_minor,
            out_request_no: Some(refund.out_no.clone()),
        })),
        (InstructionKind::RefundQuery, Some(refund)) => Some(CoreCall::RefundQuery(RefundQueryCall {
            trade,
            out_request_no: Some(refund.out_no.clone()),
        })),
        (InstructionKind::Refund | InstructionKind::RefundQuery, None) => None,
    }
}

fn first_call(flight: &Flight) -> Option<CoreCall> {
    match flight.attempt.method {
        Method::AlipayQr => Some(CoreCall::Precreate(order(&flight.attempt))),
        Method::AlipayBarcode => {
            let payload = flight.instruction.payload.as_deref().unwrap_or_default();
            let payload: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
            let auth_code = payload.get("auth_code").and_then(|code| code.as_str()).unwrap_or_default();
            let order = order(&flight.attempt);
            Some(CoreCall::Pay(BarcodePay { order, auth_code: auth_code.to_owned() }))
        }
        Method::AlipayPage
        | Method::AlipayWap
        | Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::WechatBarcode
        | Method::QuickPay
        | Method::EbankB2c
        | Method::EbankB2b
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => None,
    }
}

/// What the answer, or its absence, reports.
pub(crate) fn report(answered: &Answered) -> Report {
    let flight = &answered.flight;
    let source = match flight.instruction.kind {
        InstructionKind::Query | InstructionKind::RefundQuery => Source::Query,
        InstructionKind::Pay
        | InstructionKind::Close
        | InstructionKind::Cancel
        | InstructionKind::Refund => Source::Reply,
    };
    let answer = match &answered.delivery {
        None => return link_ready(flight, source),
        Some(Delivery::Answered(answer) | Delivery::Late { answer, .. }) => Ok(answer),
        Some(Delivery::Lost { .. }) => Err(Unclear::Timeout),
        Some(Delivery::Garbled { kind: Garble::ServerError, .. }) => Err(Unclear::ServerError),
        Some(Delivery::Garbled { .. }) => Err(Unclear::Unreadable),
    };
    if flight.refund.is_some() {
        let finding = answer.map_or_else(RefundFinding::Unclear, refund_finding);
        Report::Refund(RefundReport { source, finding })
    } else {
        let finding =
            answer.map_or_else(PaymentFinding::Unclear, |answer| payment_finding(flight, answer));
        Report::Payment(PaymentReport { source, finding })
    }
}

fn link_ready(flight: &Flight, source: Source) -> Report {
    let value = format!("https://channel.example/gateway.do?out_trade_no={}", flight.attempt.out_no);
    let finding = PaymentFinding::ActionRequired(Action { kind: ActionKind::Redirect, value });
    Report::Payment(PaymentReport { source, finding })
}

fn payment_finding(flight: &Flight, answer: &CoreAnswer) -> PaymentFinding {
    match (&answer.node, answer.code) {
        (_, Code::Waiting) => PaymentFinding::WaitingPayer,
        (Node::Precreate { qr_code, .. }, Code::Success) => PaymentFinding::ActionRequired(Action {
            kind: ActionKind::Qr,
            value: qr_code.clone(),
        }),
        (Node::Pay(node), Code::Success) => paid_by_code(node),
        (Node::Query(node), Code::Success) => queried(node),
        (Node::Close { .. }, Code::Success) => PaymentFinding::Closed,
        (Node::Cancel(node), Code::Success) if node.retry => PaymentFinding::Unclear(Unclear::ServerError),
        (Node::Cancel(node), Code::Success) if node.action.is_none() => PaymentFinding::NotFound,
        (Node::Cancel(_), Code::Success) => PaymentFinding::Closed,
        (_, Code::Limited) => PaymentFinding::Unclear(Unclear::RateLimited),
        (_, Code::Business) => refused(flight, answer.sub_code.unwrap_or_default()),
        (_, Code::Success | Code::Unavailable | Code::Missing | Code::Invalid) => {
            PaymentFinding::Unclear(Unclear::UnknownCode)
        }
    }
}

fn refused(flight: &Flight, code: &str) -> PaymentFinding {
    let failed = PaymentFinding::Failed { code: code.to_owned(), message: code.to_owned() };
    match flight.instruction.kind {
        InstructionKind::Pay => match code {
            "ACQ.INVALID_PARAMETER"
            | "ACQ.PAYMENT_AUTH_CODE_INVALID"
            | "ACQ.BUYER_BALANCE_NOT_ENOUGH"
            | "ACQ.CONTEXT_INCONSISTENT"
            | "ACQ.TRADE_HAS_CLOSE" => failed,
            _ => PaymentFinding::Unclear(Unclear::UnknownCode),
        },
        InstructionKind::Query if code == "ACQ.TRADE_NOT_EXIST" => PaymentFinding::NotFound,
        InstructionKind::Close | InstructionKind::Cancel if code == "ACQ.TRADE_NOT_EXIST" => {
            PaymentFinding::NotFound
        }
        InstructionKind::Close | InstructionKind::Cancel => PaymentFinding::CloseRefused,
        InstructionKind::Query | InstructionKind::Refund | InstructionKind::RefundQuery => {
            PaymentFinding::Unclear(Unclear::UnknownCode)
        }
    }
}

fn paid_by_code(node: &PayNode) -> PaymentFinding {
    PaymentFinding::Paid(PaidEvidence {
        channel_txn_no: node.trade_no.clone(),
        amount: Amount::fen(node.total_fen),
        payee_app: None,
        payee_merchant: None,
        paid_at_us: node.gmt_payment_us,
    })
}

fn queried(node: &QueryNode) -> PaymentFinding {
    match node.trade_status {
        TradeStatus::WaitBuyerPay => PaymentFinding::WaitingPayer,
        TradeStatus::TradeClosed if node.send_pay_date_us.is_none() => PaymentFinding::Closed,
        TradeStatus::TradeSuccess | TradeStatus::TradeFinished | TradeStatus::TradeClosed => {
            PaymentFinding::Paid(PaidEvidence {
                channel_txn_no: node.trade_no.clone(),
                amount: Amount::fen(node.total_fen),
                payee_app: None,
                payee_merchant: None,
                paid_at_us: node.send_pay_date_us,
            })
        }
    }
}

fn refund_finding(answer: &CoreAnswer) -> RefundFinding {
    match (&answer.node, answer.code) {
        (Node::Refund(RefundNode { .. }), Code::Success) => RefundFinding::Accepted,
        (Node::RefundQuery(node), Code::Success) => refund_queried(node),
        (_, Code::Limited) => RefundFinding::Unclear(Unclear::RateLimited),
        (_, Code::Business) => refund_refused(answer.sub_code.unwrap_or_default()),
        (_, Code::Success | Code::Waiting | Code::Unavailable | Code::Missing | Code::Invalid) => {
            RefundFinding::Unclear(Unclear::UnknownCode)
        }
    }
}

fn refund_queried(node: &RefundQueryNode) -> RefundFinding {
    match (node.refund_status, node.refund_fen) {
        (Some(RefundStatus::Success), Some(fen)) => {
            RefundFinding::Done { amount: Amount::fen(fen), at_us: node.gmt_refund_pay_us }
        }
        (Some(RefundStatus::Success), None) | (None, _) => RefundFinding::NotFound,
    }
}

fn refund_refused(code: &str) -> RefundFinding {
    let (code, message) = (code.to_owned(), code.to_owned());
    match code.as_str() {
        "ACQ.SELLER_BALANCE_NOT_ENOUGH" | "ACQ.REFUND_CHARGE_ERROR" => RefundFinding::NotYet { code, message },
        "ACQ.TRADE_HAS_FINISHED"
        | "ACQ.TRADE_STATUS_ERROR"
        | "ACQ.REASON_TRADE_REFUND_FEE_ERR"
        | "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL" => RefundFinding::Failed { code, message },
        "ACQ.TRADE_NOT_EXIST" => RefundFinding::NotFound,
        _ => RefundFinding::Unclear(Unclear::UnknownCode),
    }
}

/// What a verified notification reports about its trade; refunds are only hinted at and asked about.
pub(crate) fn notice(fields: &NotifyFields) -> Option<PaymentReport> {
    let about_refund = fields.out_biz_no.is_some() || fields.gmt_refund_us.is_some();
    let finding = match fields.trade_status {
        TradeStatus::TradeSuccess | TradeStatus::TradeFinished if !about_refund => {
            PaymentFinding::Paid(PaidEvidence {
                channel_txn_no: fields.trade_no.clone(),
                amount: Amount::fen(fields.total_fen),
                payee_app: Some(fields.app_id.clone()),
                payee_merchant: Some(fields.seller_id.clone()),
                paid_at_us: fields.gmt_payment_us,
            })
        }
        TradeStatus::TradeClosed if !about_refund && fields.gmt_payment_us.is_none() => {
            PaymentFinding::Closed
        }
        TradeStatus::TradeSuccess
        | TradeStatus::TradeFinished
        | TradeStatus::TradeClosed
        | TradeStatus::WaitBuyerPay => return None,
    };
    Some(PaymentReport { source: Source::Callback, finding })
}

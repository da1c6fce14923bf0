//! Between the rows and the channel: the adapter's own mapping, with the channel's core in place of HTTP and
//! signatures.

use crate::flight::{Answered, Flight, Report};
use serde_json::Value;
use tk_channels::alipay::call::{self, Call, CallError, Road};
use tk_channels::alipay::{Answer, Heard, Mode, NotSent, Settings, callback, report as reports};
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::report::{PaymentReport, RefundReport, Source};

use tk_channels::alipay::{Charset, TradeNotice, TradeStatus as NoticeStatus};
use tk_simulator::core::{CoreAnswer, CoreCall, Delivery, Garble, NotifyFields, TradeStatus};
use tk_simulator::http::{answer_node, typed_call};

/// What a worker says: a call that leaves, or something that was heard without one.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// It goes to the gateway.
    Call(CoreCall),
    /// Nobody is asked: a signed link, or a call that could not be made.
    Heard(Heard),
}

fn settings(account: &ChannelAccount) -> Settings {
    Settings {
        gateway_url: "https://channel.example/gateway.do".to_owned(),
        app_id: account.payee_app.clone(),
        seller_id: account.payee_merchant.clone(),
        mode: Mode::Key,
        charset: Charset::Utf8,
        notify_url: Some("https://till.example/callbacks".to_owned()),
    }
}

/// What the rows say to the channel.
pub(crate) fn say(flight: &Flight, now_us: i64) -> Said {
    let kind = flight.instruction.kind;
    let made = if let Some(refund) = &flight.refund {
        call::for_refund(kind, refund, &flight.attempt)
    } else {
        let payload = flight.instruction.payload.as_deref();
        call::for_payment(kind, &flight.payment, &flight.attempt, payload, &settings(&flight.account))
    };
    made.map_or_else(not_sent, |call| said(&call, now_us))
}

fn said(call: &Call, now_us: i64) -> Said {
    match (call.road(), call.wire(now_us)) {
        (_, Err(error)) => not_sent(error),
        (Road::Browser, Ok(wire)) => {
            let number = wire.biz_content.get("out_trade_no").and_then(Value::as_str).unwrap_or_default();
            Said::Heard(Heard::Link(format!("https://channel.example/gateway.do?out_trade_no={number}")))
        }
        (Road::Gateway, Ok(wire)) => typed_call(&wire, now_us).map_or_else(
            || Said::Heard(Heard::NotSent(NotSent::Refused("the gateway cannot read it".to_owned()))),
            Said::Call,
        ),
    }
}

fn not_sent(error: CallError) -> Said {
    Said::Heard(Heard::NotSent(NotSent::from(error)))
}

/// The call behind the signed link, which the payer's browser makes.
pub(crate) fn page(
    payment: &Payment,
    attempt: &Attempt,
    account: &ChannelAccount,
    now_us: i64,
) -> Option<CoreCall> {
    if !matches!(attempt.method, Method::AlipayPage | Method::AlipayWap) {
        return None;
    }
    let call = call::for_payment(InstructionKind::Pay, payment, attempt, None, &settings(account)).ok()?;
    typed_call(&call.wire(now_us).ok()?, now_us)
}

/// What the answer, or its absence, reports.
pub(crate) fn report(answered: &Answered) -> Report {
    let flight = &answered.flight;
    let kind = flight.instruction.kind;
    let heard = match (&answered.delivery, &flight.said) {
        (None, Said::Heard(heard)) => heard.clone(),
        (None, Said::Call(_)) | (Some(Delivery::Lost { .. }), _) => Heard::Timeout,
        (Some(Delivery::Answered(answer) | Delivery::Late { answer, .. }), _) => {
            Heard::Answered(answer_of(answer))
        }
        (Some(Delivery::Garbled { kind: Garble::ServerError, .. }), _) => Heard::HttpStatus(502),
        (Some(Delivery::Garbled { .. }), _) => Heard::Unreadable("garbled".to_owned()),
    };
    let source = reports::source(kind);
    if let Some(refund) = &flight.refund {
        let finding = reports::refund(kind, refund, &flight.attempt, &heard);
        Report::Refund(RefundReport { source, finding })
    } else {
        let finding = reports::payment(kind, &flight.attempt, &heard);
        Report::Payment(PaymentReport { source, asked_at_us: flight.asked_at_us, finding })
    }
}

fn answer_of(answer: &CoreAnswer) -> Answer {
    let node = answer_node(answer);
    let text = |name: &str| node.get(name).and_then(Value::as_str).map(str::to_owned);
    Answer {
        code: text("code").unwrap_or_default(),
        msg: text("msg").unwrap_or_default(),
        sub_code: text("sub_code"),
        sub_msg: text("sub_msg"),
        node,
    }
}

/// What a verified notification reports about its trade.
pub(crate) fn notice(fields: &NotifyFields, account: &ChannelAccount, now_us: i64) -> PaymentReport {
    let trade = TradeNotice {
        notify_time_us: fields.notify_time_us,
        trade_no: fields.trade_no.clone(),
        out_trade_no: fields.out_trade_no.clone(),
        trade_status: match fields.trade_status {
            TradeStatus::WaitBuyerPay => NoticeStatus::WaitBuyerPay,
            TradeStatus::TradeSuccess => NoticeStatus::Success,
            TradeStatus::TradeFinished => NoticeStatus::Finished,
            TradeStatus::TradeClosed => NoticeStatus::Closed,
        },
        total_amount_fen: fields.total_fen,
        receipt_amount_fen: Some(fields.total_fen),
        buyer_pay_amount_fen: Some(fields.total_fen),
        refund_fee_fen: fields.refund_fee_fen,
        out_biz_no: fields.out_biz_no.clone(),
        seller_id: Some(fields.seller_id.clone()),
        buyer_id: Some(fields.buyer_id.clone()),
        buyer_logon_id: Some(fields.buyer_logon_id.clone()),
        gmt_create_us: Some(fields.gmt_create_us),
        gmt_payment_us: fields.gmt_payment_us,
        gmt_refund_us: fields.gmt_refund_us,
        gmt_close_us: fields.gmt_close_us,
        passback_params: fields.passback_params.clone(),
    };
    let finding = callback::finding(&trade, &fields.app_id, &settings(account));
    PaymentReport { source: Source::Callback, asked_at_us: now_us, finding }
}

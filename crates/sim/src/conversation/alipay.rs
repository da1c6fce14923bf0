//! Alipay: the adapter's call and report around the core's answers.

use super::{Call as Uttered, Echo, Heard as Any, Said, Told, told};
use crate::flight::{Back, Flight, Report};
use serde_json::Value;
use tk_channels::alipay::call::{self, Call, CallError, Road};
use tk_channels::alipay::{
    Answer, Charset, Heard, Mode, NotSent, Settings, TradeNotice, TradeStatus as NoticeStatus, callback,
    report as reports, returned, shares,
};
use tk_channels::callback::{About, CallbackFinding, RefundHint};
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::report::{PaymentReport, RefundReport};
use tk_domain::split::{ReturnReport, SplitReport};
use tk_simulator::core::{self, CoreAnswer, CoreCall, Notification, TradeStatus};
use tk_simulator::http::{answer_node, typed_call};

fn settings(account: &ChannelAccount) -> Settings {
    Settings {
        gateway_url: "https://channel.example/gateway.do".to_owned(),
        app_id: account.payee_app.clone(),
        seller_id: account.payee_merchant.clone(),
        auth_app_id: None,
        mode: Mode::Key,
        charset: Charset::Utf8,
        notify_url: Some("https://till.example/callbacks".to_owned()),
    }
}

pub(super) fn say(flight: &Flight, now_us: i64) -> Said {
    let kind = flight.instruction.kind;
    let made = if let Some(refund) = &flight.refund {
        call::for_refund(kind, refund, &flight.attempt, &flight.returns, &flight.account.payee_merchant)
    } else if let Some((split, given)) = &flight.split {
        shares::for_split(kind, split, &flight.attempt, given).map(Call::Shares)
    } else if let Some(Back { row, refund, .. }) = &flight.back {
        shares::for_return(kind, row, (refund, &flight.attempt))
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
            heard(Heard::Link(format!("https://channel.example/gateway.do?out_trade_no={number}")))
        }
        (Road::Gateway, Ok(wire)) => typed_call(&wire, now_us).map_or_else(
            || heard(Heard::NotSent(NotSent::Refused("the gateway cannot read it".to_owned()))),
            |call| Said::Call(Uttered::Core(Box::new(call))),
        ),
    }
}

const fn heard(heard: Heard) -> Said {
    Said::Heard(Any::Alipay(heard))
}

fn not_sent(error: CallError) -> Said {
    heard(Heard::NotSent(NotSent::from(error)))
}

/// The call behind the signed link, which the payer's browser makes.
pub(super) fn page(
    payment: &Payment,
    attempt: &Attempt,
    account: &ChannelAccount,
    now_us: i64,
) -> Option<Uttered> {
    if !matches!(attempt.method, Method::AlipayPage | Method::AlipayWap) {
        return None;
    }
    let call = call::for_payment(InstructionKind::Pay, payment, attempt, None, &settings(account)).ok()?;
    typed_call(&call.wire(now_us).ok()?, now_us).map(|call| Uttered::Core(Box::new(call)))
}

/// One conversation; a split that was given up and is not known is followed by the question what is undivided.
pub(super) fn speak(core: &mut core::Seller, flight: &Flight, call: &CoreCall, now_us: i64) -> Echo {
    let (heard, wait_us) = exchange(core, call, now_us);
    let kind = flight.instruction.kind;
    let next = flight
        .split
        .as_ref()
        .and_then(|(split, _)| shares::asked_next(kind, (split, &flight.attempt), &heard));
    let question = next.and_then(|call| typed_call(&Call::Shares(call).wire(now_us).ok()?, now_us));
    let Some(question) = question else { return Echo { heard: Any::Alipay(heard), wait_us } };
    let (heard, more_us) = exchange(core, &question, now_us);
    Echo { heard: Any::Alipay(heard), wait_us: wait_us.saturating_add(more_us) }
}

fn exchange(core: &mut core::Seller, call: &CoreCall, now_us: i64) -> (Heard, i64) {
    let (told, wait_us) = told(core.handle(now_us, call));
    let heard = match told {
        Told::Answer(answer) => Heard::Answered(answer_of(&answer)),
        Told::ServerError => Heard::HttpStatus(502),
        Told::Garbled => Heard::Unreadable("garbled".to_owned()),
        Told::Nothing => Heard::Timeout,
    };
    (heard, wait_us)
}

/// The gateway signs nothing for a caller whom it does not know.
pub(super) fn signature_refused() -> Any {
    let sub_code = Some("isv.invalid-signature".to_owned());
    Any::Alipay(Heard::UnsignedError { code: "40002".to_owned(), sub_code })
}

pub(super) fn report(flight: &Flight, heard: &Heard) -> Report {
    let kind = flight.instruction.kind;
    let source = reports::source(kind);
    if let Some(refund) = &flight.refund {
        let finding = reports::refund(kind, refund, &flight.attempt, heard);
        Report::Refund(RefundReport { source, finding })
    } else if let Some((split, given)) = &flight.split {
        let finding = shares::split(kind, (split, &flight.attempt), given, heard);
        Report::Split(SplitReport { source, finding })
    } else if let Some(Back { row, refund, receiver, beside, .. }) = &flight.back {
        let asked = returned::Asked { back: row, beside, receiver };
        let finding = returned::returned(asked, (refund, &flight.attempt), heard);
        Report::Return(ReturnReport { source, finding })
    } else {
        let finding = reports::payment(kind, &flight.attempt, heard);
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

pub(super) fn finding(post: &Notification, account: &ChannelAccount) -> CallbackFinding {
    let fields = &post.fields;
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
        receipt_amount_fen: Some(fields.total_fen.saturating_sub(fields.coupon.merchant_fen)),
        buyer_pay_amount_fen: Some(fields.total_fen.saturating_sub(fields.coupon.whole_fen())),
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
    let payment = callback::finding(&trade, &fields.app_id, &settings(account));
    let refund = fields.out_biz_no.clone().map(|out_no| RefundHint { out_no, finding: None });
    CallbackFinding {
        message_id: post.notify_id.clone(),
        payee_app: Some(fields.app_id.clone()),
        payee_merchant: Some(fields.seller_id.clone()),
        about: About::Order { out_no: fields.out_trade_no.clone(), payment, refund },
    }
}

//! UnionPay: the adapter's call and report around the books' answers, in the fields of 5.1.0.

use super::{Call as Uttered, Echo, Heard as Any, Said, Told, told};
use crate::flight::{Flight, Report};
use tk_channels::callback::CallbackFinding;
use tk_channels::unionpay::agreement::{OpeningFinding, opening_finding};
use tk_channels::unionpay::call::{self, Call, CallError};
use tk_channels::unionpay::credentials::SameDay;
use tk_channels::unionpay::{
    Access, Heard, Message, NotSent, Notification as Notice, Params, Settings, SignedBy, callback,
    report as reports,
};
use tk_domain::agreement::Agreement;
use tk_domain::channel_account::ChannelAccount;
use tk_domain::id::TypedId;
use tk_domain::instruction::InstructionKind;
use tk_domain::moment::MINUTE_US;
use tk_domain::payment::{Attempt, BrowserForm, Payment, out_no};
use tk_domain::refund::Refund;
use tk_domain::report::{PaymentReport, RefundReport};
use tk_simulator::core::Delivery;
use tk_simulator::unionpay::core::{Answer, Desk, Notification, Request, Seller};
use tk_simulator::unionpay::keys::TOKEN_REQUESTOR;

/// The word in a contract's settings by which whole refunds of the same day are undone.
pub(crate) const UNDO: &str = r#"{"same_day":"undo"}"#;

fn settings(account: &ChannelAccount) -> Settings {
    Settings {
        gateway_url: "https://channel.example".to_owned(),
        file_url: "https://channel.example/file".to_owned(),
        mer_id: account.payee_merchant.clone(),
        access: Access::Merchant,
        token_requestor: Some(TOKEN_REQUESTOR.to_owned()),
        signed_by: SignedBy::Certificate,
        same_day: if account.settings == UNDO { SameDay::Undo } else { SameDay::Refund },
        notify_url: Some("https://till.example/callbacks".to_owned()),
    }
}

pub(super) fn say(flight: &Flight, now_us: i64) -> Said {
    let (kind, settings) = (flight.instruction.kind, settings(&flight.account));
    let made = if let Some(refund) = &flight.refund {
        call::for_refund(kind, refund, &flight.attempt, &settings)
    } else {
        // There is no seal here: what opens it hands on what it was given.
        let payload = flight.instruction.payload.as_deref();
        let opened = payload.and_then(|payload| tk_channels::told(payload, |plain| Some(plain.to_owned())));
        call::for_payment(kind, &flight.payment, &flight.attempt, opened.as_deref().or(payload))
    };
    made.and_then(|call| said(&call, &settings, now_us)).unwrap_or_else(not_sent)
}

fn said(call: &Call, settings: &Settings, now_us: i64) -> Result<Said, CallError> {
    let fields = params(call, settings, now_us)?;
    let Some(desk) = desk_of(call) else {
        let pairs = fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let form = BrowserForm { url: call.url(settings), fields: pairs.collect() };
        return Ok(Said::Heard(Any::Unionpay(Heard::Form(form))));
    };
    let customer = call.customer().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let customer = customer.into_iter().collect();
    Ok(Said::Call(Uttered::Unionpay(Box::new(Request { desk, fields, customer }))))
}

fn params(call: &Call, settings: &Settings, now_us: i64) -> Result<Params, CallError> {
    Ok(params_of(call.fields(settings, now_us)?))
}

/// Each name is written once; a second one would be left out.
fn params_of(pairs: impl IntoIterator<Item = (impl Into<String>, String)>) -> Params {
    let mut params = Params::new();
    for (name, value) in pairs {
        let _once = params.insert(name, value);
    }
    params
}

/// Which counter a call goes to; pages go by the payer's browser.
const fn desk_of(call: &Call) -> Option<Desk> {
    match call {
        Call::Page(_) | Call::OpenCard(_) => None,
        Call::Query { .. } => Some(Desk::Query),
        Call::File { .. } => Some(Desk::File),
        Call::Token(_)
        | Call::Refund(_)
        | Call::Undo(_)
        | Call::QueryOpening(_)
        | Call::SendCode(_)
        | Call::Unbind(_) => Some(Desk::Back),
    }
}

fn not_sent(error: CallError) -> Said {
    Said::Heard(Any::Unionpay(Heard::NotSent(NotSent::from(error))))
}

/// The order in the form that the payer's browser posts.
pub(super) fn page(
    payment: &Payment,
    attempt: &Attempt,
    account: &ChannelAccount,
    now_us: i64,
) -> Option<Uttered> {
    let call = call::for_payment(InstructionKind::Pay, payment, attempt, None).ok()?;
    uttered(&call, account, now_us)
}

/// The form by which a payer opens a card.
pub(crate) fn card_page(agreement: &Agreement, account: &ChannelAccount, now_us: i64) -> Option<Params> {
    let card = call::OpenCard {
        order_id: agreement.order_no(),
        txn_time_us: agreement.created_at_us,
        expires_at_us: agreement.expires_at_us,
        return_url: None,
    };
    params(&Call::OpenCard(card), &settings(account), now_us).ok()
}

/// The call that asks what became of an opening.
pub(crate) fn opening_question(
    agreement: &Agreement,
    account: &ChannelAccount,
    now_us: i64,
) -> Option<Request> {
    let fields = params(&Call::QueryOpening(opening(agreement)), &settings(account), now_us).ok()?;
    Some(Request { desk: Desk::Back, fields, customer: Vec::new() })
}

fn opening(agreement: &Agreement) -> call::Opening {
    call::Opening { order_id: agreement.order_no(), txn_time_us: agreement.created_at_us }
}

/// What the answer proves about an opening.
pub(crate) fn opening_answer(
    agreement: &Agreement,
    account: &ChannelAccount,
    delivery: Delivery<Answer>,
) -> OpeningFinding {
    opening_finding(&opening(agreement), &heard_of(delivery).0, &settings(account))
}

/// The call that sends the code of a payment to come.
pub(crate) fn code_request(
    (agreement, payment): (&Agreement, &Payment),
    account: &ChannelAccount,
    now_us: i64,
) -> Option<Request> {
    let (attempt_id, txn_time_us) = agreement.code_attempt_id.zip(agreement.code_at_us)?;
    let order = call::TokenOrder {
        order_id: out_no('T', attempt_id.id128()),
        txn_time_us,
        txn_amt_fen: payment.payer_minor,
        token: String::from_utf8(agreement.sealed.clone()?).ok()?,
        sms_code: String::new(),
        expires_at_us: txn_time_us.saturating_add(15 * MINUTE_US),
    };
    let fields = params(&Call::SendCode(order), &settings(account), now_us).ok()?;
    Some(Request { desk: Desk::Back, fields, customer: Vec::new() })
}

pub(super) fn refund_call(
    refund: &Refund,
    attempt: &Attempt,
    account: &ChannelAccount,
    now_us: i64,
) -> Option<Uttered> {
    let call = call::for_refund(InstructionKind::Refund, refund, attempt, &settings(account)).ok()?;
    uttered(&call, account, now_us)
}

fn uttered(call: &Call, account: &ChannelAccount, now_us: i64) -> Option<Uttered> {
    let fields = params(call, &settings(account), now_us).ok()?;
    let desk = desk_of(call).unwrap_or(Desk::Back);
    Some(Uttered::Unionpay(Box::new(Request { desk, fields, customer: Vec::new() })))
}

pub(super) fn speak(merchant: &mut Seller, request: &Request, now_us: i64) -> Echo {
    let (heard, wait_us) = heard_of(merchant.handle(now_us, request));
    Echo { heard: Any::Unionpay(heard), wait_us }
}

/// An answer as it reached us, and how much later than usual.
fn heard_of(delivery: Delivery<Answer>) -> (Heard, i64) {
    let (told, wait_us) = told(delivery);
    let heard = match told {
        Told::Answer(answer) => read(answer),
        Told::ServerError => Heard::HttpStatus(502),
        Told::Garbled => Heard::Unreadable("garbled".to_owned()),
        Told::Nothing => Heard::Timeout,
    };
    (heard, wait_us)
}

fn read(answer: Answer) -> Heard {
    match Message::read(params_of(answer)) {
        Ok(message) => Heard::Answered(Box::new(message)),
        Err(error) => Heard::Unreadable(error.to_string()),
    }
}

/// 验证签名失败 (unionpay.md section 6).
pub(super) fn signature_refused() -> Any {
    let answer = [("respCode", "11"), ("respMsg", "验证签名失败[9100004]")];
    Any::Unionpay(read(answer.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec()))
}

pub(super) fn report(flight: &Flight, heard: &Heard) -> Report {
    let kind = flight.instruction.kind;
    let source = reports::source(kind);
    if let Some(refund) = &flight.refund {
        Report::Refund(RefundReport { source, finding: reports::refund(kind, refund, heard) })
    } else {
        let finding = reports::payment(kind, &flight.attempt, heard);
        Report::Payment(PaymentReport { source, asked_at_us: flight.asked_at_us, finding })
    }
}

pub(super) fn finding(post: &Notification, account: &ChannelAccount) -> Option<CallbackFinding> {
    let message = Message::read(params_of(post.fields.clone())).ok()?;
    let notice = Notice {
        order_id: message.order_id.clone()?,
        txn_time_us: message.txn_time_us?,
        txn_type: message.txn_type.clone()?,
        message,
    };
    Some(callback::read(&notice, &settings(account)))
}

/// Number and amount of the refund or undo that a request asks for.
pub(super) fn refund_of(request: &Request) -> Option<(String, i64)> {
    matches!(request.fields.get("txnType"), Some("04" | "31")).then(|| {
        let text = |name: &str| request.fields.get_filled(name).unwrap_or_default();
        (text("orderId").to_owned(), text("txnAmt").parse().unwrap_or(0))
    })
}

#[cfg(feature = "planted")]
pub(super) fn renumber(request: &mut Request, number: String) {
    if refund_of(request).is_some() {
        request.fields.remove("orderId");
        let _once = request.fields.insert("orderId", number);
    }
}

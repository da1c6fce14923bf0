//! WeChat Pay: the adapter's call and report around the core's answers, in APIv3's own JSON.

use super::{Call as Uttered, Echo, Heard as Any, Said, Told, told};
use crate::flight::{Back, Flight, Report};
use serde_json::{Map, Value};
use tk_channels::callback::CallbackFinding;
use tk_channels::wechatpay::call::{self, Call, CallError, Wire};
use tk_channels::wechatpay::{Heard, NotSent, Refusal, Settings, Trust, callback, report as reports, shares};
use tk_domain::channel_account::ChannelAccount;
use tk_domain::report::{PaymentReport, RefundReport};
use tk_domain::split::{ReturnReport, SplitReport};
use tk_simulator::core::{self, CoreCall, Notification};
use tk_simulator::http::wechat::{Answer, Asked, answer_of, notice_of, typed_call, with_order};

fn settings(account: &ChannelAccount) -> Settings {
    Settings {
        base_url: "https://channel.example".to_owned(),
        appid: account.payee_app.clone(),
        mchid: account.payee_merchant.clone(),
        sub_mchid: None,
        sub_appid: None,
        trust: Trust::PublicKey,
        public_key_id: None,
        store_id: "1".to_owned(),
        notify_url: Some("https://till.example/callbacks".to_owned()),
        oauth_authorize_url: String::new(),
        oauth_base_url: String::new(),
    }
}

pub(super) fn say(flight: &Flight, now_us: i64) -> Said {
    let (kind, settings) = (flight.instruction.kind, settings(&flight.account));
    let made = if let Some(refund) = &flight.refund {
        call::for_refund(kind, refund, &flight.attempt)
    } else if let Some((split, given)) = &flight.split {
        shares::for_split(kind, split, &flight.attempt, given).map(Call::Shares)
    } else if let Some(Back { row, split, receiver, .. }) = &flight.back {
        shares::for_return(kind, row, (split, receiver)).map(Call::Shares)
    } else {
        let payload = flight.instruction.payload.as_deref();
        let opened = payload.and_then(|payload| tk_channels::told(payload, |plain| Some(plain.to_owned())));
        call::for_payment(kind, &flight.payment, &flight.attempt, opened.as_deref().or(payload), &settings)
    };
    let wire = made.and_then(|call| call.wire(&settings, now_us));
    wire.map_or_else(not_sent, |wire| {
        typed(&wire).map_or_else(
            || Said::Heard(refused("the platform cannot read it")),
            |call| Said::Call(Uttered::Core(Box::new(call))),
        )
    })
}

fn not_sent(error: CallError) -> Said {
    Said::Heard(Any::Wechatpay(Heard::NotSent(NotSent::from(error))))
}

fn refused(why: &str) -> Any {
    Any::Wechatpay(Heard::NotSent(NotSent::Refused(why.to_owned())))
}

fn typed(wire: &Wire) -> Option<CoreCall> {
    match typed_call(wire.method, &wire.target, &wire.body) {
        Ok(Asked::Core { call, .. }) => Some(*call),
        Ok(Asked::Certificates) | Err(_) => None,
    }
}

/// One conversation; a reversal is followed by the question that says what it did.
pub(super) fn speak(core: &mut core::Seller, flight: &Flight, call: &CoreCall, now_us: i64) -> Echo {
    let (heard, wait_us) = exchange(core, call, now_us);
    let kind = flight.instruction.kind;
    let next: Option<Call> = match &flight.split {
        Some((split, _)) => shares::asked_next(kind, (split, &flight.attempt), &heard).map(Call::Shares),
        None => reports::asked_next(kind, &flight.attempt, &heard),
    };
    let next = next.and_then(|call| typed(&call.wire(&settings(&flight.account), now_us).ok()?));
    let Some(question) = next else { return Echo { heard: Any::Wechatpay(heard), wait_us } };
    let (heard, more_us) = exchange(core, &question, now_us);
    Echo { heard: Any::Wechatpay(heard), wait_us: wait_us.saturating_add(more_us) }
}

fn exchange(core: &mut core::Seller, call: &CoreCall, now_us: i64) -> (Heard, i64) {
    let call = with_order(call.clone(), core);
    let (told, wait_us) = told(core.handle(now_us, &call));
    let heard = match told {
        Told::Answer(answer) => read(&call, answer_of(core, &call, &answer)),
        Told::ServerError => Heard::HttpStatus(502),
        Told::Garbled => Heard::Unreadable("garbled".to_owned()),
        Told::Nothing => Heard::Timeout,
    };
    (heard, wait_us)
}

fn read(call: &CoreCall, answer: Answer) -> Heard {
    let fields = match answer.body {
        Some(Value::Object(fields)) => fields,
        Some(_) | None => Map::new(),
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if !(200..300).contains(&answer.status) {
        return Heard::Refused(Refusal {
            status: answer.status,
            code: text("code"),
            message: text("message"),
        });
    }
    if matches!(call, CoreCall::Jsapi(_)) {
        return Heard::Bridge(text("prepay_id"));
    }
    Heard::Done(fields)
}

/// A refusal is signed by nobody (wechatpay.md section 4).
pub(super) fn signature_refused() -> Any {
    let (code, message) = ("SIGN_ERROR".to_owned(), "签名错误".to_owned());
    Any::Wechatpay(Heard::Refused(Refusal { status: 401, code, message }))
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
    } else if let Some(Back { row, split, receiver, .. }) = &flight.back {
        let finding = shares::returned(kind, row, (split, receiver), heard);
        Report::Return(ReturnReport { source, finding })
    } else {
        let finding = reports::payment(kind, &flight.attempt, heard);
        Report::Payment(PaymentReport { source, asked_at_us: flight.asked_at_us, finding })
    }
}

pub(super) fn finding(post: &Notification, account: &ChannelAccount) -> Option<CallbackFinding> {
    callback::read(&notice_of(post), &settings(account)).ok()
}

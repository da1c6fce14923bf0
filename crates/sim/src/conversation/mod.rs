//! Between the rows and a channel: the adapter's own mappings, with the channel's truth books in place of HTTP and
//! signatures.

mod alipay;
mod unionpay;
mod wechatpay;

pub(crate) use unionpay::{UNDO, card_page, code_request, opening_answer, opening_question};

use crate::flight::{Flight, Report};
use crate::seller::{Notification, Seller, Side};
use tk_channels::callback::CallbackFinding;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::moment::SECOND_US;
use tk_domain::payment::{Attempt, Payment};
use tk_domain::refund::Refund;
use tk_simulator::core::{CoreCall, Delivery, Garble};
use tk_simulator::unionpay::core::Request;

/// What a worker says: a call that leaves, or something that was heard without one.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// It goes to the gateway.
    Call(Call),
    /// Nobody is asked: a signed link or form, or a call that could not be made.
    Heard(Heard),
}

/// A call as the channel's truth books take it.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Core(Box<CoreCall>),
    Unionpay(Box<Request>),
}

/// What the adapter's reports are made from.
#[derive(Debug, Clone)]
pub(crate) enum Heard {
    Alipay(tk_channels::alipay::Heard),
    Wechatpay(tk_channels::wechatpay::Heard),
    Unionpay(tk_channels::unionpay::Heard),
}

/// What comes back of a call, and how much later than usual.
#[derive(Debug)]
pub(crate) struct Echo {
    pub(crate) heard: Heard,
    pub(crate) wait_us: i64,
}

/// An answer as it reached us.
enum Told<A> {
    Answer(A),
    ServerError,
    Garbled,
    Nothing,
}

fn told<A>(delivery: Delivery<A>) -> (Told<A>, i64) {
    match delivery {
        Delivery::Answered(answer) => (Told::Answer(answer), 0),
        Delivery::Late { after_us, answer } => (Told::Answer(answer), after_us),
        Delivery::Lost { .. } => (Told::Nothing, 10 * SECOND_US),
        Delivery::Garbled { kind: Garble::ServerError | Garble::TooMany, .. } => (Told::ServerError, 0),
        Delivery::Garbled {
            kind: Garble::Garbage | Garble::Truncated | Garble::OtherCharset | Garble::Empty,
            ..
        } => (Told::Garbled, 0),
    }
}

/// What the rows say to the channel.
pub(crate) fn say(flight: &Flight, now_us: i64) -> Said {
    match flight.account.channel {
        Channel::Wechatpay => wechatpay::say(flight, now_us),
        Channel::Unionpay => unionpay::say(flight, now_us),
        // Contracts of the last two are not drawn.
        Channel::Alipay | Channel::BankDirect | Channel::Counter => alipay::say(flight, now_us),
    }
}

/// The call reaches the channel; nothing if it is another channel's.
pub(crate) fn speak(seller: &mut Seller, flight: &Flight, call: &Call, now_us: i64) -> Option<Echo> {
    match (&mut seller.side, call) {
        (Side::Core(core), Call::Core(call)) if seller.channel == Channel::Wechatpay => {
            Some(wechatpay::speak(core, flight, call, now_us))
        }
        (Side::Core(core), Call::Core(call)) => Some(alipay::speak(core, flight, call, now_us)),
        (Side::Unionpay(merchant), Call::Unionpay(call)) => Some(unionpay::speak(merchant, call, now_us)),
        (Side::Core(_), Call::Unionpay(_)) | (Side::Unionpay(_), Call::Core(_)) => None,
    }
}

/// What was heard, or not, reports.
pub(crate) fn report(flight: &Flight, heard: &Heard) -> Report {
    match heard {
        Heard::Alipay(heard) => alipay::report(flight, heard),
        Heard::Wechatpay(heard) => wechatpay::report(flight, heard),
        Heard::Unionpay(heard) => unionpay::report(flight, heard),
    }
}

/// Nothing came back.
pub(crate) const fn silence(channel: Channel) -> Heard {
    match channel {
        Channel::Wechatpay => Heard::Wechatpay(tk_channels::wechatpay::Heard::Timeout),
        Channel::Unionpay => Heard::Unionpay(tk_channels::unionpay::Heard::Timeout),
        Channel::Alipay | Channel::BankDirect | Channel::Counter => {
            Heard::Alipay(tk_channels::alipay::Heard::Timeout)
        }
    }
}

/// fault-25: our key is not the one that the channel knows.
pub(crate) fn signature_refused(channel: Channel) -> Heard {
    match channel {
        Channel::Wechatpay => wechatpay::signature_refused(),
        Channel::Unionpay => unionpay::signature_refused(),
        Channel::Alipay | Channel::BankDirect | Channel::Counter => alipay::signature_refused(),
    }
}

/// fault-25: the channel signs with a key that we do not know.
pub(crate) fn unverified(channel: Channel) -> Heard {
    let why = "the signature does not verify".to_owned();
    match channel {
        Channel::Wechatpay => Heard::Wechatpay(tk_channels::wechatpay::Heard::Unreadable(why)),
        Channel::Unionpay => Heard::Unionpay(tk_channels::unionpay::Heard::Unreadable(why)),
        Channel::Alipay | Channel::BankDirect | Channel::Counter => {
            Heard::Alipay(tk_channels::alipay::Heard::Unreadable(why))
        }
    }
}

/// The order that the payer's browser brings to the channel, where it does.
pub(crate) fn page(
    (payment, attempt): (&Payment, &Attempt),
    account: &ChannelAccount,
    now_us: i64,
) -> Option<Call> {
    match account.channel {
        Channel::Alipay => alipay::page(payment, attempt, account, now_us),
        Channel::Unionpay => unionpay::page(payment, attempt, account, now_us),
        Channel::Wechatpay | Channel::BankDirect | Channel::Counter => None,
    }
}

/// The refund as it would be sent now.
pub(crate) fn refund_call(
    refund: &Refund,
    attempt: &Attempt,
    account: &ChannelAccount,
    now_us: i64,
) -> Option<Call> {
    (account.channel == Channel::Unionpay)
        .then(|| unionpay::refund_call(refund, attempt, account, now_us))
        .flatten()
}

/// What a verified notification says; nothing if it cannot be read.
pub(crate) fn finding(notification: &Notification, account: &ChannelAccount) -> Option<CallbackFinding> {
    match notification {
        Notification::Core(post) if account.channel == Channel::Wechatpay => {
            wechatpay::finding(post, account)
        }
        Notification::Core(post) => Some(alipay::finding(post, account)),
        Notification::Unionpay(post) => unionpay::finding(post, account),
    }
}

impl Said {
    /// Number and amount of the refund that is asked for, if one is.
    pub(crate) fn refund(&self) -> Option<(String, i64)> {
        match self {
            Self::Call(Call::Core(call)) => match call.as_ref() {
                CoreCall::Refund(call) => {
                    Some((call.out_request_no.clone().unwrap_or_default(), call.refund_fen))
                }
                CoreCall::Create(_)
                | CoreCall::Page(_)
                | CoreCall::Wap(_)
                | CoreCall::Precreate(_)
                | CoreCall::Jsapi(_)
                | CoreCall::Pay(_)
                | CoreCall::Query(_)
                | CoreCall::Close(_)
                | CoreCall::Cancel(_)
                | CoreCall::RefundQuery(_)
                | CoreCall::Bind(_)
                | CoreCall::Unbind(_)
                | CoreCall::Settle(_)
                | CoreCall::SettleQuery(_)
                | CoreCall::Undivided(_)
                | CoreCall::ShareBack(_)
                | CoreCall::ShareBackQuery(_)
                | CoreCall::Bill(_) => None,
            },
            Self::Call(Call::Unionpay(request)) => unionpay::refund_of(request),
            Self::Heard(_) => None,
        }
    }

    /// Number and shares of the split that is asked for, if one is.
    pub(crate) fn split(&self) -> Option<(String, Vec<(String, i64)>)> {
        let Self::Call(Call::Core(call)) = self else { return None };
        let CoreCall::Settle(settle) = call.as_ref() else { return None };
        let shares = settle.shares.iter().map(|share| (share.account.clone(), share.amount_fen)).collect();
        Some((settle.out_request_no.clone(), shares))
    }

    /// Number, receiver and amount of the share that is asked back, if one is.
    pub(crate) fn share_back(&self) -> Option<(String, String, i64)> {
        let Self::Call(Call::Core(call)) = self else { return None };
        let CoreCall::ShareBack(back) = call.as_ref() else { return None };
        Some((back.out_return_no.clone(), back.account.clone(), back.amount_fen))
    }

    /// Gives the split that is asked for another number.
    #[cfg(feature = "planted")]
    pub(crate) fn renumber_split(&mut self, number: String) {
        if let Self::Call(Call::Core(call)) = self
            && let CoreCall::Settle(settle) = call.as_mut()
        {
            settle.out_request_no = number;
        }
    }

    /// Gives the refund that is asked for another number.
    /// For a bug that asks for more than the refund is.
    #[cfg(feature = "planted")]
    pub(crate) fn refund_more(&mut self, more_fen: i64) {
        match self {
            Self::Call(Call::Core(call)) => {
                if let CoreCall::Refund(call) = call.as_mut() {
                    call.refund_fen = call.refund_fen.saturating_add(more_fen);
                }
            }
            Self::Call(Call::Unionpay(_)) | Self::Heard(_) => {}
        }
    }

    #[cfg(feature = "planted")]
    pub(crate) fn renumber_refund(&mut self, number: String) {
        match self {
            Self::Call(Call::Core(call)) => {
                if let CoreCall::Refund(call) = call.as_mut() {
                    call.out_request_no = Some(number);
                }
            }
            Self::Call(Call::Unionpay(request)) => unionpay::renumber(request, number),
            Self::Heard(_) => {}
        }
    }
}
